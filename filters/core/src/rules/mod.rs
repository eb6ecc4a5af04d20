//! Rules that apply to some requests: their conditions, and the choice of the rule for a request.

mod condition;
mod find;

pub use condition::{ConditionFields, ExpectedFields, ExpectedValue, RequestCondition, covers};
pub use find::{AmbiguousPath, RequestRule, RequiredVariants, find_rule};
