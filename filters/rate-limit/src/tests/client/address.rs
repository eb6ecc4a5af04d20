//! The client's address.

use super::*;

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
fn clients_without_an_address_count_as_one() {
    let filter = build(r#"{"hour": 1}"#);
    let (host, mut state) = (host(), State::default());
    host.address.set(None);
    assert!(passes(&host, &filter, &mut state, &[]));
    assert!(!passes(&host, &filter, &mut state, &[]));
}

#[test]
fn too_many_trusted_hops_are_logged_once() {
    let warnings = |hops: u32, lines: &[&str]| {
        let client_ip = format!(r#"{{"from": "forwarded_for", "trusted_hops": {hops}}}"#);
        let filter = build(&format!(r#"{{"hour": 9, "client_ip": {client_ip}}}"#));
        let (host, mut state) = (host(), State::default());
        for line in lines {
            send(&host, &filter, &mut state, &[("x-forwarded-for", line)]);
        }
        host.warnings.take()
    };
    let logged = warnings(2, &["192.0.2.1, 10.0.0.1", "192.0.2.1", "192.0.2.1"]);
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert!(logged[0].starts_with("client_ip.trusted_hops: a request has fewer than 2 entries"));
    assert_eq!(warnings(2, &["unknown, 10.0.0.1"]), [""; 0], "not a matter of depth");
    assert_eq!(warnings(1, &["192.0.2.1"]), [""; 0]);
}

#[test]
fn empty_forwarded_for_elements_are_ignored() {
    let hops = r#"{"from": "forwarded_for", "trusted_hops": 1}"#;
    let trusted = r#"{"from": "forwarded_for", "trusted_cidrs": ["10.0.0.0/8"]}"#;
    let requests: &[(&str, &[&str])] = &[
        ("10.0.0.1", &["192.0.2.1"]),
        ("10.0.0.1", &["192.0.2.1,"]),
        ("10.0.0.1", &["192.0.2.1 , ,", ""]),
        ("10.0.0.1", &[",,192.0.2.2"]),
    ];
    for client_ip in [hops, trusted] {
        assert_eq!(passing(client_ip, requests), [true, false, false, true], "{client_ip}");
    }
}

#[test]
fn nat64_address_is_the_ipv4_address_for_counts_and_denials_only() {
    let counted = passing(
        "{}",
        &[
            ("192.0.2.1", &[]),
            ("64:ff9b::192.0.2.1", &[]),
            ("64:ff9b::192.0.2.2", &[]),
            ("64:ff9b::192.0.2.2", &[]),
        ],
    );
    assert_eq!(counted, [true, false, true, false]);
    let filter = build(
        r#"{"hour": 1, "allow": {"cidrs": ["198.51.100.0/24"]}, "deny": {"cidrs": ["192.0.2.0/24"]}}"#,
    );
    let decide = |address: &str| {
        let host = host();
        host.address.set(Some(address.parse().unwrap()));
        reason(&send(&host, &filter, &mut State::default(), &[]))
    };
    assert_eq!(decide("64:ff9b::192.0.2.1"), "denied");
    assert_eq!([decide("198.51.100.1"), decide("64:ff9b::198.51.100.1")], ["exempt", "allowed"]);
    let trusted = r#"{"from": "forwarded_for", "trusted_cidrs": ["10.0.0.0/8"]}"#;
    let through = passing(
        trusted,
        &[("64:ff9b::10.0.0.1", &["203.0.113.1"]), ("64:ff9b::10.0.0.1", &["203.0.113.2"])],
    );
    assert_eq!(through, [true, false], "not a trusted proxy");
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
