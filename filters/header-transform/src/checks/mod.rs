//! Parses and checks the entries of a configuration. `build` calls this module.

mod conditions;
mod conflicts;
mod entries;
mod entry_list;
mod parsed_rules;
mod security_headers;

pub(crate) use self::{
    conditions::{if_method, if_status},
    entries::{header_entries, param_entries},
    parsed_rules::{ParsedEntry, ParsedRules},
    security_headers::security_headers,
};
