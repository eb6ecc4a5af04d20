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

use crate::template::Template;

/// All rules of the filter.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) request: HeaderRules,
    pub(crate) query: QueryRules,
    pub(crate) response: HeaderRules,
    /// The rules for responses that also apply to refusals of other filters.
    pub(crate) refusals: HeaderRules,
}

impl Rules {
    /// The templates of all rules.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let Self { request, query, response, .. } = self;
        request.templates.iter().chain(&query.templates).chain(&response.templates)
    }
}
