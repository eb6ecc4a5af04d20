//! The findings about a configuration.

use anyhow::Result;
use filterctl::{check, finding::Finding, found::Project};
use serde_json::{Value, json};

use crate::setup::{Setup, Variable};

/// The findings, and the variables that the configuration reads.
pub(crate) fn check(setup: &str) -> Result<Value> {
    let setup = Setup::parse(setup)?;
    let project = setup.project()?;
    let environment = setup.environment(&project)?;
    let findings = check::findings(&project, &environment);
    let is_accepted = !check::has_errors(&findings) && !project.filters.is_empty();
    let variables = setup.variables(&project)?;
    let values: Vec<Value> = findings.iter().map(|finding| value(finding, &project)).collect();
    Ok(json!({
        "accepted": is_accepted,
        "findings": values,
        "variables": variables.iter().map(variable).collect::<Vec<_>>(),
    }))
}

fn variable(variable: &Variable) -> Value {
    let Variable { name, public_key, demo } = variable;
    json!({"name": name, "public_key": public_key, "demo": demo})
}

/// A finding, with its place in UTF-16 code units as the page counts them.
fn value(finding: &Finding, project: &Project) -> Value {
    let text = project.files.first().map_or("", |file| file.text.as_str());
    let units = |offset: usize| text.get(..offset).unwrap_or(text).encode_utf16().count();
    let span = finding.place.as_ref().map(|place| place.span.clone());
    let span = span.unwrap_or_default();
    let position = filterctl::report::position(text, span.start);
    let fix = finding.fix.as_ref().map(|fix| {
        let span = &fix.place.span;
        json!({"from": units(span.start), "to": units(span.end), "text": fix.text})
    });
    json!({
        "code": finding.code.id,
        "title": finding.code.title,
        "severity": finding.code.severity.name(),
        "message": finding.message,
        "notes": finding.notes,
        "from": units(span.start),
        "to": units(span.end.max(span.start)),
        "line": position.line,
        "column": position.column,
        "fix": fix,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Value {
        let setup = json!({"filter": "jwt-auth", "proxy": "envoy", "text": text});
        check(&setup.to_string()).unwrap()
    }

    #[test]
    fn finding_has_a_place_in_utf16_units() {
        let checked = checked("# 🙂\ncredentials: [{key: a, secret: {env: KEY}}]\nleway: 5\n");
        assert_eq!(checked["accepted"], false);
        let finding = &checked["findings"][0];
        assert_eq!((&finding["line"], &finding["column"]), (&json!(3), &json!(1)));
        assert_eq!((&finding["from"], &finding["to"]), (&json!(49), &json!(54)));
        assert!(finding["message"].as_str().unwrap().contains("leeway"), "{finding}");
    }

    #[test]
    fn variables_have_demo_values() {
        let checked = checked("credentials: [{key: a, secret: {env: KEY}}]");
        assert_eq!(checked["accepted"], true, "{checked}");
        assert_eq!(checked["variables"][0]["name"], "KEY");
        assert_eq!(checked["variables"][0]["public_key"], Value::Null);
    }

    #[test]
    fn text_that_is_not_yaml_has_a_place() {
        let checked = checked("credentials: [\n");
        assert_eq!(checked["accepted"], false);
        assert_eq!(checked["findings"][0]["severity"], "error");
    }
}
