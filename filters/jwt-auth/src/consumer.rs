//! Whom the upstream is told a token is from.

use novasphere_core::ConfigErrors;

use crate::{
    config::ConsumerConfig,
    header_text::{self, UnusableText},
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
    /// Reads one; `identifier` is from the field of that name beside it.
    pub fn new(
        wire: &ConsumerConfig,
        identifier: &str,
        at: &str,
        identifier_field: &str,
        errors: &mut ConfigErrors,
    ) -> Self {
        let mut header = |field: &str, text: Option<&str>| {
            let value = header_text::from_text(text?);
            if let Err(UnusableText) = value {
                let message = "holds a control character, or is too long for a header";
                errors.add(format!("{at}.{field}"), message);
            }
            value.ok().filter(|value| !value.is_empty())
        };
        Self {
            id: header("consumer.id", wire.id.as_deref()),
            custom_id: header("consumer.custom_id", wire.custom_id.as_deref()),
            username: header("consumer.username", wire.username.as_deref()),
            identifier: header(identifier_field, Some(identifier)),
        }
    }
}
