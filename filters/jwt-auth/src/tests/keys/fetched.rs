//! Fetched keys in the filter: which issuer's keys verify a token.

use novasphere_core::FetchResponse;

use super::{super::*, ed25519};
use crate::state::State;

/// A worker whose filter has fetched a key set for each of its issuers.
struct Worker {
    filter: JwtAuth,
    state: State,
    host: TestHost,
}

impl Worker {
    /// Serves `keys` for every issuer in `jwks`.
    fn new(config: &str, keys: &[String]) -> Self {
        let host = TestHost::at(NOW);
        let config = config.replacen('{', r#"{"credential_header": true, "#, 1);
        let filter = JwtAuth::from_json(config.as_bytes(), &host).unwrap();
        let mut worker = Self { filter, state: State::default(), host };
        let body = format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
        let fetches = worker.filter.on_timer(&mut worker.state, &worker.host.env()).fetches;
        assert!(!fetches.is_empty());
        for fetch in fetches {
            let headers = Headers::default();
            let response = FetchResponse { status: 200, headers, body: body.as_bytes() };
            let env = worker.host.env();
            worker.filter.on_fetch(fetch.purpose, Ok(response), &mut worker.state, &env);
        }
        worker
    }

    /// The reason for a token, and the credential identifier that the upstream sees.
    fn send(&mut self, token: &str) -> (&'static str, Option<String>) {
        let line = format!("Bearer {token}");
        let lines = [(&b"authorization"[..], line.as_bytes())];
        let head = RequestHead { headers: Headers::borrowed(lines) };
        match self.filter.on_request(&head, &mut self.state, &self.host.env()) {
            Decision::Continue { mutations, reason, .. } => {
                let mut headers = Headers::borrowed(lines);
                headers.apply(&mutations);
                (reason, headers.get("x-credential-identifier").map(text))
            }
            Decision::Respond { reason, .. } => (reason, None),
            Decision::Pause { .. } | Decision::Call(_) => panic!("the request waits"),
        }
    }

    fn detail(&self) -> String {
        let attributes = self.host.attributes.borrow();
        attributes.get("jwt_auth_detail").map(|value| text(value)).unwrap_or_default()
    }

    /// Whether a fetch is due.
    fn fetches(&mut self) -> bool {
        !self.filter.on_timer(&mut self.state, &self.host.env()).fetches.is_empty()
    }
}

fn token(seed: u8, kid: &str, claims: &str) -> String {
    let claims = format!(r#"{{"exp": {}, "aud": "api", {claims}}}"#, NOW + 600);
    ed25519::token(seed, &format!(r#"{{"alg": "EdDSA", "kid": "{kid}"}}"#), &claims)
}

fn keys() -> Vec<String> {
    vec![
        ed25519::jwk(1, r#", "kid": "a", "issuer": "https://id.test/{tenantid}/v2.0""#),
        ed25519::jwk(2, r#", "kid": "b", "issuer": "https://id.test/t-2/v2.0""#),
    ]
}

fn multi_tenant(more: &str) -> String {
    format!(
        r#"{{"jwks": [{{"issuer": "https://id.test/{{tid}}/v2.0", "cluster": "id", "path": "/keys",
            {more}}}], "audiences": ["api"]}}"#
    )
}

#[test]
fn issuer_template_takes_its_segment_from_the_claim() {
    let mut worker = Worker::new(&multi_tenant(r#""any_value": true"#), &keys());
    for (claims, expected) in [
        (r#""iss": "https://id.test/t-1/v2.0", "tid": "t-1""#, "allowed"),
        (r#""iss": "https://id.test/t-2/v2.0", "tid": "t-2""#, "allowed"),
        (r#""iss": "https://id.test/t-2/v2.0", "tid": "t-1""#, "unknown_issuer"),
        (r#""iss": "https://id.test/t-1/v2.0""#, "unknown_issuer"),
        (r#""iss": "https://id.test/1/v2.0", "tid": 1"#, "unknown_issuer"),
        (r#""iss": "https://id.test/t-1/v2.0/", "tid": "t-1""#, "unknown_issuer"),
        (r#""iss": "https://id.test/t-1/v1.0", "tid": "t-1""#, "unknown_issuer"),
        (r#""iss": "https://id.test/t/1/v2.0", "tid": "t/1""#, "unknown_issuer"),
        (r#""iss": "https://id.test//v2.0", "tid": """#, "unknown_issuer"),
        (r#""iss": "https://id.test/t%201/v2.0", "tid": "t%201""#, "unknown_issuer"),
        (r#""iss": "https://id.test/ü/v2.0", "tid": "ü""#, "unknown_issuer"),
        (r#""iss": "https://other.test/t-1/v2.0", "tid": "t-1""#, "unknown_issuer"),
        (r#""iss": "https://id.test/{tid}/v2.0", "tid": "{tid}""#, "unknown_issuer"),
    ] {
        let (reason, identifier) = worker.send(&token(1, "a", claims));
        assert_eq!(reason, expected, "{claims}");
        let iss = claims.split('"').nth(3).unwrap().to_owned();
        assert_eq!(identifier, (reason == "allowed").then_some(iss), "{claims}");
    }
    assert_eq!(
        worker.detail(),
        "iss is 'https://id.test/{tid}/v2.0'; expected 'https://id.test/{tid}/v2.0'"
    );
    let long = "t".repeat(257);
    let claims = format!(r#""iss": "https://id.test/{long}/v2.0", "tid": "{long}""#);
    assert_eq!(worker.send(&token(1, "a", &claims)).0, "unknown_issuer");
}

#[test]
fn issuer_values_and_the_issuer_of_a_key_restrict_the_tenants() {
    let values = r#""issuer_values": {"tid": ["t-1", "t-2"]}"#;
    let mut worker = Worker::new(&multi_tenant(values), &keys());
    for (seed, kid, tenant, expected) in [
        (1, "a", "t-1", "allowed"),
        (1, "a", "t-2", "allowed"),
        (1, "a", "t-3", "unknown_issuer"),
        (2, "b", "t-2", "allowed"),
        // The key belongs to t-2.
        (2, "b", "t-1", "unknown_kid"),
    ] {
        let claims = format!(r#""iss": "https://id.test/{tenant}/v2.0", "tid": "{tenant}""#);
        assert_eq!(worker.send(&token(seed, kid, &claims)).0, expected, "{kid} {tenant}");
    }
}

#[test]
fn exact_issuer_takes_precedence_over_a_template() {
    let config = r#"{"jwks": [
        {"issuer": "https://id.test/{tid}/v2.0", "cluster": "id", "path": "/keys", "any_value": true,
         "consumer": {"id": "any"}, "algorithms": ["ES256"]},
        {"issuer": "https://id.test/t-1/v2.0", "cluster": "id", "path": "/keys"}
    ], "audiences": ["api"]}"#;
    let es256 = super::vectors::key("p256", "jwk");
    let mut worker = Worker::new(config, &[keys(), vec![es256]].concat());
    let claims =
        |tenant: &str| format!(r#""iss": "https://id.test/{tenant}/v2.0", "tid": "{tenant}""#);
    assert_eq!(worker.send(&token(1, "a", &claims("t-1"))).0, "allowed");
    assert_eq!(worker.send(&token(1, "a", &claims("t-2"))).0, "algorithm_not_allowed");
}

#[test]
fn issuer_of_a_key_restricts_an_exact_issuer_of_the_same_host() {
    let reason = |issuer: &str, member: &str| {
        let config = format!(
            r#"{{"jwks": [{{"issuer": "{issuer}", "cluster": "id", "path": "/keys",
                 "algorithms": ["EdDSA"]}}], "audiences": ["api"]}}"#
        );
        let own = ed25519::jwk(1, &format!(r#", "kid": "a", "issuer": "{member}""#));
        let mut worker = Worker::new(&config, &[own, ed25519::jwk(2, r#", "kid": "b""#)]);
        worker.send(&token(1, "a", &format!(r#""iss": "{issuer}""#))).0
    };
    for (member, expected) in [
        ("https://id.test/t-1/v2.0", "allowed"),
        ("https://id.test/{tenantid}/v2.0", "allowed"),
        ("https://id.test/t-2/v2.0", "unknown_kid"),
        ("https://ID.test/t-2/v2.0", "unknown_kid"),
        ("https://id.test:443/t-2/v2.0", "unknown_kid"),
        ("https://id.test:/t-2/v2.0", "unknown_kid"),
        ("https://id.test:80/t-2/v2.0", "allowed"),
        ("https://id.test:8443/t-2/v2.0", "allowed"),
        ("https://id.test", "unknown_kid"),
        ("https://id.test/{tenantid}", "unknown_kid"),
        ("https://id.test/{tenantid}x/v2.0", "unknown_kid"),
        ("https://other.test/{tenantid}/v2.0", "allowed"),
        ("http://id.test/t-2/v2.0", "allowed"),
        ("t-2", "allowed"),
    ] {
        assert_eq!(reason("https://id.test/t-1/v2.0", member), expected, "{member}");
    }
    assert_eq!(reason("https://id.test", "https://id.test/t-2"), "unknown_kid");
    assert_eq!(reason("http://id.test:80/t-1", "http://id.test/t-2"), "unknown_kid");
    assert_eq!(reason("k", "https://id.test/t-2"), "allowed");
}

const EXACT: &str = r#"{"jwks": [{"issuer": "k", "cluster": "id", "path": "/keys",
                                  "algorithms": ["EdDSA", "ES256"], "cooldown": 1}]}"#;

#[test]
fn algorithm_is_checked_before_the_kid_and_starts_no_fetch() {
    let mut worker = Worker::new(EXACT, &keys());
    worker.host.advance(2);
    let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 600);
    for alg in ["none", "HS256", "RS256", "ES384"] {
        let header = format!(r#"{{"alg": "{alg}", "kid": "new"}}"#);
        assert_eq!(worker.send(&signed("HS256", &header, &claims)).0, "algorithm_not_allowed");
    }
    assert_eq!(worker.detail(), "alg is 'ES384'; expected 'ES256', 'EdDSA'");
    let header = r#"{"alg": "ES256", "kid": "a"}"#;
    assert_eq!(worker.send(&signed("HS256", header, &claims)).0, "algorithm_mismatch");
    assert!(!worker.fetches());
    // The keys of another kid may arrive, so this one fetches.
    assert_eq!(worker.send(&token(1, "new", r#""iss": "k""#)).0, "keys_unavailable");
    assert!(worker.fetches());
}

#[test]
fn detail_names_the_known_kids_and_issuers() {
    let mut worker = Worker::new(EXACT, &keys());
    assert_eq!(worker.send(&token(1, "new", r#""iss": "k""#)).0, "unknown_kid");
    assert_eq!(worker.detail(), "kid is 'new'; expected 'a', 'b'");
    assert_eq!(worker.send(&token(1, "a", r#""iss": "other""#)).0, "unknown_issuer");
    assert_eq!(worker.detail(), "iss is 'other'; expected 'k'");
}

/// nginx pauses the timer after an hour without requests.
#[test]
fn cached_token_does_not_outlive_keys_that_expired_during_a_pause() {
    let mut worker = Worker::new(EXACT, &keys());
    let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 86_400);
    let token = ed25519::token(1, r#"{"alg": "EdDSA", "kid": "a"}"#, &claims);
    assert_eq!(worker.send(&token).0, "allowed");
    worker.host.advance(7_200);
    assert_eq!(worker.send(&token).0, "keys_unavailable");
    assert!(worker.fetches());
    assert_eq!(worker.send(&token).0, "keys_unavailable");
}

/// A worker for one issuer that has both credentials and fetched keys.
fn both(credentials: std::ops::Range<u8>, keys: &[String]) -> Worker {
    let credentials: Vec<String> = credentials
        .map(|seed| format!(r#"{{"key": "k", "jwk": {}}}"#, ed25519::jwk(seed, "")))
        .collect();
    let config = format!(
        r#"{{"credentials": [{}], "jwks": [{{"issuer": "k", "cluster": "id", "path": "/keys",
            "algorithms": ["EdDSA", "ES256"]}}]}}"#,
        credentials.join(", ")
    );
    Worker::new(&config, keys)
}

#[test]
fn credentials_and_fetched_keys_share_the_tries() {
    let keys = keys();
    let good = token(1, "a", r#""iss": "k""#);
    assert_eq!(both(10..17, &keys).send(&good).0, "allowed");
    assert_eq!(both(10..18, &keys).send(&good).0, "bad_signature");
}

#[test]
fn algorithms_of_credentials_and_fetched_keys_are_both_allowed() {
    let config = r#"{"credentials": [{"key": "k", "secret": "0123456789abcdef0123456789abcdef"}],
        "jwks": [{"issuer": "k", "cluster": "id", "path": "/keys", "algorithms": ["EdDSA"]}]}"#;
    let mut worker = Worker::new(config, &keys());
    let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 600);
    let forged = |alg: &str| signed("HS256", &format!(r#"{{"alg": "{alg}"}}"#), &claims);
    assert_eq!(worker.send(&token(1, "a", r#""iss": "k""#)).0, "allowed");
    assert_eq!(worker.send(&forged("HS256")).0, "bad_signature");
    assert_eq!(worker.send(&forged("RS256")).0, "algorithm_not_allowed");
}
