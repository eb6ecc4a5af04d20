//! No secret and no token is ever logged, at any level.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain::{self, CORS, RATE_LIMIT, TRANSFORM},
    client::Request,
    envoy::{EnvoyConfig, Listener, Logging, WasmFilter, all_are_native, validate},
    gateway::Gateway,
};
use novasphere_tests::cases::{TokenSpec, mint};
use serde_json::{Value, json};

const LITERAL_SECRET: &str = "a-literal-secret-of-quite-some-length-0123456789";

/// Trace level for modules only: Envoy's HTTP code logs whole requests at that level by design.
fn module_trace() -> Logging {
    Logging {
        components: Some("wasm:trace,dynamic_modules:trace".to_owned()),
        ..Logging::default()
    }
}

fn jwt_auth(secret: &Value) -> Value {
    json!({
        "credentials": [{"key": "novasphere-user", "secret": secret}],
        "uri_param_names": ["token"],
        "cookie_names": ["session"],
        "audiences": ["api"],
        "claims_to_headers": [{"claim": "sub", "header": "X-User-Id"}],
    })
}

fn filters(secret: &Value) -> Vec<WasmFilter> {
    let jwt_auth = jwt_auth(secret).to_string();
    chain::of(&[("cors", CORS), ("jwt-auth", &jwt_auth), ("rate-limit", RATE_LIMIT), TRANSFORM])
}

/// Valid and invalid tokens: expired, another audience, signed with another key, or unsigned.
fn tokens(secret: &Value) -> Result<Vec<String>> {
    let claims = |name: &str, exp: &str, aud: &str| json!({"iss": name, "sub": "alice", "exp": exp, "aud": aud});
    let user = "novasphere-user";
    let specs = [
        json!({"algorithm": "HS256", "secret": secret, "claims": claims(user, "now+600", "api")}),
        json!({"algorithm": "HS256", "secret": secret, "claims": claims(user, "now-600", "api")}),
        json!({"algorithm": "HS256", "secret": secret, "claims": claims(user, "now+600", "no")}),
        json!({"algorithm": "HS384", "secret": secret, "claims": claims(user, "now+600", "api")}),
        json!({"algorithm": "HS256", "secret": "x", "claims": claims(user, "now+600", "api")}),
        json!({"algorithm": "HS256", "secret": secret, "claims": claims("me", "now+600", "api")}),
        json!({"algorithm": "none", "claims": claims(user, "now+600", "api")}),
    ];
    let environment = chain::environment()?;
    let mint = |spec| mint(&serde_json::from_value::<TokenSpec>(spec)?, &environment);
    specs.into_iter().map(mint).collect()
}

fn requests(token: &str) -> [Request; 4] {
    let path = "/api/v1/wukongs";
    [
        Request::get(path).header("authorization", format!("Bearer {token}")),
        Request::get(path).header("authorization", format!("Bearer {token}\u{e9}")),
        Request::get(path).header("cookie", format!("a=b; session={token}")),
        Request::get(format!("{path}?token={token}")),
    ]
}

/// Sends every token in every way, then checks the log.
fn check(secret: &Value, secret_text: &str) -> Result<()> {
    let gateway = Gateway::configured(filters(secret), |mut config| {
        config.logging = module_trace();
        config
    })?;
    let tokens = tokens(secret)?;
    let mut passed = 0;
    for token in &tokens {
        for request in requests(token) {
            let status = gateway.send(&request)?.head.status;
            ensure!([200, 401, 403].contains(&status), "status {status}");
            passed += usize::from(status == 200);
        }
    }
    ensure!(
        passed == 3,
        "{passed} requests passed instead of the valid token in header, cookie and query"
    );
    let log = gateway.envoy.log()?;
    // Envoy traces the calls of WebAssembly modules, and nothing of native ones.
    let is_traced = all_are_native() || log.contains("[trace][wasm]");
    ensure!(is_traced, "the log is not at trace level:\n{log}");
    ensure!(!log.contains(secret_text), "the log contains the secret");
    for token in &tokens {
        ensure!(!log.contains(token), "the log contains a token");
        let signature = token.rsplit('.').next().filter(|signature| !signature.is_empty());
        ensure!(
            !signature.is_some_and(|s| log.contains(s)),
            "the log contains a token's signature"
        );
    }
    Ok(())
}

#[test]
fn secret_from_the_environment_is_not_logged() -> Result<()> {
    let name = "NOVASPHERE_JWT_SECRET";
    let environment = chain::environment()?;
    let text = environment.get(name).context("not in the environment")?;
    check(&json!({ "env": name }), text)
}

#[test]
fn literal_secret_is_not_logged() -> Result<()> {
    check(&json!(LITERAL_SECRET), LITERAL_SECRET)
}

#[test]
fn secret_in_a_refused_configuration_is_not_logged() -> Result<()> {
    let mut faulty = jwt_auth(&json!(LITERAL_SECRET));
    let members = faulty.as_object_mut().context("an object")?;
    members.insert("leeway".to_owned(), "soon".into());
    let misplaced = json!({"credentials": LITERAL_SECRET});
    let misspelt = json!({"credentials": [{"key": "a", "secrt": LITERAL_SECRET}]});
    let mistyped = json!({"credentials": [{"key": "a", "secret": [LITERAL_SECRET]}]});
    for config in [faulty, misplaced, misspelt, mistyped] {
        let filter = WasmFilter::new("jwt-auth", config.to_string());
        let mut envoy = EnvoyConfig::new(
            ([127, 0, 0, 1], 9).into(), // the test sends no request
            vec![Listener::new("gateway", vec![filter])],
        );
        envoy.logging = module_trace();
        let exit = validate(&envoy)?;
        ensure!(!exit.success, "accepted: {config}");
        ensure!(exit.log.contains("configuration refused"), "{}", exit.log);
        ensure!(!exit.log.contains(LITERAL_SECRET), "the log contains the secret:\n{}", exit.log);
    }
    Ok(())
}
