use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::{Parser, ValueEnum};
use novasphere_explain::{Environment, Proxy, ProxyKind};
use serde_json::{Value, json};

use super::*;

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: u64 = 1_796_018_400;

fn vector(name: &str, form: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/keys.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    vectors[name][form].clone()
}

/// A configuration in a file, and private keys beside it.
struct Files(tempfile::TempDir);

impl Files {
    fn new(config: &Value) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        std::fs::write(files.path("config.json"), config.to_string()).unwrap();
        files
    }

    fn key(self, name: &str) -> Self {
        let pem = vector(name, "private");
        std::fs::write(self.path(name), pem.as_str().unwrap()).unwrap();
        self
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn mint(&self, options: &[&str]) -> Result<String> {
        let (config, now) = (self.path("config.json"), NOW.to_string());
        let arguments = ["mint", "-c", &config, "--time", &now].into_iter();
        let cli = Cli::try_parse_from(arguments.chain(options.iter().copied()))?;
        let mut out = Vec::new();
        run(&cli.args, &mut out)?;
        Ok(String::from_utf8(out)?.trim_end().to_owned())
    }
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The decision of the filter, independent of the command.
fn decision(config: &Value, token: &str, key_set: Option<&Value>) -> &'static str {
    let variables = [("KEY".to_owned(), SECRET.to_owned())].into();
    let environment = Environment { variables, assume_missing: false };
    let proxy = Proxy::new(ProxyKind::Envoy, &environment);
    let examiner = Examiner::new(config.to_string().as_bytes(), &proxy).unwrap();
    let text = key_set.map(Value::to_string).unwrap_or_default();
    let set = KeySetText { issuer: None, text: text.as_bytes() };
    let sets = if key_set.is_some() { vec![set] } else { Vec::new() };
    let now = UnixTime { millis: NOW * 1000 };
    examiner.examine(token.as_bytes(), &sets, now).decision.name
}

/// Requires everything that a token can lack.
fn strict() -> Value {
    json!({
        "credentials": [{"key": "alice", "kid": "k1", "secret": {"env": "KEY"}}],
        "claims_to_verify": ["exp", "nbf", "iat"],
        "maximum_expiration": 600,
        "leeway": 30,
        "typ": ["at+jwt"],
        "issuers": ["alice"],
        "audiences": ["api"],
        "subjects": ["u-1"],
        "required_claims": [
            {"claim": "realm_access.roles", "contains": "admin"},
            {"claim": "realm_access.roles", "contains_any": ["user", "guest"]},
            {"claim": ["https://x.example/tier"], "equals": 3},
        ],
        "scopes": {"all_of": ["read"], "any_of": ["write", "list"]},
        "denied_tokens": {"jti": ["revoked"]},
    })
}

#[test]
fn token_meets_every_requirement() {
    let files = Files::new(&strict());
    let token = files.mint(&["--env", &format!("KEY={SECRET}")]).unwrap();
    assert_eq!(decision(&strict(), &token, None), "allowed");
    assert_eq!(part(&token, 0), json!({"alg": "HS256", "kid": "k1", "typ": "at+jwt"}));
    let claims = part(&token, 1);
    assert_eq!((&claims["exp"], &claims["aud"]), (&json!(NOW + 600), &json!("api")));
    assert_eq!(claims["realm_access"]["roles"], json!(["admin", "user"]));
    assert_eq!(claims["scope"], "read write");
}

#[test]
fn each_bad_token_gets_its_decision() {
    let files = Files::new(&strict());
    for bad in Fault::value_variants() {
        let name = bad.to_possible_value().unwrap();
        let options = ["--env", &format!("KEY={SECRET}"), "--bad", name.get_name()];
        let token = files.mint(&options).unwrap();
        let decision = decision(&strict(), &token, None);
        assert!(bad.decisions().contains(&decision), "{bad:?}: {decision}");
    }
}

