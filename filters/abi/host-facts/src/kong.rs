//! Kong 3.4 to 3.9.

/// Whether later filters can read the attributes that a filter sets.
pub const PASSES_ATTRIBUTES: bool = false;

/// Request headers of which nginx silently drops a second line, and whose value is not a list
/// (`ngx_http_wasm_req_headers_handlers`).
pub const SINGLE_LINE_HEADERS: [&str; 20] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "date",
    "depth",
    "destination",
    "expect",
    "host",
    "if-modified-since",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "overwrite",
    "range",
    "referer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-real-ip",
];

/// Request headers that nginx needs for the client's address, so that no filter can remove them.
pub const UNREMOVABLE_HEADERS: [&str; 2] = ["x-forwarded-for", "x-real-ip"];

/// The remedy if a filter does not get the environment variable `name`.
pub fn variable_remedy(name: &str) -> String {
    format!(
        "set {name} in the proxy's environment and pass it on with \
         nginx_main_env = {name} in kong.conf"
    )
}
