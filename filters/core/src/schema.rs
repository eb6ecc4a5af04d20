//! Parts of the filters' JSON Schemas, which `make schema` generates into `host-config`. The
//! modules are built without the feature `schema`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{KeySource, OneOrMany, Sensitive};

/// A token (RFC 9110 section 5.6.2), such as a header name. `\x25` is `%`: Kong's validator cannot
/// quote a pattern that contains `%`.
pub const TOKEN: &str = r"^[!#$\x25&'*+.^_`|~0-9A-Za-z-]+$";

/// A request method: a token without lower-case letters.
pub const METHOD: &str = r"^[!#$\x25&'*+.^_`|~0-9A-Z-]+$";

/// The content of a quoted string: printable ASCII without `"` and `\`.
pub const QUOTABLE: &str = r"^[ !#-\[\]-~]*$";

/// A path without a query.
pub const PATH: &str = r"^/[^?]*$";

/// A part of the names of metrics and attributes.
pub const ATTRIBUTE: &str = r"^[A-Za-z0-9_.-]+$";

/// For each member, a schema that requires it, for use in `anyOf` and `oneOf`.
pub fn each_required(members: &[&str]) -> Vec<Schema> {
    members.iter().map(|member| json_schema!({"required": [member]})).collect()
}

/// The schema of the content.
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

/// Has no pattern: validators quote a value that does not match, which may be a misplaced secret.
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
                    "description": "Name of a variable in the proxy's environment.",
                    "examples": ["JWT_SECRET"],
                    "type": "string",
                    "minLength": 1
                }, "trim": {
                    "description": "Whether to remove one newline at the end of a secret. Default: true.",
                    "type": "boolean"
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
