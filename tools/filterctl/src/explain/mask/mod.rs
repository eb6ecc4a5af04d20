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

use self::names::{IsBetween, Names};

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
        if name == ":path" {
            return self.url(&value);
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
        self.masked(text, names::is_between_words)
    }

    /// A text that is one URL or path: quotation marks do not end it, and the scheme may be missing.
    pub fn url(&self, url: &str) -> String {
        self.masked(&names::without_user(url), names::is_never_between)
    }

    fn masked(&self, text: &str, is_between: IsBetween) -> String {
        let text = names::without_users(text, is_between);
        let text = names::without_parameters(&text, &self.names, is_between);
        let mut text = without_tokens(&text);
        for secret in &self.secrets {
            if text.contains(secret) {
                text = text.replace(secret, HIDDEN);
            }
        }
        text.chars().map(|c| if c.is_control() && c != '\n' { '?' } else { c }).collect()
    }
}

/// The starts of a JSON object in Base64url: with a name, a space or a line break after `{`.
const OBJECTS: [&str; 5] = ["eyJ", "eyA", "ewog", "ewoJ", "ew0K"];

/// The text with `<token>` for each JSON Web Token, signed or encrypted, with any suffix.
fn without_tokens(text: &str) -> String {
    let is_other = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.');
    let mut result = String::new();
    for piece in text.split_inclusive(is_other) {
        let word = piece.trim_end_matches(is_other);
        let starts = OBJECTS.iter().filter_map(|object| word.find(object));
        let token = starts.min().and_then(|start| word.split_at_checked(start));
        match token.filter(|(_, token)| token.matches('.').count() >= 2) {
            Some((before, _)) => {
                result.push_str(before);
                result.push_str(TOKEN);
                result.push_str(piece.get(word.len()..).unwrap_or_default());
            }
            None => result.push_str(piece),
        }
    }
    result
}
