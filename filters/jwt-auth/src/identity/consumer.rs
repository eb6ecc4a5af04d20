//! Whom the upstream is told a token is from.

use novasphere_core::BuildContext;

use crate::{
    config::ConsumerConfig,
    token::header_text::{self, UnusableText},
};

/// Kong's consumer, as header values.
#[derive(Debug, Default)]
pub(crate) struct Consumer {
    /// `X-Consumer-ID`.
    pub id: Option<Vec<u8>>,
    /// `X-Consumer-Custom-ID`.
    pub custom_id: Option<Vec<u8>>,
    /// `X-Consumer-Username`.
    pub username: Option<Vec<u8>>,
    /// `X-Credential-Identifier`.
    pub identifier: Option<Vec<u8>>,
}

impl Consumer {
    /// Reads the one at that path.
    pub fn new(wire: &ConsumerConfig, at: &str, cx: &mut BuildContext<'_>) -> Self {
        let mut read = |field: &str, text: Option<&str>| value(text?, &format!("{at}.{field}"), cx);
        Self {
            id: read("id", wire.id.as_deref()),
            custom_id: read("custom_id", wire.custom_id.as_deref()),
            username: read("username", wire.username.as_deref()),
            identifier: None,
        }
    }

    /// The same with an identifier, which is from that path.
    pub fn identified_by(self, identifier: &str, path: &str, cx: &mut BuildContext<'_>) -> Self {
        Self { identifier: value(identifier, path, cx), ..self }
    }
}

fn value(text: &str, path: &str, cx: &mut BuildContext<'_>) -> Option<Vec<u8>> {
    let value = header_text::from_text(text);
    if let Err(UnusableText) = value {
        cx.fault(path, "holds a control character, or is too long for a header");
    }
    value.ok().filter(|value| !value.is_empty())
}
