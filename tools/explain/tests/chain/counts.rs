//! Counts: assumed ones, in this proxy and in Redis.

use novasphere_explain::{Chain, FilterKind::RateLimit, ProxyKind};

use super::{chain, decision, header, input, setup};

const LOCAL: &str = r#"{"minute": 20, "hour": 100, "rules": [
    {"name": "login", "path": "/login", "minute": 5}]}"#;

#[test]
fn counts_persist_over_requests() {
    let mut chain = chain(ProxyKind::Envoy, &[(RateLimit, r#"{"minute": 2}"#)]);
    let mut next = || decision(&chain.send(&input(&[]))).1;
    assert_eq!([next(), next(), next()], ["allowed", "allowed", "limited"]);
}

#[test]
fn assumed_count_is_used_before_the_request() {
    for (name, used, expected, remaining) in [
        ("minute", 17, "allowed", "2"),
        ("minute", 20, "limited", "0"),
        ("hour", 99, "allowed", "0"),
    ] {
        let mut chain = chain(ProxyKind::Envoy, &[(RateLimit, LOCAL)]);
        let used = vec![(name.to_owned(), used)];
        let explanation = chain.send(&super::Input { used, ..input(&[]) });
        assert_eq!(decision(&explanation), ("rate-limit", expected), "{name}");
        let name = format!("x-ratelimit-remaining-{name}");
        assert_eq!(header(&explanation.response, &name), [remaining]);
    }
}

#[test]
fn assumed_count_can_name_a_rule() {
    let mut chain = chain(ProxyKind::Envoy, &[(RateLimit, LOCAL)]);
    let mut login = super::Input { used: vec![("login".to_owned(), 5)], ..input(&[]) };
    assert_eq!(decision(&chain.send(&login)).1, "allowed");
    login.request.target = b"/login".to_vec();
    let explanation = chain.send(&login);
    assert_eq!(decision(&explanation).1, "limited");
    let note = explanation.steps[0].notes.iter().find(|note| note.decides).unwrap();
    assert_eq!(note.subject, "limit minute");
    assert_eq!(note.found, "5 used before this request, 0 left, ends in 18 s");
    let full =
        "novasphere_full_windows_total{filter=\"rate-limit\",rule=\"login\",window=\"minute\"}";
    assert!(explanation.metrics.iter().any(|(metric, _)| metric == full));
}

#[test]
fn assumed_count_works_with_leases() {
    let config = r#"{"hour": 30, "lease": {"share": 50, "max": 10}}"#;
    let mut chain = chain(ProxyKind::Envoy, &[(RateLimit, config)]);
    let used = vec![("hour".to_owned(), 12)];
    let explanation = chain.send(&super::Input { used, ..input(&[]) });
    assert_eq!(header(&explanation.response, "x-ratelimit-remaining-hour"), ["17"]);
}

const REDIS: &str = r#"{"minute": 20, "policy": "redis",
    "redis": {"uri": "http://redis.test/", "on_error": "deny"}}"#;

#[test]
fn redis_counts() {
    let mut chain = chain(ProxyKind::Envoy, &[(RateLimit, REDIS)]);
    let used = vec![("minute".to_owned(), 19)];
    let first = super::Input { used, ..input(&[]) };
    let explanation = chain.send(&first);
    assert_eq!(decision(&explanation), ("rate-limit", "allowed"));
    assert_eq!(explanation.remarks, ["Redis is assumed to count"]);
    assert_eq!(header(&explanation.response, "x-ratelimit-remaining-minute"), ["0"]);
    assert_eq!(decision(&chain.send(&input(&[]))), ("rate-limit", "limited"));
}

#[test]
fn unreachable_redis_is_said() {
    let mut setup = setup(ProxyKind::Envoy, &[(RateLimit, REDIS)]);
    setup.redis = false;
    let explanation = Chain::new(setup).unwrap().send(&input(&[]));
    assert_eq!(decision(&explanation), ("rate-limit", "store_failed_refused"));
    assert_eq!(explanation.remarks, ["Redis is assumed to be unreachable"]);
    let failure = "novasphere_redis_failures_total{filter=\"rate-limit\",kind=\"no_reply\"}";
    assert!(explanation.metrics.iter().any(|(metric, _)| metric == failure));
}
