//! Decoding and checking configurations. All faults are reported at once, each with its path, the
//! value and a remedy.
//!
//! The filters' configurations are serde types. [`decode()`] decodes one with a
//! deserializer that continues after a fault. Checks that serde cannot express follow in the
//! filter's `build`, which adds faults to the [`BuildContext`].
//!
//! In reading order:
//!
//! - `decode`, with `cursor`, `node` and `mismatch`: from JSON text to a configuration;
//! - `explain`, with `field_hints`, `homes` and `duration`: what to write instead;
//! - `errors`, `build_context`: the faults and warnings;
//! - `object`: the decoding of objects;
//! - `sensitive`, `one_or_many`, `key_source`, `regex`: types of fields.

mod build_context;
mod cursor;
mod decode;
mod duration;
mod errors;
mod explain;
mod field_hints;
mod homes;
mod key_source;
mod mismatch;
mod node;
pub mod object;
mod one_or_many;
mod regex;
mod sensitive;
#[cfg(test)]
mod tests;

pub use build_context::{BuildContext, JwtAuthPlace, UsedClaim};
pub use decode::decode;
pub use errors::{ConfigErrors, Fault};
pub use field_hints::{FieldHints, ListEntry, ListField, NumberField, NumberUnit, with_separators};
pub use key_source::KeySource;
pub use one_or_many::OneOrMany;
pub use regex::{InvalidPattern, Pattern};
pub use sensitive::Sensitive;
