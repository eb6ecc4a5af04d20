//! Responses of Redis.

use novasphere_core::{
    CalloutResult, Decision, FetchResponse, Filter, Headers, RequestHead, testing::TestHost,
};
use novasphere_rate_limit::RateLimit;

const CONFIG: &str = r#"{"policy": "redis", "limit_by": "header", "header_name": "c", "minute": 5,
    "redis": {"uri": "http://redis:80/", "on_error": "deny", "secret": "0123456789abcdef"}}"#;

thread_local! {
    static RATE_LIMIT: Option<RateLimit> =
        RateLimit::from_json(CONFIG.as_bytes(), &TestHost::default()).ok();
}

/// `NONCE` in the input stands for the random number of the call. A request passes only if the response
/// repeats it.
pub(crate) fn check(input: &[u8]) -> bool {
    let lines: [(&[u8], &[u8]); 3] = [(b":method", b"GET"), (b":path", b"/"), (b"c", b"client")];
    let head = RequestHead { headers: Headers::borrowed(lines) };
    let host = TestHost::at(1_800_000_000);
    RATE_LIMIT.with(|filter| {
        assert!(filter.is_some(), "configuration refused");
        let Some(filter) = filter else { return false };
        let mut state = Default::default();
        let Decision::Call(call) = filter.on_request(&head, &mut state, &host.env()) else {
            return false;
        };
        let command: Vec<String> = serde_json::from_slice(&call.body).unwrap_or_default();
        let nonce = command.get(4).cloned().unwrap_or_default();
        assert!(nonce.len() > 8, "no random number: {command:?}");
        let body = String::from_utf8_lossy(input).replace("NONCE", &nonce);
        let response = Ok(FetchResponse {
            status: 200,
            headers: Headers::borrowed([(&b":status"[..], &b"200"[..])]),
            body: body.as_bytes(),
        });
        let callout = Some(CalloutResult { ticket: &call.ticket, response: &response });
        let mut env = host.env();
        env.callout = callout;
        let decision = filter.on_request(&head, &mut state, &env);
        let passes = matches!(decision, Decision::Continue { .. });
        if let Decision::Continue { reason, .. } = decision {
            assert!(body.contains(&nonce), "{reason} without the random number: {body}");
        }
        passes
    })
}
