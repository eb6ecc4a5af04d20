//! The pages of the site about a filter, in Markdown.

use std::fmt::Write;

use anyhow::{Context, Result};
use novasphere_explain::{FilterKind, decision_names, event_names};

use super::{
    index::{self, Field},
    text,
};
use crate::{
    explain::decisions::{self, Decision},
    finding::{self, Code},
};

/// The first release.
const FIRST: &str = "0.1.0";

/// The release that added a field, for fields that are newer than the first release:
/// `("jwt-auth.leeway", "0.2.0")`.
const NEWER: &[(&str, &str)] = &[];

/// The page with all fields of a filter.
///
/// # Errors
/// If the filter has no schema.
pub fn fields_page(kind: FilterKind) -> Result<String> {
    let all = index::all()?;
    let own: Vec<&Field> = all.iter().filter(|field| field.filter == kind).collect();
    let name = kind.name();
    let mut page = format!(
        "# Fields of {name}\n\n`filterctl docs {name}.FIELD` prints the same text. \
         [{name}]({name}.md) describes how the fields work together, and the \
         [schema](../../host-config/schema/{name}.json) is for editors.\n\n\
         | field | meaning |\n|---|---|\n"
    );
    for field in own.iter().filter(|field| !field.path.contains('.')) {
        let sentence = text::first_sentence(field.text("description")).replace('|', "\\|");
        writeln!(page, "| [`{0}`](#{0}) | {sentence} |", field.path)?;
    }
    for field in own {
        let level = "#".repeat(field.path.matches('.').count().saturating_add(2).min(4));
        write!(page, "\n{level} `{}`\n\n{}\n\n", field.path, text::without_default(field))?;
        for (fact, value) in text::facts(field, &all) {
            writeln!(page, "- {fact}: {}", value_text(fact, &value))?;
            for (value, meaning) in text::values(&field.schema).iter().filter(|_| fact == "type") {
                writeln!(page, "  - `{value}`: {meaning}")?;
            }
        }
        writeln!(page, "- since: {}", since(&field.name()))?;
    }
    Ok(page)
}

fn value_text(fact: &str, value: &str) -> String {
    match fact {
        "example" => format!("`{value}`"),
        "fields" => {
            value.split(", ").map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        }
        _ => value.to_owned(),
    }
}

fn since(field: &str) -> &'static str {
    NEWER.iter().find(|(name, _)| *name == field).map_or(FIRST, |(_, release)| release)
}

/// The page with all decisions and events of a filter.
///
/// # Errors
/// If a decision has no text.
pub fn decisions_page(kind: FilterKind) -> Result<String> {
    let name = kind.name();
    let mut page = format!(
        "# Decisions of {name}\n\n`filterctl explain --decision NAME` prints the same text.\n\n\
         ## Decisions\n\n\
         The filter makes one decision for each request and counts it in \
         `novasphere_decisions_total{{filter=\"{name}\",decision=\"…\"}}`. If it sent the response, the \
         [access log](../operations/access-log.md) has the decision as `novasphere_{name}:…`.\n"
    );
    texts(kind, decision_names(kind), &mut page)?;
    if !event_names(kind).is_empty() {
        write!(
            page,
            "\n## Events\n\nEvents happen beside the decisions. \
             `novasphere_events_total{{filter=\"{name}\",event=\"…\"}}` counts them.\n"
        )?;
        texts(kind, event_names(kind), &mut page)?;
    }
    Ok(page)
}

fn texts(kind: FilterKind, names: &[&str], page: &mut String) -> Result<()> {
    for name in names {
        let text =
            decisions::of(kind.name(), name).with_context(|| format!("no text for {name}"))?;
        write_decision(text, page);
    }
    Ok(())
}

fn write_decision(text: &Decision, page: &mut String) {
    let Decision { name, meaning, cause, remedy } = text;
    page.push_str(&format!("\n### `{name}`\n\n{}\n\n", escaped(meaning)));
    page.push_str(&format!("- usual cause: {}\n- to do: {}\n", escaped(cause), escaped(remedy)));
}

/// Markdown reads `<token>` as HTML.
fn escaped(text: &str) -> String {
    text.replace('<', "\\<")
}

/// The page with the reasons that the proxy itself gives.
pub fn proxy_page() -> String {
    let mut page = "# Reasons of the proxy\n\n`filterctl explain --decision NAME` prints the same \
                    text. Envoy writes these into the field `decision` of the \
                    [access log](../operations/access-log.md) if no filter sent the response.\n\n\
                    ## Reasons\n"
        .to_owned();
    decisions::all_of(decisions::PROXY).for_each(|text| write_decision(text, &mut page));
    page
}

/// The page with all findings of `filterctl check`.
pub fn findings_page() -> String {
    let mut page = "# Findings of filterctl\n\n`filterctl explain-code CODE` prints the same text. \
                    [`check`](../filterctl/check.md) exits with 1 if there is an error or a warning.\n"
        .to_owned();
    for Code { id, severity, title, why, remedy } in finding::all() {
        let (severity, why, remedy) = (severity.name(), escaped(why), escaped(remedy));
        page.push_str(&format!(
            "\n## {id}\n\n{severity}: {title}\n\n- why: {why}\n- to do: {remedy}\n"
        ));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_fields_exist() {
        let all = index::all().unwrap();
        for (name, _) in NEWER {
            assert!(all.iter().any(|field| field.name() == *name), "{name}");
        }
    }
}
