//! Header values are bytes. As text, each character is one byte (ISO 8859-1).

use anyhow::{Context, Result};

/// Decodes bytes.
pub fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Encodes text.
///
/// # Errors
/// If a character is above U+00FF.
pub fn bytes(text: &str) -> Result<Vec<u8>> {
    text.chars()
        .map(|c| u8::try_from(c).ok())
        .collect::<Option<_>>()
        .with_context(|| format!("{text:?} holds a character that is not Latin-1"))
}
