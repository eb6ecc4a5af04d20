use novasphere_core::Capability;

use super::*;

const KEY: &str = r#""key": "k", "secret": {"env": "SECRET"}"#;

fn faults(config: &str) -> String {
    configure(config).unwrap_err()
}

fn with(more: &str) -> String {
    faults(&format!(r#"{{"credentials": [{{{KEY}}}], {more}}}"#))
}

fn credential(fields: &str) -> String {
    faults(&format!(r#"{{"credentials": [{{{fields}}}]}}"#))
}

#[test]
fn refuses_credential_without_key_or_with_short_secret() {
    assert_eq!(faults("{}"), "credentials: configure at least one key in credentials or jwks");
    assert_eq!(
        credential(r#""kid": "x""#),
        "credentials[0].key: is required\ncredentials[0]: needs a key: one of secret, public_key, jwk"
    );
    assert_eq!(
        credential(r#""key": "", "secret": """#),
        "credentials[0].key: must not be empty\ncredentials[0].secret: must not be empty"
    );
    assert_eq!(
        credential(r#""key": "k", "secret": {"env": "EMPTY"}"#),
        "credentials[0].secret: must not be empty"
    );
    for (algorithm, min) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let of = |size: usize| {
            let secret = "s".repeat(size);
            format!(
                r#"{{"credentials": [{{"key": "k", "algorithm": "{algorithm}",
                                       "secret": "{secret}"}}]}}"#
            )
        };
        assert!(configure(&of(min)).is_ok());
        assert_eq!(
            faults(&of(min - 1)),
            format!(
                "credentials[0].secret: must be at least {min} bytes for {algorithm} (RFC 7518 3.2), \
                 got {}; use a longer secret, or set allow_weak_secret",
                min - 1
            )
        );
    }
}

#[test]
fn allow_weak_secret_accepts_short_but_not_empty_secrets() {
    let weak = |name: &str| {
        configure(&format!(
            r#"{{"credentials": [{{"key": "k", "secret": {{"env": "{name}"}}}}],
                 "allow_weak_secret": true}}"#
        ))
    };
    assert!(weak("SHORT").is_ok());
    assert!(weak("EMPTY").is_err());
}

#[test]
fn faults_never_show_a_secret() {
    for config in [
        r#"{"credentials": [{"key": "k", "secret": "hunter2"}]}"#,
        r#"{"credentials": [{"key": "k", "secret": {"env": "hunter2 "}}]}"#,
        r#"{"credentials": [{"key": "k", "secret": {"text": "hunter2"}}]}"#,
        r#"{"credentials": [{"key": "k", "secret": {"env": "SECRET", "or": "hunter2"}}]}"#,
        r#"{"credentials": [{"key": "k", "secret": {}}]}"#,
        r#"{"credentials": [{"key": "k", "secret": ["hunter2"]}]}"#,
        r#"{"credentials": [{"key": "k", "algorithm": "hunter2"}]}"#,
        r#"{"credentials": "hunter2"}"#,
        r#"{"credentials": ["hunter2"]}"#,
        r#"{"credentials": [{"key": "k", "secret": "hunter2"}, {"key": "k", "secret": "hunter2"}],
            "allow_weak_secret": true}"#,
        r#"{"credentials": [{"key": "k", "secret": "hunter2"}], "secret_is_base64": true}"#,
    ] {
        let faults = faults(config);
        assert!(faults.starts_with("credentials"), "{faults}");
        assert!(!faults.contains("hunter2"), "{faults}");
    }
}

#[test]
fn literal_secret_logs_a_warning() {
    let host = host();
    let config = format!(
        r#"{{"credentials": [{{"key": "k", "secret": "{SECRET}"}}, {{{}}}]}}"#,
        KEY.replace("\"k\"", "\"j\"")
    );
    let filter = JwtAuth::from_json(config.as_bytes(), &host).unwrap();
    assert_eq!(
        host.warnings.into_inner(),
        ["credentials[0].secret: is readable in the configuration; {\"env\": \"NAME\"} takes it \
          from the proxy's environment"]
    );
    assert!(!format!("{filter:?}").contains("secret-for-tests"));
}

