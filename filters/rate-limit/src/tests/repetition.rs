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
    for other in
        [r#"{"hour": 8}"#, r#"{"hour": 9, "name": "b"}"#, r#"{"hour": 9, "limit_by": "host"}"#]
    {
        assert_eq!(warnings([a, other]), [""; 0], "{other}");
    }
}
