//! Lists of request methods.

use crate::{BuildContext, HeaderName};

/// Checks the `methods` of a rule. `path` is the field's path. An empty result means any method.
pub fn parse_methods(
    list: Option<&[String]>,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Vec<String> {
    let methods = list.unwrap_or_default();
    if list.is_some() && methods.is_empty() {
        cx.fault(path, "must not be empty; omit it to match any method");
    }
    for (i, method) in methods.iter().enumerate() {
        // A method is a token (RFC 9110 section 9.1), like a header name.
        let is_token = HeaderName::parse(method).is_ok();
        if !is_token || method.bytes().any(|b| b.is_ascii_lowercase()) {
            let message =
                format!("{method:?} is not a method: methods are case-sensitive, such as GET");
            cx.fault(format!("{path}[{i}]"), message);
        }
    }
    methods.to_vec()
}
