//! What JSON Schemas of several filters share. Off in the modules: what is generated lies in
//! `host-config`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{KeySource, OneOrMany, Sensitive};

/// A token (RFC 9110 section 5.6.2), as names of headers are. `\x25` is `%`, with which Kong's
/// validator cannot quote a pattern.
pub const TOKEN: &str = r"^[!#$\x25&'*+.^_`|~0-9A-Za-z-]+$";

/// A request method: a token, and not in lower case.
pub const METHOD: &str = r"^[!#$\x25&'*+.^_`|~0-9A-Z-]+$";

/// What can stand between quotes: printable ASCII without `"` and `\`.
pub const QUOTABLE: &str = r"^[ !#-\[\]-~]*$";

/// A path without query.
pub const PATH: &str = r"^/[^?]*$";

/// A name that metrics and attributes have in theirs.
pub const ATTRIBUTE: &str = r"^[A-Za-z0-9_.-]+$";

/// A schema for each of the members, which says that it is there: for `anyOf` and `oneOf`.
pub fn each_required(members: &[&str]) -> Vec<Schema> {
    members.iter().map(|member| json_schema!({"required": [member]})).collect()
}

/// That of what is in it.
impl<T: JsonSchema> JsonSchema for Sensitive<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Without patterns: validators quote what does not match, and it may be a secret in a wrong place.
impl JsonSchema for KeySource {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "KeySource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "required": ["env"],
                "properties": {"env": {
                    "description": "The variable of the proxy's environment that it is in.",
                    "type": "string",
                    "minLength": 1
                }},
                "additionalProperties": false
            }
        ]})
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
    }
}
