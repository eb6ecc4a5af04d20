//! The formats in which the host passes a configuration.
//!
//! The host passes the settings of the plugin as JSON. Traefik's file provider turns numbers and
//! booleans into text and empty values into `""`, and drops nulls. The Kubernetes provider leaves
//! values unchanged. Only text always arrives as written: the field `json` can hold the whole
//! configuration.

use serde::Deserialize;

/// A configuration.
pub(crate) struct Configuration {
    /// JSON text.
    pub(crate) json: Vec<u8>,
    /// Whether the host may have turned values into text.
    pub(crate) values_are_text: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    json: String,
}

impl Configuration {
    pub(crate) fn new(settings: Vec<u8>) -> Self {
        match serde_json::from_slice(&settings) {
            Ok(Whole { json }) => Self { json: json.into_bytes(), values_are_text: false },
            Err(_) => Self { json: settings, values_are_text: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &str) -> (String, bool) {
        let Configuration { json, values_are_text } =
            Configuration::new(settings.as_bytes().to_vec());
        (String::from_utf8(json).unwrap(), values_are_text)
    }

    #[test]
    fn fields_may_be_text_except_in_the_field_json() {
        for settings in ["{}", "", "null", r#"{"leeway": "5"}"#, r#"{"json": "{}", "leeway": 5}"#] {
            assert_eq!(read(settings), (settings.to_owned(), true));
        }
        assert_eq!(read(r#"{"json": "{\"leeway\": 5}"}"#), (r#"{"leeway": 5}"#.to_owned(), false));
        assert_eq!(read(r#"{"json": "nonsense"}"#), ("nonsense".to_owned(), false));
    }
}
