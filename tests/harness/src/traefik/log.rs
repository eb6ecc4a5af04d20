//! Traefik's log.

use serde_json::Value;

/// A log line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The level, such as `error`.
    pub level: String,
    /// The router, if any.
    pub router: Option<String>,
    /// The message and its error.
    pub text: String,
}

impl Line {
    /// Parses a JSON line. Any other line is a message.
    pub(super) fn parse(line: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            return Self { text: line.to_owned(), ..Self::default() };
        };
        let text = |name| value.get(name).and_then(Value::as_str);
        let parts: Vec<_> = ["message", "error"].into_iter().filter_map(text).collect();
        let router = text("routerName").and_then(|name| name.strip_suffix("@file"));
        Self {
            level: text("level").unwrap_or_default().to_owned(),
            router: router.map(ToOwned::to_owned),
            text: parts.join(": "),
        }
    }
}
