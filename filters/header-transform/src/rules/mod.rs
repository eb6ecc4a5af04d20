//! The rules, and the mutations that carry them out.

mod bulk_removal;
mod condition;
mod header_lines;
mod header_rules;
mod query_rules;
mod tracked_name;

pub(crate) use self::{
    condition::{Condition, FIRST_REFUSAL, Scope, StatusRange, parse_method, status},
    header_rules::HeaderRules,
    query_rules::{QueryRule, QueryRules},
};

/// All rules of the filter.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) request: HeaderRules,
    pub(crate) query: QueryRules,
    pub(crate) response: HeaderRules,
    /// The rules for responses that also apply to refusals of other filters.
    pub(crate) refusals: HeaderRules,
}
