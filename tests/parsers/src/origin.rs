//! Origins.

use novasphere_core::{Decision, Filter, Headers, RequestHead, testing::TestHost};
use novasphere_cors::Cors;

const CONFIG: &str = r#"{"origins": ["https://app.novasphere.io", "https://*.novasphere.io",
    "http://localhost:*"], "credentials": true}"#;

thread_local! {
    static CORS: Option<Cors> = Cors::from_json(CONFIG.as_bytes(), &TestHost::default()).ok();
}

/// A preflight response allows the input only if it is an origin in the configuration.
pub(crate) fn check(input: &[u8]) -> bool {
    let lines: [(&[u8], &[u8]); 4] = [
        (b":method", b"OPTIONS"),
        (b":path", b"/"),
        (b"origin", input),
        (b"access-control-request-method", b"GET"),
    ];
    let head = RequestHead { headers: Headers::borrowed(lines) };
    let host = TestHost::default();
    CORS.with(|cors| {
        assert!(cors.is_some(), "configuration refused");
        let Some(cors) = cors else { return false };
        let decision = cors.on_request(&head, &mut Default::default(), &host.env());
        let Decision::Respond { response, .. } = decision else { return false };
        let allowed = |name: &str| name == "access-control-allow-origin";
        let allowed = response.headers.iter().find(|(name, _)| allowed(name.as_str()));
        if let Some((_, value)) = allowed {
            assert_eq!(**value, *input.trim_ascii());
            assert!(is_listed(input.trim_ascii()), "{}", input.escape_ascii());
        }
        allowed.is_some()
    })
}

/// Whether an entry of the configuration covers the origin, apart from case and a default port.
fn is_listed(origin: &[u8]) -> bool {
    let text = String::from_utf8_lossy(origin).to_ascii_lowercase();
    if let Some(port) = text.strip_prefix("http://localhost") {
        let digits = port.strip_prefix(':').unwrap_or(port);
        return digits.chars().all(|c| c.is_ascii_digit());
    }
    let host = text.strip_prefix("https://").map(|host| host.strip_suffix(":443").unwrap_or(host));
    let label = host.and_then(|host| host.strip_suffix(".novasphere.io"));
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    label.is_some_and(|label| !label.is_empty() && label.chars().all(is_part))
}
