//! Configurations of the gateway.

use novasphere_core::{Filter, Headers, RequestHead, testing::TestHost};
use novasphere_gateway::Gateway;

/// A secret in the environment. Many inputs refer to it.
const SECRET: &str = "secret-of-the-fuzzer-with-48-bytes-0123456789abc";

/// No configuration panics, no error contains a secret of the environment, and a request to a gateway
/// with an accepted configuration does not panic.
pub(crate) fn check(input: &[u8]) -> bool {
    let mut host = TestHost::at(1_800_000_000);
    host.variables.insert("NOVASPHERE_JWT_SECRET".to_owned(), SECRET.to_owned());
    let gateway = match Gateway::from_json(input, &host) {
        Ok(gateway) => gateway,
        Err(errors) => {
            let text = errors.to_string();
            assert!(!text.is_empty() && !text.contains(SECRET), "{text}");
            return false;
        }
    };
    let lines: [(&[u8], &[u8]); 6] = [
        (b":method", b"GET"),
        (b":path", b"/api/v1/wukongs?token=a.b.c"),
        (b":authority", b"api.novasphere.io"),
        (b"origin", b"https://app.novasphere.io"),
        (b"authorization", b"Bearer e30.e30.e30"),
        (b"x-forwarded-for", b"203.0.113.9"),
    ];
    let head = RequestHead { headers: Headers::borrowed(lines) };
    drop(gateway.on_request(&head, &mut Default::default(), &host.env()));
    true
}
