//! Which requests count together.

use super::*;

mod address;

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

/// The forms of a host do not make new clients.
#[test]
fn host_is_counted_in_one_form() {
    let limits = [
        r#"{"hour": 1, "limit_by": "host"}"#,
        r#"{"hour": 1, "limit_by": "header", "header_name": "Host"}"#,
        r#"{"rules": [{"name": "a", "path": "/", "hour": 1, "limit_by": "host"}]}"#,
    ];
    for config in limits {
        let filter = build(config);
        let (host, mut state) = (host(), State::default());
        let mut passes_for = |authority: &str| {
            let lines = [(":authority", authority), (":scheme", "http"), (":path", "/")];
            passes(&host, &filter, &mut state, &lines)
        };
        assert!(passes_for("API.example:80"), "{config}");
        assert!(!passes_for("api.example."), "{config}");
        assert!(!passes_for("api.example:443"), "{config}");
        assert!(!passes_for("api.example:8443"), "{config}");
        assert!(passes_for("www.example:8443"), "{config}");
        assert!(passes_for(""), "by address");
        assert!(!passes_for("."), "by address");
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
fn warns_if_clients_choose_their_identity() {
    let warnings = |config: &str| {
        let host = TestHost::default();
        RateLimit::from_json(config.as_bytes(), &host).unwrap();
        host.warnings.take()
    };
    let trusted = |cidrs: &str| {
        let client_ip = format!(r#"{{"from": "forwarded_for", "trusted_cidrs": {cidrs}}}"#);
        warnings(&format!(r#"{{"hour": 1, "client_ip": {client_ip}}}"#))
    };
    for (cidrs, family) in [
        (r#"["0.0.0.0/0"]"#, "IPv4"),
        (r#"["10.0.0.0/8", "128.0.0.0/1", "0.0.0.0/1"]"#, "IPv4"),
        (r#"["::/0"]"#, "IPv6"),
    ] {
        let message = format!(
            "client_ip.trusted_cidrs: trusts every {family} address, so clients choose their own \
             address: list only the networks of the proxies in front, such as 10.0.0.0/8"
        );
        assert_eq!(trusted(cidrs), [message], "{cidrs}");
    }
    assert_eq!(trusted(r#"["10.0.0.0/8", "0.0.0.0/1", "fc00::/7"]"#), [""; 0]);
    let by_header = |name: &str| {
        warnings(&format!(r#"{{"hour": 1, "limit_by": "header", "header_name": "{name}"}}"#))
    };
    for name in ["X-Forwarded-For", "x-real-ip", "Forwarded"] {
        let message = format!(
            "header_name: clients can send {} and choose their own identity: to count by address, \
             use limit_by: ip with client_ip: {{from: forwarded_for, trusted_cidrs: [...]}}",
            name.to_ascii_lowercase()
        );
        assert_eq!(by_header(name), [message]);
    }
    assert_eq!(by_header("X-Api-Key"), [""; 0]);
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
