//! Whose requests count together.

use super::*;

#[test]
fn identities_are_told_apart() {
    let policy = limiter(r#"{"hour": 1, "limit_by": "header", "header_name": "X-Client"}"#);
    let (host, mut state) = (host(), State::default());
    let mut first = |lines: &[(&str, &str)]| allows(&host, &policy, &mut state, lines);
    assert!(first(&[("x-client", "a")]));
    assert!(!first(&[("X-Client", "a")]));
    assert!(first(&[("x-client", "b")]));
    assert!(!first(&[("x-client", "a"), ("x-client", "b")]), "the first line counts");
    assert!(first(&[("x-client", "ab")]));
    assert!(first(&[]), "by address");
    assert!(!first(&[("x-client", "")]), "by address");
    assert_eq!(*host.events.borrow(), ["fell_back_to_ip", "fell_back_to_ip"]);
}

/// Envoy shows no line `host`.
#[test]
fn the_host_is_the_authority() {
    let named = |host: &'static str| [(":authority", host), (":path", "/")];
    let by_host = limiter(r#"{"hour": 1, "limit_by": "header", "header_name": "Host"}"#);
    let rule = limiter(
        r#"{"rules": [{"name": "a", "header": {"name": "host", "one_of": ["a"]}, "hour": 1}]}"#,
    );
    let hosts = ["a", "a", "b", "b"];
    for (policy, expected) in
        [(&by_host, [true, false, true, false]), (&rule, [true, false, true, true])]
    {
        let (host, mut state) = (host(), State::default());
        assert_eq!(hosts.map(|name| allows(&host, policy, &mut state, &named(name))), expected);
    }
}

#[test]
fn a_path_limit_leaves_other_paths_alone() {
    let policy = limiter(r#"{"hour": 1, "limit_by": "path", "path": "/api/v1/wukongs"}"#);
    let (host, mut state) = (host(), State::default());
    let mut ask = |path| allows(&host, &policy, &mut state, &[(":path", path)]);
    assert!(ask("/api/v1/wukongs?a=1"));
    assert!(!ask("/api/v1/wukongs"));
    assert!((0..5).all(|_| ask("/api/v1/wukongs/1")));
}

#[test]
fn clients_of_unknown_address_count_as_one() {
    let policy = limiter(r#"{"hour": 1}"#);
    let (host, mut state) = (host(), State::default());
    host.address.set(None);
    assert!(allows(&host, &policy, &mut state, &[]));
    assert!(!allows(&host, &policy, &mut state, &[]));
}

#[test]
fn parts_together_are_one_identity() {
    let policy = limiter(r#"{"hour": 1, "limit_by": ["header", "ip"], "header_name": "x-client"}"#);
    let (host, mut state) = (host(), State::default());
    let mut first = |address: &str, client: &str| {
        host.address.set(Some(address.parse().unwrap()));
        allows(&host, &policy, &mut state, &[("x-client", client)])
    };
    assert!(first("192.0.2.1", "a"));
    assert!(!first("192.0.2.1", "a"));
    assert!(first("192.0.2.2", "a"));
    assert!(first("192.0.2.1", "b"));
}

#[test]
fn a_claim_is_what_jwt_auth_told_and_never_a_header() {
    let policy = limiter(r#"{"hour": 1, "limit_by": "claim", "claim_name": "org"}"#);
    let (host, mut state) = (host(), State::default());
    let forged: &[(&str, &str)] = &[("org", "b"), ("wasm.org", "b"), ("x-org", "b")];
    let mut first = |org: Option<&str>| {
        let mut attributes = host.attributes.borrow_mut();
        attributes.clear();
        attributes.extend(org.map(|org| ("org".to_owned(), org.as_bytes().to_vec())));
        drop(attributes);
        allows(&host, &policy, &mut state, forged)
    };
    assert!(first(Some("a")));
    assert!(!first(Some("a")));
    assert!(first(Some("b")));
    assert!(first(None), "by address");
    assert!(!first(None), "by address");
}

#[test]
fn a_claim_that_cannot_come_is_refused() {
    let host = TestHost::default();
    host.passes_attributes.set(false);
    let config = r#"{"hour": 1, "limit_by": "claim", "claim_name": "org"}"#;
    let errors = RateLimit::from_json(config.as_bytes(), &host).unwrap_err().to_string();
    assert!(errors.starts_with("claim_name: cannot be read here"), "{errors}");
    assert!(errors.contains("claims_to_headers"), "{errors}");
    let rule = r#"{"rules": [{"name": "a", "claim": {"name": "t", "one_of": ["x"]}, "hour": 1}]}"#;
    let errors = RateLimit::from_json(rule.as_bytes(), &host).unwrap_err().to_string();
    assert!(errors.starts_with("rules[0].claim.name: cannot be read here"), "{errors}");
}

#[test]
fn who_trusts_identity_headers_is_told() {
    for config in [
        r#"{"hour": 1, "limit_by": "consumer"}"#,
        r#"{"hour": 1, "limit_by": "credential"}"#,
        r#"{"hour": 1, "deny": {"consumers": ["mallory"]}}"#,
    ] {
        let host = TestHost::default();
        RateLimit::from_json(config.as_bytes(), &host).unwrap();
        let warnings = host.warnings.borrow();
        assert!(warnings.iter().any(|w| w.contains("where jwt-auth, before")), "{warnings:?}");
    }
    let host = TestHost::default();
    RateLimit::from_json(br#"{"hour": 1}"#, &host).unwrap();
    assert_eq!(*host.warnings.borrow(), [""; 0]);
}

#[test]
fn what_becomes_of_the_unresolved_is_configured() {
    let limit = |otherwise: &str| {
        limiter(&format!(
            r#"{{"hour": 1, "limit_by": "credential", "on_unresolved": "{otherwise}"}}"#
        ))
    };
    let decide = |policy: &RateLimit, addresses: [&str; 2]| {
        let (host, mut state) = (host(), State::default());
        addresses.map(|address| {
            host.address.set(Some(address.parse().unwrap()));
            reason(&ask(&host, policy, &mut state, &[]))
        })
    };
    let two = ["192.0.2.1", "192.0.2.2"];
    assert_eq!(decide(&limit("ip"), two), ["allowed", "allowed"]);
    assert_eq!(decide(&limit("ip"), [two[0], two[0]]), ["allowed", "limited"]);
    assert_eq!(decide(&limit("constant"), two), ["allowed", "limited"]);
    assert_eq!(decide(&limit("allow"), [two[0], two[0]]), ["unresolved_allowed"; 2]);
    assert_eq!(decide(&limit("deny"), two), ["unresolved_refused"; 2]);
    let (host, mut state) = (host(), State::default());
    let policy = limit("deny");
    let response = response(ask(&host, &policy, &mut state, &[]));
    assert_eq!((response.status, &*response.body), (403, &br#"{"message":"Forbidden"}"#[..]));
}

#[test]
fn a_value_that_is_too_long_is_none() {
    let policy = limiter(r#"{"hour": 1, "limit_by": "header", "header_name": "x-client"}"#);
    let (host, mut state) = (host(), State::default());
    let mut first = |client: &str| allows(&host, &policy, &mut state, &[("x-client", client)]);
    assert!(first(&"a".repeat(8_192)));
    assert!(first(&"b".repeat(8_193)), "by address");
    assert!(!first(&"c".repeat(8_193)), "by address");
}

/// The addresses that count, `X-Forwarded-For` being these lines.
fn counted_apart(client_ip: &str, requests: &[(&str, &[&str])]) -> Vec<bool> {
    let policy = limiter(&format!(r#"{{"hour": 1, "client_ip": {client_ip}}}"#));
    let (host, mut state) = (host(), State::default());
    let first = |(address, lines): &(&str, &[&str])| {
        host.address.set(Some(address.parse().unwrap()));
        let lines: Vec<(&str, &str)> =
            lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        allows(&host, &policy, &mut state, &lines)
    };
    requests.iter().map(first).collect()
}

#[test]
fn a_number_of_hops_is_counted_from_the_end() {
    let hops = r#"{"from": "forwarded_for", "trusted_hops": 2}"#;
    let allowed = counted_apart(
        hops,
        &[
            ("10.0.0.1", &["6.6.6.6, 192.0.2.1, 10.0.0.9"]),
            ("10.0.0.1", &["7.7.7.7,192.0.2.1 ,10.0.0.8"]),
            ("10.0.0.2", &["1.1.1.1", "192.0.2.1:5555", "10.0.0.8"]),
            ("10.0.0.1", &["192.0.2.2, 10.0.0.9"]),
            ("10.0.0.1", &["10.0.0.9"]),
            ("10.0.0.1", &["unknown, 10.0.0.9"]),
            ("10.0.0.1", &[]),
        ],
    );
    assert_eq!(allowed, [true, false, false, true, true, false, false]);
}

#[test]
fn trusted_proxies_are_believed_and_nobody_else() {
    let trusted = r#"{"from": "forwarded_for", "trusted_cidrs": ["10.0.0.0/8", "::1"]}"#;
    let allowed = counted_apart(
        trusted,
        &[
            ("10.0.0.1", &["6.6.6.6, 192.0.2.1, 10.0.0.9"]),
            ("10.0.0.2", &["192.0.2.1"]),
            ("192.0.2.1", &["8.8.8.8"]),
            ("::1", &["5.5.5.5", "192.0.2.1, 10.9.9.9"]),
            ("192.0.2.7", &["10.0.0.1"]),
            ("10.0.0.1", &["10.0.0.7"]),
            ("10.0.0.7", &[]),
            ("10.0.0.7", &["garbage"]),
        ],
    );
    assert_eq!(allowed, [true, false, false, false, true, true, false, false]);
}

#[test]
fn ipv6_networks_are_as_long_as_configured() {
    let apart = |prefix: &str| {
        counted_apart(
            prefix,
            &[("2001:db8:1:2::1", &[]), ("2001:db8:1:3::1", &[]), ("192.0.2.1", &[])],
        )
    };
    assert_eq!(apart("{}"), [true, true, true]);
    assert_eq!(apart(r#"{"ipv6_prefix": 48}"#), [true, false, true]);
    assert_eq!(apart(r#"{"ipv6_prefix": 128}"#), [true, true, true]);
}

#[test]
fn envoys_own_entry_is_a_proxys() {
    let trusted = r#"{"from": "forwarded_for", "trusted_cidrs": ["127.0.0.0/8"]}"#;
    let allowed = counted_apart(
        trusted,
        &[
            ("127.0.0.1", &["6.6.6.1, 198.51.100.1,127.0.0.1"]),
            ("127.0.0.1", &["6.6.6.2, 198.51.100.1,127.0.0.1"]),
            ("127.0.0.1", &["198.51.100.1, 198.51.100.2,127.0.0.1"]),
        ],
    );
    assert_eq!(allowed, [true, false, true]);
}

#[test]
fn the_address_is_looked_up_once() {
    let policy = limiter(
        r#"{"hour": 9, "client_ip": {"from": "forwarded_for", "trusted_hops": 2},
            "allow": {"cidrs": ["10.0.0.0/8"]}, "deny": {"cidrs": ["192.0.2.0/24"]}}"#,
    );
    let (host, mut state) = (host(), State::default());
    assert!(allows(&host, &policy, &mut state, &[("x-forwarded-for", "10.0.0.1")]));
    assert_eq!(*host.events.borrow(), ["forwarded_for_unusable"]);
}
