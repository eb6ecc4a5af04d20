//! The files that `filterctl init` and `filterctl render` write, and tokens of the identity providers.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser};
use filterctl::{init, render};
use novasphere_harness::{
    client::{self, Request},
    paths,
    standin::{Answer, EXCHANGE_HEADER, Standin},
};
use serde_json::{Value, json};

use crate::cases::mint;

/// The options of a command.
#[derive(Parser)]
struct Options<A: Args> {
    #[command(flatten)]
    args: A,
}

fn options<A: Args>(options: &[&str]) -> Result<A> {
    Ok(Options::try_parse_from([&["filterctl"], options].concat())?.args)
}

/// Runs `filterctl init`. Returns the files by name.
///
/// # Errors
/// If the command fails.
pub fn init(host: &str, idp: &str) -> Result<BTreeMap<String, String>> {
    let dir = tempfile::tempdir()?;
    let out = dir.path().join("out");
    let to = out.to_str().context("no path")?;
    init::run(&options(&["--host", host, "--idp", idp, "--out", to])?, &mut Vec::new())?;
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(&out)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, fs::read_to_string(entry.path())?);
    }
    Ok(files)
}

/// Runs `filterctl render` with `envoy.yaml` and `settings.yaml` in a folder.
///
/// # Errors
/// If the command fails.
pub fn render(folder: &Path) -> Result<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    let module = paths::wasm("gateway")?.display().to_string();
    let (envoy, settings) = (file("envoy.yaml"), file("settings.yaml"));
    let args = options(&[&envoy, "--settings", &settings, "--module", &module])?;
    let mut text = Vec::new();
    render::run(&args, &mut text)?;
    Ok(String::from_utf8(text)?)
}

/// The secret of the provider `secret`.
const SECRET: &str = "secret-of-the-tests-with-48-bytes-0123456789abcd";

/// The private key of all other providers, and another one, in `tests/vectors/keys.json`.
const KEY: &str = "rsa2048";
const OTHER_KEY: &str = "rsa2048-other";

/// An identity provider in the examples of `filterctl init`.
pub struct Provider {
    /// The value of `--idp`.
    pub name: &'static str,
    /// The claims of a token for the user `alice`.
    claims: Value,
    /// The claim that names the audience.
    audience: &'static str,
}

/// All identity providers.
pub fn providers() -> Vec<Provider> {
    let of = |name, iss: &str, (audience, value): (&'static str, &str), more: &[(&str, &str)]| {
        let mut claims = json!({"iss": iss, "sub": "alice", "exp": "now+600", audience: value});
        for (name, value) in more {
            set(&mut claims, name, value);
        }
        Provider { name, claims, audience }
    };
    let cognito = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01";
    let entra = "https://login.microsoftonline.com/22222222-2222-2222-2222-222222222222/v2.0";
    let google = "123456789012-example.apps.googleusercontent.com";
    vec![
        // The only one with a variable. In one Envoy, the first VM has the variables of all.
        of("secret", "my-issuer", ("aud", "api"), &[]),
        of("keycloak", "https://id.example.com/realms/example", ("aud", "api"), &[]),
        of("auth0", "https://example.eu.auth0.com/", ("aud", "https://api.example.com"), &[]),
        of(
            "entra",
            entra,
            ("aud", "11111111-1111-1111-1111-111111111111"),
            &[("oid", "alice"), ("sub", "pairwise")],
        ),
        of("cognito", cognito, ("client_id", "1example23456789"), &[("token_use", "access")]),
        of(
            "okta",
            "https://example.okta.com/oauth2/default",
            ("aud", "api://default"),
            &[("uid", "alice"), ("sub", "alice@example.com")],
        ),
        of("google", "https://accounts.google.com", ("aud", google), &[]),
        of(
            "firebase",
            "https://securetoken.google.com/example-project",
            ("aud", "example-project"),
            &[],
        ),
    ]
}

