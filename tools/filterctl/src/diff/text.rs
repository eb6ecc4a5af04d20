//! Changes for people.

use std::io::Write;

use anyhow::Result;

use super::{Change, Effect};

/// The columns of a line.
const WIDTH: usize = 80;

pub(super) fn write(changes: &[Change], out: &mut dyn Write) -> Result<()> {
    for effect in [Effect::Looser, Effect::Stricter, Effect::Neutral] {
        let mut of_effect = changes.iter().filter(|change| change.effect == effect).peekable();
        if of_effect.peek().is_none() {
            continue;
        }
        writeln!(out, "{}", effect.name())?;
        for change in of_effect {
            let field =
                if change.field.is_empty() { String::new() } else { format!(" {}", change.field) };
            let message = format!("{}{field}: {}", change.subject, change.message);
            write_wrapped("  ", &message, out)?;
            if !change.routes.is_empty() {
                write_wrapped("    ", &routes(&change.routes), out)?;
            }
        }
        writeln!(out)?;
    }
    let count = |effect: Effect| changes.iter().filter(|change| change.effect == effect).count();
    if changes.is_empty() {
        writeln!(out, "no changes for requests")?;
    } else {
        let [looser, stricter, neutral] =
            [Effect::Looser, Effect::Stricter, Effect::Neutral].map(count);
        writeln!(out, "{looser} looser, {stricter} stricter, {neutral} neutral")?;
    }
    Ok(())
}

/// The first names of a list.
fn routes(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let first: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let kind = if names.len() == 1 { "route" } else { "routes" };
    match names.len().saturating_sub(SHOWN) {
        0 => format!("{kind} {}", first.join(", ")),
        more => format!("{kind} {} and {more} more", first.join(", ")),
    }
}

/// Writes words on lines of 80 columns. Further lines are indented by two more columns.
fn write_wrapped(indent: &str, text: &str, out: &mut dyn Write) -> Result<()> {
    let mut line = indent.to_owned();
    let mut is_first = true;
    for word in text.split(' ') {
        let width = line.chars().count().saturating_add(word.chars().count()).saturating_add(1);
        if width > WIDTH && !is_first {
            writeln!(out, "{line}")?;
            line = format!("{indent}  ");
            is_first = true;
        }
        if !is_first {
            line.push(' ');
        }
        line.push_str(word);
        is_first = false;
    }
    writeln!(out, "{line}")?;
    Ok(())
}
