//! Rules for some requests: their conditions, and the rule that applies to a request.

mod condition;
mod find;

pub use condition::{ConditionFields, ExpectedFields, ExpectedValue, RequestCondition, covers};
pub use find::{AmbiguousPath, Readings, RequestRule, find_rule};
