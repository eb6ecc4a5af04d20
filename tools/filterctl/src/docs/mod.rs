//! `filterctl docs`: the meaning of a field of a configuration.
//!
//! - `index`: all fields of all filters, from their schemas;
//! - `text`: the description of a field;
//! - `page`: the pages of the site about a filter.

mod index;
mod page;
mod text;

use std::io::Write;

use anyhow::{Result, bail};
use novasphere_explain::FilterKind;

use self::index::Field;
pub use self::page::{decisions_page, fields_page, findings_page, proxy_page};
use crate::cli::Outcome;

/// Explain a field of a configuration: its meaning, type, range, default and an example.
///
/// A filter's name alone lists its fields. The gateway has the fields of the four filters: their names
/// start with cors, jwt_auth, rate_limit or header_transform.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The field: jwt-auth.leeway, or leeway for the field of any filter. A field inside another one:
    /// jwt-auth.rules.scopes.all_of.
    field: String,
}

/// More fields than this are only listed.
const MAX_DESCRIBED: usize = 3;

/// Runs the command.
///
/// # Errors
/// If no field has this name.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let all = index::all()?;
    let name = args.field.trim().replace("[]", "");
    if let Some(kind) = FilterKind::from_name(&name) {
        let own = |field: &&Field| field.filter == kind && !field.path.contains('.');
        text::list(all.iter().filter(own), out)?;
        return Ok(Outcome::Success);
    }
    let found = index::find(&all, &name);
    match found.as_slice() {
        [] => bail!("{}", unknown(&all, &name)),
        few if few.len() <= MAX_DESCRIBED => {
            for (index, field) in few.iter().enumerate() {
                if index > 0 {
                    writeln!(out)?;
                }
                text::describe(field, &all, out)?;
            }
        }
        many => text::list(many.iter().copied(), out)?,
    }
    Ok(Outcome::Success)
}

/// The message about an unknown field, with the most similar one.
fn unknown(all: &[Field], name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let remedies = FilterKind::ALL.into_iter().filter(|kind| *kind != FilterKind::Gateway);
    let remedy = remedies.filter_map(|kind| Some((kind.name(), kind.remedy(last)?))).next();
    if let Some((filter, remedy)) = remedy {
        return format!("no field {name:?}; in {filter}, {remedy}");
    }
    match index::similar(all, name) {
        Some(field) => format!("no field {name:?}; did you mean {}?", field.name()),
        None => format!("no field {name:?}; list the fields of a filter: filterctl docs jwt-auth"),
    }
}

#[cfg(test)]
mod tests;
