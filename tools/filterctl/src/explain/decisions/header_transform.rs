//! The decisions and events of header-transform.

use super::{Decision, NOTHING, text};

pub(super) const TEXTS: &[Decision] = &[
    text(
        "passed",
        "The request passes. The filter never rejects one.",
        "Every request gets this decision.",
        NOTHING,
    ),
    text(
        "input_missing",
        "A value could not be rendered, so its header or parameter is not sent.",
        "A variable such as $(headers.x-user) or $(claims.sub) is missing in the request and has no \
         default.",
        "Give the variable a default, $(claims.sub | none), or check that an earlier filter sets it.",
    ),
    text(
        "value_invalid",
        "A rendered value is invalid or longer than 4096 bytes, so it is not sent.",
        "A client sends bytes in a header or parameter that must not be in a field value.",
        "Nothing, unless a client of yours is affected: it must encode the value.",
    ),
];
