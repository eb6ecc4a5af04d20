//! Two filters of a chain with the same limits.

use super::*;

#[test]
fn limiter_that_counts_a_request_twice_is_logged_once() {
    let (a, b) = (r#"{"hour": 9, "headers": "none"}"#, r#"{"hour": 9, "error_code": 503}"#);
    let warnings = |configs: [&str; 2]| {
        let filters = configs.map(build);
        let host = host();
        let mut states = configs.map(|_| State::default());
        for _ in 0..20 {
            host.attributes.borrow_mut().clear();
            for (filter, state) in filters.iter().zip(&mut states) {
                filter.on_request(&RequestHead::default(), state, &host.env());
            }
        }
        host.warnings.take()
    };
    let logged = warnings([a, b]);
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert!(logged[0].starts_with("a request counts twice"), "{logged:?}");
    let same_table = r#"{"hour": 9, "max_clients": 65000, "lease": true}"#;
    assert_eq!(warnings([a, same_table]).len(), 1);
    let redis = |host: &str| {
        let uri = format!("http://{host}/");
        format!(r#"{{"hour": 9, "policy": "redis", "redis": {{"uri": "{uri}"}}}}"#)
    };
    let (redis_a, redis_b) = (redis("a"), redis("b"));
    assert_eq!(warnings([&redis_a, &redis_a]).len(), 1);
    assert_eq!(warnings([&redis_a, &redis_b]), [""; 0]);
    for other in [
        r#"{"hour": 8}"#,
        r#"{"hour": 9, "name": "b"}"#,
        r#"{"hour": 9, "limit_by": "host"}"#,
        r#"{"hour": 9, "scope": "route"}"#,
        r#"{"hour": 9, "max_clients": 1024}"#,
        &redis_a,
    ] {
        assert_eq!(warnings([a, other]), [""; 0], "{other}");
    }
}