fn set(claims: &mut Value, name: &str, value: &str) {
    if let Some(claims) = claims.as_object_mut() {
        claims.insert(name.to_owned(), value.into());
    }
}

/// The variables of Envoy and Traefik.
///
/// # Errors
/// If `tests/vectors/keys.json` cannot be read.
pub fn variables() -> Result<BTreeMap<String, String>> {
    let key = vector(KEY, "spki")?.as_str().context("no PEM")?.to_owned();
    Ok(BTreeMap::from([
        ("NOVASPHERE_JWT_SECRET".to_owned(), SECRET.to_owned()),
        ("NOVASPHERE_JWT_PUBLIC_KEY".to_owned(), key),
    ]))
}

/// The public key of the providers, for a key set.
///
/// # Errors
/// If `tests/vectors/keys.json` cannot be read.
pub fn public_key() -> Result<Value> {
    vector(KEY, "jwk")
}

fn vector(name: &str, form: &str) -> Result<Value> {
    let text = fs::read_to_string(paths::repository().join("tests/vectors/keys.json"))?;
    let keys: Value = serde_json::from_str(&text)?;
    let key = keys.get(name).and_then(|key| key.get(form));
    key.cloned().with_context(|| format!("no {form} of {name}"))
}

impl Provider {
    /// A token with the claims of `alice` and one changed claim.
    fn token(&self, change: Option<(&str, &str)>, is_genuine: bool) -> Result<String> {
        let mut claims = self.claims.clone();
        if let Some((name, value)) = change {
            set(&mut claims, name, value);
        }
        let spec = match (self.name, is_genuine) {
            ("secret", true) => json!({"algorithm": "HS256", "secret": SECRET, "claims": claims}),
            ("secret", false) => json!({"algorithm": "HS256", "secret": "x", "claims": claims}),
            (_, true) => json!({"algorithm": "RS256", "private_key": KEY, "claims": claims}),
            (_, false) => json!({"algorithm": "RS256", "private_key": OTHER_KEY, "claims": claims}),
        };
        mint(&serde_json::from_value(spec)?, &BTreeMap::new())
    }

    /// Checks that the proxy at `addr` accepts the provider's tokens only.
    ///
    /// # Errors
    /// If it does not.
    pub fn check(&self, addr: SocketAddr, standin: &Standin) -> Result<()> {
        let expect = |what: &str, token: Option<String>, status: u16, user: Option<&str>| {
            let target = if what == "health check" { "/health" } else { "/orders" };
            let mut request = Request::get(target)
                .header("host", "api.example.com")
                .header("x-user-id", "root")
                .header(EXCHANGE_HEADER, self.name);
            if let Some(token) = &token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            standin.exchanges.agree(self.name, Answer::new(200, &[])?);
            let response = client::send(addr, &request)?;
            let seen = standin.exchanges.seen(self.name);
            ensure!(response.head.status == status, "{what}: {}", response.head.status);
            ensure!(seen.len() == usize::from(status == 200), "{what}: {} requests", seen.len());
            let lines = seen.iter().flat_map(|seen| &seen.headers);
            let users = lines.filter(|(name, _)| name == "x-user-id").map(|(_, user)| &**user);
            let users: Vec<&str> = users.collect();
            ensure!(users == Vec::from_iter(user), "{what}: the user {users:?}");
            Ok(())
        };
        let token = |change, is_genuine| self.token(change, is_genuine).map(Some);
        // Cognito's access tokens have no aud. A missing claim gets 403.
        let status = if self.audience == "aud" { 401 } else { 403 };
        expect("no token", None, 401, None)?;
        expect("own token", token(None, true)?, 200, Some("alice"))?;
        expect("wrong signature", token(None, false)?, 401, None)?;
        expect("other issuer", token(Some(("iss", "https://other.example")), true)?, 401, None)?;
        expect("other audience", token(Some((self.audience, "other")), true)?, status, None)?;
        expect("expired token", token(Some(("exp", "now-600")), true)?, 401, None)?;
        expect("health check", None, 200, None)
    }
}
