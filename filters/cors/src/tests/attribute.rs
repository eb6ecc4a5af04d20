//! The attribute for the access log.

use super::*;

/// The attribute after a request.
fn attribute(config: &str, lines: Lines<'_>) -> Option<Vec<u8>> {
    let host = TestHost::default();
    let cors = cors(config);
    let head = RequestHead { headers: headers(lines) };
    let _ = cors.on_request(&head, &mut (), &host.env());
    let mut attributes = host.attributes.take();
    let value = attributes.remove("cors_decision");
    assert!(attributes.is_empty(), "{attributes:?}");
    value
}

#[test]
fn attribute_is_set_only_if_the_log_does_not_show_the_decision() {
    let evil = ("origin", &b"https://evil.com"[..]);
    let (preflight, method) =
        ((":method", &b"OPTIONS"[..]), ("access-control-request-method", APP));
    let forward = r#"{"origins": ["https://app.novasphere.io"], "preflight_continue": true}"#;
    let block = r#"{"origins": ["https://app.novasphere.io"], "block_disallowed": true}"#;
    for (config, lines, expected) in [
        (NOVASPHERE, &[evil][..], Some("not_allowed")),
        (NOVASPHERE, &[("origin", b"null")], Some("not_allowed")),
        (forward, &[evil, preflight, method], Some("preflight_refused")),
        // The response of the filter names its decision.
        (NOVASPHERE, &[evil, preflight, method], None),
        (block, &[evil, (":method", b"POST")], None),
        (NOVASPHERE, &[("origin", APP)], None),
        (NOVASPHERE, &[], None),
        ("{}", &[evil], None),
    ] {
        let expected = expected.map(|name| name.as_bytes().to_vec());
        assert_eq!(attribute(config, lines), expected, "{config}: {lines:?}");
    }
}