#[test]
fn missing_variable_fault_gives_a_remedy() {
    assert_eq!(
        credential(r#""key": "k", "secret": {"env": "NOPE"}"#),
        "credentials[0].secret.env: environment variable NOPE not found; set NOPE in \
         the proxy's environment and pass it on to the filter"
    );
}

#[test]
fn realm_appears_in_challenges() {
    let outcome = |more: &str, value: &str| {
        run(&filter(more), &[("authorization", value)]).response.unwrap().1
    };
    let realm = r#", "realm": "the api""#;
    assert_eq!(outcome(realm, "Basic x"), r#"Bearer realm="the api""#);
    assert_eq!(outcome(realm, "Bearer x"), r#"Bearer realm="the api", error="invalid_token""#);
    assert_eq!(outcome("", "Bearer x"), r#"Bearer error="invalid_token""#);
    assert_eq!(
        with(r#""realm": "a\"b""#),
        r#"realm: must be printable ASCII without " and \, got "a\"b""#
    );
    assert_eq!(with(r#""realm": """#), "realm: must not be empty; omit it for no realm");
}

#[test]
fn refuses_values_out_of_range_and_contradictions() {
    for (more, fault) in [
        (r#""leeway": 3601"#, "leeway: must be 0 to 3,600 seconds, got 3601"),
        (
            r#""maximum_expiration": 31536001"#,
            "maximum_expiration: must be 0 to 31,536,000 seconds, got 31536001",
        ),
        (
            r#""maximum_expiration": 1, "claims_to_verify": ["nbf"]"#,
            "maximum_expiration: needs \"exp\" in claims_to_verify",
        ),
        (
            r#""audiences": []"#,
            "audiences: must not be empty, because it would reject every token; omit it to accept any",
        ),
        (
            r#""issuers": []"#,
            "issuers: must not be empty, because it would reject every token; omit it to accept any",
        ),
        (r#""key_claim_name": """#, "key_claim_name: must not be empty"),
        (r#""uri_param_names": ["a", ""]"#, "uri_param_names[1]: must not be empty"),
        (
            r#""cookie_names": ["a;b"]"#,
            "cookie_names[0]: must be a cookie name (RFC 6265 4.1.1), got \"a;b\"",
        ),
        (
            r#""header_names": [], "uri_param_names": []"#,
            "header_names: configure at least one token source in header_names, uri_param_names, \
             cookie_names or websocket_protocols",
        ),
        (r#""websocket_protocols": ["a.", ""]"#, "websocket_protocols[1]: must not be empty"),
        (
            r#""websocket_protocols": ["a b."]"#,
            "websocket_protocols[0]: must start a WebSocket subprotocol (RFC 6455 4.1), got \"a b.\"",
        ),
        (
            r#""websocket_protocols": ["a.b"]"#,
            "websocket_protocols[0]: must end in \".\", which separates the prefix from the token, \
             got \"a.b\"",
        ),
        (
            r#""websocket_protocols": ["a.", "b.", "a."]"#,
            "websocket_protocols[2]: \"a.\" is listed twice",
        ),
        (
            r#""claims_to_verify": ["exp", "aud"]"#,
            "claims_to_verify[1]: expected one of exp, nbf, iat, got \"aud\"; use audiences",
        ),
    ] {
        assert_eq!(with(more), fault);
    }
}

#[test]
fn refuses_more_issuers_than_a_proxy_has_slots_for() {
    let config = |count: usize| {
        let entry = |i| format!(r#"{{"issuer": "i{i}", "cluster": "c", "path": "/{i}"}}"#);
        let entries: Vec<_> = (0..count).map(entry).collect();
        format!(r#"{{"jwks": [{}]}}"#, entries.join(", "))
    };
    assert!(configure(&config(256)).is_ok());
    assert_eq!(
        faults(&config(257)),
        "jwks: must have at most 256 entries, got 257: a proxy keeps no more key sets"
    );
}

#[test]
fn refuses_invalid_token_headers() {
    for (more, fault) in [
        (
            r#""header_names": ["a b"]"#,
            "header_names[0]: \"a b\" is not a header name (RFC 9110 5.1)",
        ),
        (
            r#""header_names": [{"name": "x-a", "scheme": "JWT "}]"#,
            "header_names[0].scheme: must be an authentication scheme (RFC 9110 11.1) without \
             spaces, such as \"JWT\", or \"\" for a token without scheme, got \"JWT \"",
        ),
        (
            r#""header_names": [7]"#,
            "header_names[0]: expected the name of a header or {\"name\": \"…\", \"scheme\": \"…\"}, \
             got 7",
        ),
    ] {
        assert_eq!(with(more), fault);
    }
}

#[test]
fn accepts_a_single_token_source() {
    assert!(
        configure(&format!(
            r#"{{"credentials": [{{{KEY}}}], "header_names": [], "uri_param_names": [],
             "cookie_names": ["s"]}}"#
        ))
        .is_ok()
    );
}

#[test]
fn refuses_invalid_claim_headers() {
    let entry = |fields: &str| with(&format!(r#""claims_to_headers": [{{{fields}}}]"#));
    let at = "claims_to_headers[0].";
    assert_eq!(entry(""), format!("{at}claim: is required\n{at}header: is required"));
    for (header, fault) in [
        ("", "must not be empty"),
        ("x y", "\"x y\" is not a header name (RFC 9110 5.1)"),
        (":path", "\":path\" is not a header name (RFC 9110 5.1)"),
        ("Host", "\"Host\" is reserved for the connection, framing, routing or credentials"),
        (
            "content_length",
            "\"content_length\" is reserved for the connection, framing, routing or credentials",
        ),
        ("X_Consumer_ID", "\"X_Consumer_ID\" is already set by this filter"),
        ("a-b-c-d-e-f-g-h-i-j", "\"a-b-c-d-e-f-g-h-i-j\" must have at most 8 of - and _"),
    ] {
        assert_eq!(
            entry(&format!(r#""claim": "sub", "header": "{header}""#)),
            format!("{at}header: {fault}")
        );
    }
    assert_eq!(
        with(
            r#""claims_to_headers": [{"claim": "a", "header": "X-A"},
                                     {"claim": "b", "header": "x_a"}]"#
        ),
        "claims_to_headers[1].header: \"x_a\" is already set by this filter"
    );
}

#[test]
fn refuses_same_secret_in_two_credentials() {
    let config = |second: &str| {
        configure(&format!(
            r#"{{"credentials": [{{{KEY}}}, {{{second}, "secret": {{"env": "SECRET"}}}}]}}"#
        ))
    };
    let fault =
        "credentials[1].secret: is repeated: another credential with key \"k\" has this secret";
    assert_eq!(config(r#""key": "k""#).unwrap_err(), fault);
    assert_eq!(config(r#""key": "k", "algorithm": "HS512""#).unwrap_err(), fault);
    assert!(config(r#""key": "j""#).is_ok());
}

#[test]
fn refuses_unsupported_capability_with_a_remedy() {
    let host = TestHost {
        unsupported: vec![Capability::Fetch, Capability::Attribute],
        ..TestHost::default()
    };
    let config = r#"{
        "credentials": [{"key": "k", "secret": "0123456789-0123456789-0123456789"}],
        "jwks": [{"issuer": "https://a.example", "uri": "https://a.example/keys"}],
        "claims_to_attributes": [{"claim": "sub", "attribute": "user"}]
    }"#;
    let faults = JwtAuth::from_json(config.as_bytes(), &host).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "jwks: cannot be used here: do it elsewhere\n\
         claims_to_attributes: cannot be used here: do it elsewhere"
    );
    assert!(JwtAuth::from_json(config.as_bytes(), &TestHost::default()).is_ok());
}
