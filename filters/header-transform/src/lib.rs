//! The header-transform filter: rules that change header fields and query parameters.
//!
//! The rules, in order:
//!
//! 1. Requests and responses have a set of rules each, and each set is carried out in the order
//!    `remove`, `rename`, `replace`, `add`, `append`; within one of these, in the order written. On
//!    responses `allow` comes before these, and `security_headers` after.
//! 2. Every rule sees what the rules before it left, not what arrived: after `remove` a header is
//!    absent, and `add` adds it. Templates see what arrived.
//! 3. `remove` takes away all lines of a name. `rename` moves all lines of a name to another, whose
//!    own lines go; nothing happens when there is nothing to move. `replace` puts one line in the
//!    place of all lines there are, if any. `add` adds a line if there is none. `append` adds a
//!    line in any case. A line with an empty value is a line (RFC 9110 section 5.5).
//! 4. No rule joins lines, so `Set-Cookie` passes every rule whole (RFC 9110 section 5.3).
//! 5. What belongs to the connection, to the framing or to the request's target cannot be named in
//!    a rule: a configuration that tries is refused. What is meant by the start of its name only is
//!    spared when the message would say something else without it.
//! 6. A value that cannot be made whole, or that may not stand where it goes, is not sent.
//! 7. Of a message no more is read than the rules look at.

mod condition;
mod config;
mod field;
mod fields;
mod filter;
mod input;
mod invalid_entry;
mod kept;
mod message;
mod param;
mod pattern;
mod query;
mod rules;
mod sweep;
mod template;
#[cfg(test)]
mod tests;

#[cfg(feature = "schema")]
pub use config::schema::schema;
pub use filter::{HeaderTransform, Made};
