//! Request paths.

use novasphere_core::{Decision, Filter, Headers, RequestHead, UnambiguousPath, testing::TestHost};
use novasphere_jwt_auth::JwtAuth;

const CONFIG: &str = r#"{"credentials": [{"key": "k", "secret": {"env": "SECRET"}}],
    "skip": [{"path": "/public"}, {"path_prefix": "/open"}, {"path_template": "/users/{id}/avatar"}]}"#;

thread_local! {
    static JWT_AUTH: Option<JwtAuth> = {
        let mut host = TestHost::default();
        host.variables.insert("SECRET".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
        JwtAuth::from_json(CONFIG.as_bytes(), &host).ok()
    };
}

/// Only an unambiguous path is exempt, and only the exempt ones pass without a token.
pub(crate) fn check(input: &[u8]) -> bool {
    let path = input.split(|byte| *byte == b'?').next().unwrap_or_default();
    let read = UnambiguousPath::new(path);
    let lines: [(&[u8], &[u8]); 2] = [(b":method", b"GET"), (b":path", input)];
    let head = RequestHead { headers: Headers::borrowed(lines) };
    let host = TestHost::default();
    JWT_AUTH.with(|filter| {
        assert!(filter.is_some(), "configuration refused");
        let Some(filter) = filter else { return false };
        let decision = filter.on_request(&head, &mut Default::default(), &host.env());
        let passes = matches!(decision, Decision::Continue { .. });
        if let Decision::Continue { reason, .. } = decision {
            let path = read.as_ref().map(UnambiguousPath::as_str);
            assert!(path.is_some_and(is_exempt), "{reason}: {}", input.escape_ascii());
        }
        passes
    })
}

fn is_exempt(path: &str) -> bool {
    let user = path.strip_prefix("/users/").and_then(|rest| rest.strip_suffix("/avatar"));
    let is_open =
        path.strip_prefix("/open").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path == "/public" || is_open || user.is_some_and(|id| !id.is_empty() && !id.contains('/'))
}
