//! The outputs of `filterctl convert` for the inputs in `tests/convert`, and the verdicts about
//! requests that they must give.
//!
//! Each folder is a case: inputs, whose names start with `in`, and `verdicts.yaml`. The source,
//! that is the plugins, filters or middlewares of the input, gives the expected verdicts. An output may
//! differ only where its report says so.
//!
//! - `table`: `verdicts.yaml`;
//! - `case`: the folders and their conversions;
//! - `run`: sends the requests of a table to a proxy.

mod case;
mod run;
mod table;

pub use case::{ConvertCase, Output, cases, each_of, static_part};
pub use run::{Run, Side};
pub use table::{Difference, Limit, Proxy, Table, Verdict};
