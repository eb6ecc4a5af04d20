//! [`Mask`]: values in the output, without credentials and readable.
//!
//! - `names`: the headers and query parameters that hold credentials;
//! - `secrets`: the credentials of a request.

mod names;
mod secrets;
#[cfg(test)]
mod tests;

use novasphere_explain::Input;
use serde_json::Value;

use self::names::Names;

/// In place of a credential.
pub const HIDDEN: &str = "<hidden>";

/// In place of a JSON Web Token.
pub const TOKEN: &str = "<token>";

/// Hides the credentials of a request: by the names of headers and query parameters, and copies of
/// their values anywhere else.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    names: Names,
    /// The longest first.
    secrets: Vec<String>,
}

impl Mask {
    /// The mask for a request to filters with these configurations.
    pub fn new<'c>(input: &Input, configs: impl IntoIterator<Item = &'c Value>) -> Self {
        let names = Names::new(configs);
        let secrets = secrets::of(input, &names);
        Self { names, secrets }
    }

    /// Whether the values of a header are credentials. The name is in lower case.
    pub fn is_secret_header(&self, name: &str) -> bool {
        self.names.is_secret_header(name)
    }

    /// Whether the values of a query parameter are credentials.
    pub fn is_secret_parameter(&self, name: &str) -> bool {
        self.names.is_secret_parameter(name)
    }

    /// The value of a header, of `:path`, or of an attribute.
    pub fn value(&self, name: &str, value: &[u8]) -> String {
        let value = String::from_utf8_lossy(value);
        if value.is_empty() {
            return "(empty)".to_owned();
        }
        if !self.names.is_secret_header(name) {
            return self.text(&value);
        }
        match names::scheme(&value) {
            Some(scheme) => format!("{scheme} {HIDDEN}"),
            None => HIDDEN.to_owned(),
        }
    }

    /// A text that may contain credentials.
    pub fn text(&self, text: &str) -> String {
        let text = names::without_users(text);
        let text = names::without_parameters(&text, &self.names);
        let mut text = without_tokens(&text);
        for secret in &self.secrets {
            if text.contains(secret) {
                text = text.replace(secret, HIDDEN);
            }
        }
        text.chars().map(|c| if c.is_control() && c != '\n' { '?' } else { c }).collect()
    }
}

/// The text with `<token>` for each JSON Web Token, signed or encrypted.
fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut result = String::new();
    let mut word = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c.filter(|c| is_part(*c)) {
            Some(c) => word.push(c),
            None => {
                let is_token = word.starts_with("ey") && [3, 5].contains(&word.split('.').count());
                result.push_str(if is_token { TOKEN } else { &word });
                word.clear();
                result.extend(c);
            }
        }
    }
    result
}
