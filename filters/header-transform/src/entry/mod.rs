//! Entries of rules: which headers and query parameters a rule may name, and which values it may
//! set.

mod header;
mod invalid_entry;
mod param;
mod value;

pub(crate) use self::{
    header::{parse_allowed, parse_appended_line, parse_line, parse_removal, parse_renaming},
    invalid_entry::InvalidEntry,
    param::{parse_param, parse_param_removal, parse_param_renaming},
    value::parse_value,
};
