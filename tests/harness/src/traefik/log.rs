//! What Traefik logs.

use serde_json::Value;

/// A line of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// `error`, for one.
    pub level: String,
    /// The router it is about.
    pub router: Option<String>,
    /// What it says, with its error.
    pub text: String,
}

impl Line {
    /// One line, JSON; anything else is taken as a text.
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
