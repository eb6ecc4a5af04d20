//! Requests and responses of a page that calls novasphere-api.

/// The path of every request.
pub(crate) const PATH: &str = "/api/v1/wukongs?limit=20";

/// The header lines of every request, except the token's.
pub(crate) const REQUEST: [(&str, &str); 8] = [
    ("Host", "api.novasphere.io"),
    ("Origin", "https://app.novasphere.io"),
    ("Referer", "https://app.novasphere.io/wukongs"),
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("Accept", "application/json"),
    ("Accept-Language", "en-GB,en;q=0.8,de;q=0.5"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("X-Client-Type", "web"),
];

/// The header lines of every response, except the length.
pub(crate) const RESPONSE: [(&str, &str); 5] = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("Server", "novasphere-api"),
    ("X-Powered-By", "novasphere"),
    ("Vary", "Accept-Encoding"),
];

/// The body of every response.
pub(crate) const BODY: &str = r#"{"items":[{"name":"sun","status":"running","created":"2026-01-02T03:04:05Z"},{"name":"monkey","status":"stopped","created":"2026-02-03T04:05:06Z"}],"next":null}"#;
