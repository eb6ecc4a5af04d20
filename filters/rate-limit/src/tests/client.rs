//! Which requests count together.

use super::*;

#[test]
fn identities_count_separately() {
    let filter = build(r#"{"hour": 1, "limit_by": "header", "header_name": "X-Client"}"#);
    let (host, mut state) = (host(), State::default());
    let mut passes_for = |lines: &[(&str, &str)]| passes(&host, &filter, &mut state, lines);
    assert!(passes_for(&[("x-client", "a")]));
    assert!(!passes_for(&[("X-Client", "a")]));
    assert!(passes_for(&[("x-client", "b")]));
    assert!(!passes_for(&[("x-client", "a"), ("x-client", "b")]), "the first line counts");
    assert!(passes_for(&[("x-client", "ab")]));
    assert!(passes_for(&[]), "by address");
    assert!(!passes_for(&[("x-client", "")]), "by address");
    assert_eq!(*host.events.borrow(), ["fell_back_to_ip", "fell_back_to_ip"]);
}

/// Envoy has no `host` line.
#[test]
fn host_header_is_the_authority() {
    let lines = |host: &'static str| [(":authority", host), (":path", "/")];
    let by_host = build(r#"{"hour": 1, "limit_by": "header", "header_name": "Host"}"#);
    let rule = build(
        r#"{"rules": [{"name": "a", "header": {"name": "host", "one_of": ["a"]}, "hour": 1}]}"#,
    );
    let hosts = ["a", "a", "b", "b"];
    for (filter, expected) in
        [(&by_host, [true, false, true, false]), (&rule, [true, false, true, true])]
    {
        let (host, mut state) = (host(), State::default());
        assert_eq!(hosts.map(|name| passes(&host, filter, &mut state, &lines(name))), expected);
    }
}

#[test]
fn path_limit_does_not_limit_other_paths() {
    let filter = build(r#"{"hour": 1, "limit_by": "path", "path": "/api/v1/wukongs"}"#);
    let (host, mut state) = (host(), State::default());
    let mut send = |path| passes(&host, &filter, &mut state, &[(":path", path)]);
    assert!(send("/api/v1/wukongs?a=1"));
    assert!(!send("/api/v1/wukongs"));
    assert!((0..5).all(|_| send("/api/v1/wukongs/1")));
}

#[test]
fn clients_without_an_address_count_as_one() {
    let filter = build(r#"{"hour": 1}"#);
    let (host, mut state) = (host(), State::default());
    host.address.set(None);
    assert!(passes(&host, &filter, &mut state, &[]));
    assert!(!passes(&host, &filter, &mut state, &[]));
}

#[test]
fn parts_combine_to_one_identity() {
    let filter = build(r#"{"hour": 1, "limit_by": ["header", "ip"], "header_name": "x-client"}"#);
    let (host, mut state) = (host(), State::default());
    let mut passes_for = |address: &str, client: &str| {
        host.address.set(Some(address.parse().unwrap()));
        passes(&host, &filter, &mut state, &[("x-client", client)])
    };
    assert!(passes_for("192.0.2.1", "a"));
    assert!(!passes_for("192.0.2.1", "a"));
    assert!(passes_for("192.0.2.2", "a"));
    assert!(passes_for("192.0.2.1", "b"));
}

#[test]
fn claim_is_read_from_attributes_only() {
    let filter = build(r#"{"hour": 1, "limit_by": "claim", "claim_name": "org"}"#);
    let (host, mut state) = (host(), State::default());
    let forged: &[(&str, &str)] = &[("org", "b"), ("wasm.org", "b"), ("x-org", "b")];
    let mut passes_for = |org: Option<&str>| {
        let mut attributes = host.attributes.borrow_mut();
        attributes.clear();
        attributes.extend(org.map(|org| ("org".to_owned(), org.as_bytes().to_vec())));
        drop(attributes);
        passes(&host, &filter, &mut state, forged)
    };
    assert!(passes_for(Some("a")));
    assert!(!passes_for(Some("a")));
    assert!(passes_for(Some("b")));
    assert!(passes_for(None), "by address");
    assert!(!passes_for(None), "by address");
}

#[test]
fn claim_is_refused_on_hosts_without_attributes() {
    let host = TestHost::default();
    host.passes_attributes.set(false);
    let config = r#"{"hour": 1, "limit_by": "claim", "claim_name": "org"}"#;
    let errors = RateLimit::from_json(config.as_bytes(), &host).unwrap_err().to_string();
    assert!(errors.starts_with("claim_name: is not available"), "{errors}");
    assert!(errors.contains("claims_to_headers"), "{errors}");
    let rule = r#"{"rules": [{"name": "a", "claim": {"name": "t", "one_of": ["x"]}, "hour": 1}]}"#;
    let errors = RateLimit::from_json(rule.as_bytes(), &host).unwrap_err().to_string();
    assert!(errors.starts_with("rules[0].claim.name: is not available"), "{errors}");
}

#[test]
fn warns_about_trusted_identity_headers() {
    for config in [
        r#"{"hour": 1, "limit_by": "consumer"}"#,
        r#"{"hour": 1, "limit_by": "credential"}"#,
        r#"{"hour": 1, "deny": {"consumers": ["mallory"]}}"#,
    ] {
        let host = TestHost::default();
        RateLimit::from_json(config.as_bytes(), &host).unwrap();
        let warnings = host.warnings.borrow();
        assert!(warnings.iter().any(|w| w.contains("only behind jwt-auth")), "{warnings:?}");
    }
    let host = TestHost::default();
    RateLimit::from_json(br#"{"hour": 1}"#, &host).unwrap();
    assert_eq!(*host.warnings.borrow(), [""; 0]);
}

#[test]
fn on_unresolved_decides_about_missing_identities() {
    let limit = |on_unresolved: &str| {
        build(&format!(
            r#"{{"hour": 1, "limit_by": "credential", "on_unresolved": "{on_unresolved}"}}"#
        ))
    };
    let decide = |filter: &RateLimit, addresses: [&str; 2]| {
        let (host, mut state) = (host(), State::default());
        addresses.map(|address| {
            host.address.set(Some(address.parse().unwrap()));
            reason(&send(&host, filter, &mut state, &[]))
        })
    };
    let two = ["192.0.2.1", "192.0.2.2"];
    assert_eq!(decide(&limit("ip"), two), ["allowed", "allowed"]);
    assert_eq!(decide(&limit("ip"), [two[0], two[0]]), ["allowed", "limited"]);
    assert_eq!(decide(&limit("constant"), two), ["allowed", "limited"]);
    assert_eq!(decide(&limit("allow"), [two[0], two[0]]), ["unresolved_allowed"; 2]);
    assert_eq!(decide(&limit("deny"), two), ["unresolved_refused"; 2]);
    let (host, mut state) = (host(), State::default());
    let filter = limit("deny");
    let response = response(send(&host, &filter, &mut state, &[]));
    assert_eq!((response.status, &*response.body), (403, &br#"{"message":"Forbidden"}"#[..]));
}

#[test]
fn value_over_8192_bytes_counts_as_missing() {
    let filter = build(r#"{"hour": 1, "limit_by": "header", "header_name": "x-client"}"#);
    let (host, mut state) = (host(), State::default());
    let mut passes_for = |client: &str| passes(&host, &filter, &mut state, &[("x-client", client)]);
    assert!(passes_for(&"a".repeat(8_192)));
    assert!(passes_for(&"b".repeat(8_193)), "by address");
    assert!(!passes_for(&"c".repeat(8_193)), "by address");
}

/// Whether each request passes a limit of 1. A request is the connection's address and the
/// `X-Forwarded-For` lines.
fn passing(client_ip: &str, requests: &[(&str, &[&str])]) -> Vec<bool> {
    let filter = build(&format!(r#"{{"hour": 1, "client_ip": {client_ip}}}"#));
    let (host, mut state) = (host(), State::default());
    let passes_first = |(address, lines): &(&str, &[&str])| {
        host.address.set(Some(address.parse().unwrap()));
        let lines: Vec<(&str, &str)> =
            lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        passes(&host, &filter, &mut state, &lines)
    };
    requests.iter().map(passes_first).collect()
}

#[test]
fn trusted_hops_count_from_the_end() {
    let hops = r#"{"from": "forwarded_for", "trusted_hops": 2}"#;
    let allowed = passing(
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
fn only_trusted_proxies_can_set_the_address() {
    let trusted = r#"{"from": "forwarded_for", "trusted_cidrs": ["10.0.0.0/8", "::1"]}"#;
    let allowed = passing(
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
fn ipv6_clients_count_by_configured_network() {
    let apart = |prefix: &str| {
        passing(prefix, &[("2001:db8:1:2::1", &[]), ("2001:db8:1:3::1", &[]), ("192.0.2.1", &[])])
    };
    assert_eq!(apart("{}"), [true, true, true]);
    assert_eq!(apart(r#"{"ipv6_prefix": 48}"#), [true, false, true]);
    assert_eq!(apart(r#"{"ipv6_prefix": 128}"#), [true, true, true]);
}

#[test]
fn entry_appended_by_envoy_is_a_trusted_proxy() {
    let trusted = r#"{"from": "forwarded_for", "trusted_cidrs": ["127.0.0.0/8"]}"#;
    let allowed = passing(
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
fn address_is_looked_up_once() {
    let filter = build(
        r#"{"hour": 9, "client_ip": {"from": "forwarded_for", "trusted_hops": 2},
            "allow": {"cidrs": ["10.0.0.0/8"]}, "deny": {"cidrs": ["192.0.2.0/24"]}}"#,
    );
    let (host, mut state) = (host(), State::default());
    assert!(passes(&host, &filter, &mut state, &[("x-forwarded-for", "10.0.0.1")]));
    assert_eq!(*host.events.borrow(), ["forwarded_for_unusable"]);
}
