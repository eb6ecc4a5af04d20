//! The header-transform filter: rules that change headers and query parameters.
//!
//! The rules of the filter:
//!
//! 1. Requests and responses have one set of rules each. A set runs in the order `remove`, `rename`,
//!    `replace`, `add`, `append`. Entries of one rule run in the order written. On responses, `allow`
//!    runs first and `security_headers` last.
//! 2. Every rule sees the result of the rules before it: after `remove` a header is absent, so `add`
//!    adds it. Templates see the request as it arrived.
//! 3. `remove` removes all lines of a name. `rename` moves all lines to a new name and removes the
//!    new name's former lines; it has no effect if the old name is absent. `replace` replaces all
//!    lines with one, if there are any. `add` adds a line if there is none. `append` always adds a
//!    line. A line with an empty value counts as present (RFC 9110 section 5.5).
//! 4. No rule joins lines, so several `Set-Cookie` lines stay several (RFC 9110 section 5.3).
//! 5. Rules cannot name headers of the connection, the framing or the request target: the
//!    configuration is rejected. Patterns do not remove headers that the meaning of the
//!    message depends on.
//! 6. A value that cannot be rendered completely, or that would be invalid, is not sent.
//! 7. In a chain, `security_headers` and rules with `on_refusals` also apply to refusals of the other
//!    filters. They leave the headers that belong to the filter that refuses.
//! 8. The filter reads only the parts of a message that its rules need.
//!
//! In reading order:
//!
//! - `config`: the configuration as users write it;
//! - `build`: from the configuration to the rules, with faults; `entry`: single entries;
//! - `filter`: the filter; `decision`, `metrics`: its names in metrics;
//! - `rules`: the rules, and the mutations that carry them out;
//! - `template`: values rendered from the request;
//! - `message`, `name_pattern`, `protected_headers`: names of headers.

mod build;
mod config;
mod decision;
mod entry;
mod field_hints;
mod filter;
mod message;
mod metrics;
mod name_pattern;
mod protected_headers;
mod rules;
mod template;
#[cfg(test)]
mod tests;

#[cfg(feature = "schema")]
pub use config::schema::schema;
pub use field_hints::FIELD_HINTS;
pub use filter::{HeaderTransform, Rendered};
