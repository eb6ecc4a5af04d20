//! Templates of header-transform.

use novasphere_core::{
    Decision, Filter, HeaderMutation, Headers, RequestHead, header_value, testing::TestHost,
};
use novasphere_header_transform::HeaderTransform;
use serde_json::json;

/// The first line of the input is a template, the rest the value of a header that templates can use.
/// Neither panics, and every value that results is valid.
pub(crate) fn check(input: &[u8]) -> bool {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let template = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let value = parts.next().unwrap_or_default();
    let config = json!({"request": {"add": {
        "headers": [format!("X-Added:{template}")], "querystring": [format!("added:{template}")],
    }}});
    let host = TestHost::at(1_800_000_000);
    let Ok(filter) = HeaderTransform::from_json(config.to_string().as_bytes(), &host) else {
        return false;
    };
    let target = [b"/a/b?q=", value].concat();
    let lines: [(&[u8], &[u8]); 4] =
        [(b":method", b"GET"), (b":path", &target), (b"x-a", value), (b"x-a", b"second")];
    let head = RequestHead { headers: Headers::borrowed(lines) };
    let decision = filter.on_request(&head, &mut Default::default(), &host.env());
    let Decision::Continue { mutations, .. } = decision else { return false };
    for mutation in mutations {
        match mutation {
            HeaderMutation::Set(name, value) | HeaderMutation::Add(name, value) => {
                assert_eq!(header_value(&value), Ok(&*value), "{name}");
            }
            _ => {}
        }
    }
    true
}
