//! Lists of request methods.

use crate::{BuildContext, HeaderName};

/// The methods that a rule with this list is for, any when there are none; `at` is the list.
pub fn parse_methods(list: Option<&[String]>, at: &str, cx: &mut BuildContext<'_>) -> Vec<String> {
    let methods = list.unwrap_or_default();
    if list.is_some() && methods.is_empty() {
        cx.fault(at, "is empty; leave it out for any");
    }
    for (i, method) in methods.iter().enumerate() {
        // A method is a token (RFC 9110 section 9.1), as a header's name is.
        let is_token = HeaderName::parse(method).is_ok();
        if !is_token || method.bytes().any(|b| b.is_ascii_lowercase()) {
            let message = format!("{method:?} is not a method: they are case-sensitive, as GET");
            cx.fault(format!("{at}[{i}]"), message);
        }
    }
    methods.to_vec()
}
