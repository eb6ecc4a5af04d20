//! Secrets of the input. Their values never leave this module.

use std::fmt;

use base64::Engine as _;

/// A secret of the input.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The secret itself.
    Value(SecretText),
    /// A reference to an environment variable: its name.
    Variable(String),
    /// A reference to another store.
    Reference,
}

/// The text of a secret. Not printable.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("Value(...)"),
            Self::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
            Self::Reference => f.write_str("Reference"),
        }
    }
}

impl Secret {
    /// The secret that a field contains. `{vault://env/jwt-secret}` is the variable `JWT_SECRET`.
    pub fn new(text: &str) -> Self {
        let reference = text.trim().strip_prefix("{vault://").and_then(|t| t.strip_suffix('}'));
        match reference {
            Some(reference) => match reference.strip_prefix("env/") {
                Some(name) => variable(name).map_or(Self::Reference, Self::Variable),
                None => Self::Reference,
            },
            None => Self::Value(SecretText(text.to_owned())),
        }
    }

    /// The secret in an entry of `data` of a Kubernetes Secret.
    pub fn from_base64(text: &str) -> Self {
        match decoded(text) {
            Some(text) => Self::new(&text),
            None => Self::Reference,
        }
    }

    /// The number of bytes of the key. `None` if the value is elsewhere.
    pub fn key_bytes(&self, is_base64: bool) -> Option<usize> {
        let Self::Value(SecretText(text)) = self else { return None };
        if !is_base64 {
            return Some(text.len());
        }
        let digits = text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'=').count();
        Some(digits.saturating_mul(3).wrapping_div(4))
    }
}

/// The text of an entry of `data` of a Kubernetes Secret.
pub fn decoded(text: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?;
    String::from_utf8(bytes).ok()
}

/// The variable of a reference to Kong's vault `env`. `None` if only a part of it is used.
fn variable(reference: &str) -> Option<String> {
    let name: String =
        reference.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() }).collect();
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    is_name.then_some(name)
}

/// Parts of the names of headers and query parameters with credentials.
const CREDENTIAL_WORDS: [&str; 17] = [
    "auth",
    "authorization",
    "cookie",
    "credential",
    "hmac",
    "jwt",
    "key",
    "pass",
    "passwd",
    "password",
    "pwd",
    "secret",
    "session",
    "sig",
    "signature",
    "token",
    "apikey",
];

/// Whether the value of a header or query parameter with this name is probably a credential.
fn is_credential_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| CREDENTIAL_WORDS.contains(&part)) || name.contains("apikey")
}

/// Whether `name:value` probably has a credential.
pub fn is_credential(entry: &str) -> bool {
    let (name, value) = entry.split_once(':').unwrap_or((entry, ""));
    let value = value.trim_start().to_ascii_lowercase();
    is_credential_name(name) || value.starts_with("basic ") || value.starts_with("bearer ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_recognised_and_values_not_shown() {
        assert_eq!(
            Secret::new("{vault://env/jwt-secret}"),
            Secret::Variable("JWT_SECRET".to_owned())
        );
        assert_eq!(Secret::new("{vault://aws/x/y}"), Secret::Reference);
        assert_eq!(Secret::new("{vault://env/a/b}"), Secret::Reference);
        let secret = Secret::new("s3cret");
        assert!(!format!("{secret:?}").contains("s3cret"));
        assert_eq!((secret.key_bytes(false), secret.key_bytes(true)), (Some(6), Some(4)));
    }

    #[test]
    fn names_of_credential_headers() {
        for name in ["Authorization", "X-Api-Key", "X-Auth-Token", "Proxy-Authorization", "apikey"]
        {
            assert!(is_credential_name(name), "{name}");
        }
        for name in ["X-Forwarded-By", "X-Tokenizer", "X-User"] {
            assert!(!is_credential_name(name), "{name}");
        }
    }
}