#[test]
fn each_key_type_signs_for_credentials_and_issuers() {
    for (name, algorithm) in [
        ("rsa2048", "RS256"),
        ("rsa2048", "PS384"),
        ("p256", "ES256"),
        ("p384", "ES384"),
        ("p521", "ES512"),
        ("ed25519", "EdDSA"),
    ] {
        let public = vector(name, "spki");
        let config = json!({"credentials": [
            {"key": "other", "secret": {"env": "KEY"}},
            {"key": "alice", "algorithm": algorithm, "public_key": public},
        ]});
        let files = Files::new(&config).key(name);
        let options = ["--private-key", &files.path(name)];
        let token = files.mint(&[&options[..], &["--env", "KEY_2=x"]].concat()).unwrap();
        assert_eq!(part(&token, 0)["alg"], algorithm);
        assert_eq!(decision(&config, &token, None), "allowed", "{name}");
        for bad in ["alg-none", "wrong-algorithm", "bad-signature", "wrong-key", "expired"] {
            let token = files.mint(&[&options[..], &["--bad", bad]].concat()).unwrap();
            let bad = Fault::from_str(bad, true).unwrap();
            assert!(bad.decisions().contains(&decision(&config, &token, None)), "{name} {bad:?}");
        }

        let config = json!({"jwks": [{
            "issuer": "https://id.example/{tid}/v2.0", "issuer_values": {"tid": ["t1"]},
            "uri": "https://id.example/keys", "algorithms": [algorithm],
        }], "audiences": ["api"]});
        let files = Files::new(&config).key(name);
        let options = ["--private-key", &files.path(name), "--kid", "k1"];
        let token = files.mint(&options).unwrap();
        let jwk = PrivateKey::parse(vector(name, "private").as_str().unwrap()).unwrap();
        let set = json!({"keys": [jwk.public_jwk(algorithm, Some("k1")).unwrap()]});
        assert_eq!(decision(&config, &token, Some(&set)), "allowed", "{name}");
        assert_eq!(part(&token, 1)["iss"], "https://id.example/t1/v2.0");
        let token = files.mint(&[&options[..], &["--bad", "unknown-kid"]].concat()).unwrap();
        // The real filter would fetch the keys again first.
        assert!(["unknown_kid", "keys_unavailable"].contains(&decision(
            &config,
            &token,
            Some(&set)
        )));
    }
}

#[test]
fn options_change_claims() {
    let config = json!({"credentials": [{"key": "a", "secret": SECRET}]});
    let files = Files::new(&config);
    let token = files
        .mint(&[
            "--claim",
            "sub=alice",
            "--claim",
            "n=5",
            "--claim",
            "a.b=[\"x\"]",
            "--exp",
            "2h",
            "--nbf=-5m",
            "--without",
            "iat",
            "--kid",
            "k9",
            "--jose",
            "x=y",
        ])
        .unwrap();
    let expected = json!({"iss": "a", "sub": "alice", "n": 5, "a": {"b": ["x"]},
        "exp": NOW + 7200, "nbf": NOW - 300});
    assert_eq!(part(&token, 1), expected);
    assert_eq!(part(&token, 0), json!({"alg": "HS256", "typ": "JWT", "kid": "k9", "x": "y"}));
    let header = files.mint(&["--header", "--ttl", "60s"]).unwrap();
    assert!(header.starts_with("Authorization: Bearer eyJ"), "{header}");
}

#[test]
fn base64_secrets_are_decoded() {
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let config = json!({"credentials": [{"key": "a", "secret": key}], "secret_is_base64": true});
    let token = Files::new(&config).mint(&[]).unwrap();
    assert_eq!(decision(&config, &token, None), "allowed");
}

#[test]
fn errors_name_the_remedy_and_no_secret() {
    let plain = json!({"credentials": [{"key": "a", "secret": {"env": "UNSET_KEY"}}]});
    let public = json!({"credentials": [{"key": "a", "public_key": vector("p256", "spki")}]});
    let known = json!({"credentials": [{"key": "a", "secret": SECRET}]});
    for (config, options, expected) in [
        (&plain, &[][..], "use --env UNSET_KEY=value"),
        (&public, &[], "needs --private-key FILE"),
        (&public, &["--private-key", "KEY"], "belongs to another public key"),
        (&known, &["--bad", "wrong-audience"], "has no audiences"),
        (&known, &["--bad", "unknown-kid"], "is allowed, not unknown_kid"),
        (&known, &["--credential", "b"], "--credential b"),
        (&known, &["--claim", "x"], "expected NAME=VALUE"),
        (&known, &["--exp", "soon"], "expected a duration"),
        (&known, &["--without", "x"], "no such claim"),
        (&known, &["--alg", "RS256"], "signs with HS256"),
    ] {
        let files = Files::new(config).key("p384");
        let key = files.path("p384");
        let options: Vec<&str> =
            options.iter().map(|option| if *option == "KEY" { &key } else { *option }).collect();
        let error = format!("{:#}", files.mint(&options).unwrap_err());
        assert!(error.contains(expected), "{options:?}: {error}");
        assert!(!error.contains(SECRET), "{error}");
    }
}
