//! A configuration as the host hands it over.
//!
//! What stands below the plugin's name comes as JSON. Traefik's file provider makes text of its
//! numbers and booleans, `""` of what is empty, and drops what is null; from Kubernetes values come
//! as they are. The one form that always arrives as it was written is text: the field `json` with
//! the whole configuration.

use serde::Deserialize;

/// A configuration.
pub(crate) struct Configuration {
    /// JSON text.
    pub(crate) json: Vec<u8>,
    /// Whether values in it may have become text.
    pub(crate) values_are_text: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    json: String,
}

impl Configuration {
    pub(crate) fn of(given: Vec<u8>) -> Self {
        match serde_json::from_slice(&given) {
            Ok(Whole { json }) => Self { json: json.into_bytes(), values_are_text: false },
            Err(_) => Self { json: given, values_are_text: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &str) -> (String, bool) {
        let Configuration { json, values_are_text } = Configuration::of(given.as_bytes().to_vec());
        (String::from_utf8(json).unwrap(), values_are_text)
    }

    #[test]
    fn fields_may_be_text_and_a_whole_text_is_taken_as_it_is() {
        for given in ["{}", "", "null", r#"{"leeway": "5"}"#, r#"{"json": "{}", "leeway": 5}"#] {
            assert_eq!(read(given), (given.to_owned(), true));
        }
        assert_eq!(read(r#"{"json": "{\"leeway\": 5}"}"#), (r#"{"leeway": 5}"#.to_owned(), false));
        assert_eq!(read(r#"{"json": "nonsense"}"#), ("nonsense".to_owned(), false));
    }
}
