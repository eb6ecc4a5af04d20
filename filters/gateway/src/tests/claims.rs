//! Claims that later filters use reach them without `claims_to_attributes`, and the credential
//! without `credential_header`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::*;

/// The `Authorization` value for an HS256 token of the key `k` with `more` claims.
fn bearer(more: &str) -> String {
    let encoded = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let claims = format!(r#"{{"iss": "k", "exp": 4000000000{more}}}"#);
    let message = format!("{}.{}", encoded(r#"{"alg": "HS256"}"#), encoded(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("Bearer {message}.{signature}")
}

fn auth(more: &str) -> String {
    format!(
        r#""jwt_auth": {{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}]{more}}}"#
    )
}

/// A host that passes attributes between its filters, or not.
fn host(passes_attributes: bool) -> TestHost {
    let mut host = TestHost::default();
    host.variables.insert("SECRET".to_owned(), SECRET.to_owned());
    host.passes_attributes.set(passes_attributes);
    host
}

fn on(host: &TestHost, config: &str) -> Result<Gateway, String> {
    Gateway::from_json(format!("{{{config}}}").as_bytes(), host).map_err(|e| e.to_string())
}

/// The status of a request with `more` claims. 200 if it continues.
fn status(host: &TestHost, gateway: &Gateway, states: &mut States, more: &str) -> u16 {
    let token = bearer(more);
    let lines = [("authorization", token.as_str()), (":path", "/"), ("sub", "another")];
    match decide(host, gateway, states, &lines) {
        Decision::Continue { .. } => 200,
        decision => response(decision).0.status,
    }
}

/// The value that header-transform gives to `x-user`.
fn user(host: &TestHost, gateway: &Gateway, states: &mut States, more: &str) -> Option<String> {
    let token = bearer(more);
    let lines = [("authorization", token.as_str()), (":path", "/")];
    let Decision::Continue { mutations, .. } = decide(host, gateway, states, &lines) else {
        panic!("does not continue")
    };
    mutations.iter().find_map(|mutation| match mutation {
        HeaderMutation::Add(name, value) if name.as_str() == "x-user" => {
            Some(String::from_utf8_lossy(value).into_owned())
        }
        _ => None,
    })
}

#[test]
fn five_users_have_five_counts_on_every_host() {
    let limit = r#""rate_limit": {"minute": 3, "limit_by": "claim", "claim_name": "sub"}"#;
    for passes_attributes in [true, false] {
        let host = host(passes_attributes);
        let gateway = on(&host, &format!("{}, {limit}", auth(""))).unwrap();
        assert_eq!(*host.warnings.borrow(), [""; 0]);
        let mut states = States::default();
        // The first request of a user verifies the token, the others find it in the cache.
        for expected in [200, 200, 200, 429] {
            for user in ["a", "b", "c", "d", "e"] {
                let more = format!(r#", "sub": "{user}""#);
                assert_eq!(status(&host, &gateway, &mut states, &more), expected, "{user}");
            }
        }
        let counted = recorded(&host, &gateway);
        assert!(!counted.iter().any(|name| name.contains("fell_back")), "{counted:?}");
        // The host has the detail of the 429, but no claim.
        assert!(!host.attributes.borrow().contains_key("sub"));
    }
}

#[test]
fn rule_applies_to_a_claim_at_a_nested_path() {
    let host = host(true);
    let limit = r#""rate_limit": {"hour": 1, "limit_by": "claim", "claim_name": "sub", "rules": [
        {"name": "gold", "claim": {"name": "org.tier", "one_of": ["gold"]}, "hour": 2}]}"#;
    let gateway = on(&host, &format!("{}, {limit}", auth(""))).unwrap();
    let mut states = States::default();
    let gold = r#", "sub": "a", "org": {"tier": "gold"}"#;
    for (more, expected) in [
        (gold, 200),
        (gold, 200),
        (gold, 429),
        (r#", "sub": "a", "org": {"tier": "free"}"#, 200),
        (r#", "sub": "a""#, 429),
    ] {
        assert_eq!(status(&host, &gateway, &mut states, more), expected, "{more}");
    }
}

#[test]
fn templates_read_claims_of_requests_parameters_and_responses() {
    let host = host(false);
    let transform = r#""header_transform": {
        "request": {"add": {"headers": ["x-user:$(claims.sub | nobody)"],
            "querystring": ["org:$(claims.org)"]}},
        "response": {"add": {"headers": ["x-tier:$(claims.tier)"]},
            "security_headers": {"referrer_policy": "$(claims.policy | no-referrer)"}}}"#;
    let gateway = on(&host, &format!("{}, {transform}", auth(""))).unwrap();
    let token = bearer(r#", "sub": "a", "org": "acme", "tier": ["x", "y"], "policy": "origin""#);
    let lines = [("authorization", token.as_str()), (":path", "/p")];
    let mut states = States::default();
    let Decision::Continue { mutations, carry, .. } = decide(&host, &gateway, &mut states, &lines)
    else {
        panic!("does not continue")
    };
    let mut all = mutations;
    all.extend(gateway.on_response(carry, &ResponseHead::default()));
    let set = |name: &str, expected: &[u8]| {
        all.iter().any(|mutation| match mutation {
            HeaderMutation::Target(target) => name == ":path" && target == expected,
            HeaderMutation::Add(known, value) | HeaderMutation::Set(known, value) => {
                known.as_str() == name && **value == *expected
            }
            HeaderMutation::Remove(_) => false,
        })
    };
    for (name, expected) in [
        ("x-user", "a"),
        (":path", "/p?org=acme"),
        ("x-tier", "x,y"),
        ("referrer-policy", "origin"),
    ] {
        assert!(set(name, expected.as_bytes()), "{name}: {all:?}");
    }
}

/// No entry of jwt-auth asks for these claims, so they do not reject the token.
#[test]
fn claim_without_a_text_is_missing() {
    let host = host(true);
    let transform = r#""header_transform":
        {"request": {"add": {"headers": ["x-user:$(claims.sub | nobody)"]}}}"#;
    let config = format!("{}, {transform}", auth(r#", "max_claim_header_bytes": 256"#));
    let gateway = on(&host, &config).unwrap();
    let mut states = States::default();
    let long = format!(r#", "sub": "{}""#, "a".repeat(257));
    for (more, expected) in [
        (r#", "sub": "\u00fc""#, "%C3%BC"),
        (r#", "sub": {"id": 1}"#, "nobody"),
        (r#", "sub": 1.5"#, "nobody"),
        (r#", "sub": "a\nb""#, "nobody"),
        (r#", "sub": null"#, "nobody"),
        (&long, "nobody"),
        ("", "nobody"),
    ] {
        let found = user(&host, &gateway, &mut states, more);
        assert_eq!(found.as_deref(), Some(expected), "{more}");
    }
}

#[test]
fn entry_of_claims_to_attributes_takes_precedence() {
    let host = host(true);
    let transform = r#""header_transform":
        {"request": {"add": {"headers": ["x-user:$(claims.sub)"]}}}"#;
    let entry = r#", "claims_to_attributes": [{"claim": "act", "attribute": "sub", "as": "json"}]"#;
    let gateway = on(&host, &format!("{}, {transform}", auth(entry))).unwrap();
    let more = r#", "sub": "a", "act": {"sub": "b"}"#;
    let found = user(&host, &gateway, &mut States::default(), more);
    assert_eq!(found.as_deref(), Some(r#"{"sub":"b"}"#));
    assert_eq!(host.attributes.borrow().get("sub").unwrap(), br#"{"sub":"b"}"#);
}

#[test]
fn rejects_a_claim_whose_name_is_not_a_path() {
    let limit = r#""rate_limit": {"hour": 1, "limit_by": "claim", "claim_name": "a..b"}"#;
    let errors = on(&host(true), &format!("{}, {limit}", auth(""))).unwrap_err();
    assert_eq!(errors, r#"rate_limit.claim_name: "a..b" has an empty name; write "a.b""#);
    let entry = r#", "claims_to_attributes": [{"claim": "b", "attribute": "a..b"}]"#;
    assert!(on(&host(true), &format!("{}, {limit}", auth(entry))).is_ok());
}

#[test]
fn rejects_claims_before_jwt_auth_on_every_host() {
    let claims = r#""rate_limit": {"hour": 1, "limit_by": ["ip", "claim"], "claim_name": "sub",
            "rules": [{"name": "gold", "claim": {"name": "tier", "one_of": ["gold"]}, "hour": 3},
                {"name": "b", "path": "/b", "hour": 3}]},
        "header_transform": {"request": {"add": {"headers": ["x-user:$(claims.sub)"]}}}"#;
    for passes_attributes in [true, false] {
        let host = host(passes_attributes);
        let order = r#""order": ["rate_limit", "header_transform", "jwt_auth"]"#;
        let errors = on(&host, &format!("{}, {claims}, {order}", auth(""))).unwrap_err();
        let fault = |path: &str, claim: &str| {
            let part = path.split('.').next().unwrap();
            format!(
                "{path}: uses the claim {claim:?}, which is not known before jwt_auth: list \
                 jwt_auth before {part} in order"
            )
        };
        let expected = [
            fault("rate_limit.claim_name", "sub"),
            fault("rate_limit.rules[0].claim.name", "tier"),
            fault("header_transform.request.add.headers[0]", "sub"),
        ];
        assert_eq!(errors, expected.join("\n"));
        let order = r#""order": ["jwt_auth", "rate_limit", "header_transform"]"#;
        assert!(on(&host, &format!("{}, {claims}, {order}", auth(""))).is_ok());
    }
}

/// On Envoy another filter can set the attribute. Elsewhere nothing can.
#[test]
fn chain_without_jwt_auth_depends_on_another_filter() {
    let config = r#""rate_limit": {"hour": 1, "limit_by": "claim", "claim_name": "sub"},
        "header_transform": {"request":
            {"add": {"headers": ["x-a:$(claims.org)", "x-b:$(claims.org)"]}}}"#;
    let envoy = host(true);
    on(&envoy, config).unwrap();
    let warning = |path: &str, name: &str| {
        format!(
            "{path}: uses the attribute {name:?}, which jwt-auth must set before this filter: add \
             it to claims_to_attributes of jwt-auth, or configure jwt_auth in this chain, which \
             passes the claim on by itself"
        )
    };
    assert_eq!(
        *envoy.warnings.borrow(),
        [
            warning("rate_limit.claim_name", "sub"),
            warning("header_transform.request.add.headers[0]", "org")
        ]
    );
    let errors = on(&host(false), config).unwrap_err();
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(lines.len(), 3, "{errors}");
    assert!(lines.iter().all(|line| line.contains("the gateway with jwt_auth")), "{errors}");
}

#[test]
fn credential_reaches_the_rate_limit_that_reads_it() {
    let chain = |limit: &str| {
        configured(&format!(
            r#"{{
                "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}]}},
                "rate_limit": {{"hour": 1, "on_unresolved": "deny", {limit}}}
            }}"#
        ))
    };
    let token = bearer("");
    let lines = [("authorization", &*token), ("x-credential-identifier", "forged")];
    for (limit, is_sent) in [
        (r#""limit_by": "credential""#, true),
        (r#""limit_by": ["ip", "consumer"]"#, true),
        (r#""limit_by": "header", "header_name": "X-Credential-Identifier""#, true),
        (
            r#""limit_by": "ip", "rules": [{"name": "k", "minute": 1,
                "header": {"name": "X-Credential-Identifier", "one_of": ["k"]}}]"#,
            true,
        ),
        (r#""limit_by": "ip""#, false),
        (r#""limit_by": "constant""#, false),
    ] {
        let (host, mut states, gateway) = (TestHost::default(), States::default(), chain(limit));
        let decision = decide(&host, &gateway, &mut states, &lines);
        let Decision::Continue { mutations, .. } = decision else { panic!("{limit}") };
        let mut headers =
            Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())));
        headers.apply(&mutations);
        let seen: Vec<_> = headers.get_all("x-credential-identifier").collect();
        assert_eq!(seen, if is_sent { vec![b"k"] } else { vec![] }, "{limit}");
    }
}
