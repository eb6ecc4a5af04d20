//! Checks of `methods`, `headers` and `exposed_headers`.

use novasphere_core::{BuildContext, HeaderName};

/// Methods whose lower-case spelling is a mistake.
const METHODS: [&str; 10] =
    ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT", "TRACK"];

/// Methods that pages cannot use (Fetch standard, "forbidden method").
const FORBIDDEN_METHODS: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];

/// Headers that only browsers set (Fetch standard, "forbidden request-header"), besides `proxy-*`
/// and `sec-*`.
const FORBIDDEN_HEADERS: [&str; 20] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub(super) const LITERAL_WILDCARD: &str = "\"*\" is a literal name when credentials are allowed \
     (Fetch standard, CORS protocol and credentials): list the names";

#[cold]
pub(super) fn check_methods(
    field: &str,
    methods: &[String],
    credentials: bool,
    cx: &mut BuildContext<'_>,
) {
    for (i, method) in methods.iter().enumerate() {
        let path = format!("{field}[{i}]");
        let upper = method.to_ascii_uppercase();
        // A method is a token, like a field name (RFC 9110 section 9.1).
        if HeaderName::parse(method).is_err() {
            cx.fault(path, format!("{method:?} is not a method (RFC 9110 9.1)"));
        } else if FORBIDDEN_METHODS.contains(&upper.as_str()) {
            let fault = "is a method that no page can use (Fetch standard, forbidden method): \
                         remove it";
            cx.fault(path, format!("{method:?} {fault}"));
        } else if *method != upper && METHODS.contains(&upper.as_str()) {
            let fault = format!("{method:?}: methods are case-sensitive, write {upper:?}");
            cx.fault(path, fault);
        } else if methods.iter().take(i).any(|earlier| earlier == method) {
            cx.fault(path, format!("{method:?} is listed twice"));
        } else if method == "*" && credentials {
            cx.fault(path, LITERAL_WILDCARD);
        }
    }
}

#[cold]
pub(super) fn check_headers(
    field: &str,
    names: &[String],
    credentials: bool,
    cx: &mut BuildContext<'_>,
) {
    check_names(field, names, credentials, cx);
    for (i, name) in names.iter().enumerate() {
        let lower = name.to_ascii_lowercase();
        let is_forbidden = FORBIDDEN_HEADERS.contains(&lower.as_str())
            || ["proxy-", "sec-"].iter().any(|start| lower.starts_with(start));
        // Harmless, and common in configurations, so only a warning.
        if is_forbidden {
            let message = format!("{name:?} is set by browsers, never by pages: remove it");
            cx.warn(&format!("{field}[{i}]"), &message);
        }
    }
}

#[cold]
pub(super) fn check_exposed_headers(
    field: &str,
    names: &[String],
    credentials: bool,
    cx: &mut BuildContext<'_>,
) {
    check_names(field, names, credentials, cx);
    for (i, name) in names.iter().enumerate() {
        if ["set-cookie", "set-cookie2"].contains(&name.to_ascii_lowercase().as_str()) {
            let fault = "is never visible to pages (Fetch standard, forbidden response-header \
                         name): remove it";
            cx.fault(format!("{field}[{i}]"), format!("{name:?} {fault}"));
        }
    }
}

#[cold]
fn check_names(field: &str, names: &[String], credentials: bool, cx: &mut BuildContext<'_>) {
    for (i, name) in names.iter().enumerate() {
        let path = format!("{field}[{i}]");
        if let Err(error) = HeaderName::parse(name) {
            cx.fault(path, error.to_string());
        } else if names.iter().take(i).any(|earlier| earlier.eq_ignore_ascii_case(name)) {
            cx.fault(path, format!("{name:?} is listed twice"));
        } else if name == "*" && credentials {
            cx.fault(path, LITERAL_WILDCARD);
        }
    }
}
