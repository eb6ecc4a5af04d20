//! Outcomes as JUnit's XML.

use std::io::Write;

use anyhow::Result;

use super::outcome::CaseOutcome;

/// Writes a suite for each file.
pub(super) fn write(outcomes: &[CaseOutcome], out: &mut dyn Write) -> Result<()> {
    let failed = |outcomes: &[CaseOutcome]| outcomes.iter().filter(|o| o.has_failed()).count();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let (tests, failures) = (outcomes.len(), failed(outcomes));
    writeln!(out, "<testsuites name=\"filterctl\" tests=\"{tests}\" failures=\"{failures}\">")?;
    for suite in outcomes.chunk_by(|one, other| one.file == other.file) {
        let file = suite.first().map(|first| escaped(&first.file)).unwrap_or_default();
        let (tests, failures) = (suite.len(), failed(suite));
        writeln!(out, "  <testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failures}\">")?;
        suite.iter().try_for_each(|outcome| write_case(outcome, &file, out))?;
        writeln!(out, "  </testsuite>")?;
    }
    Ok(writeln!(out, "</testsuites>")?)
}

fn write_case(outcome: &CaseOutcome, file: &str, out: &mut dyn Write) -> Result<()> {
    let name = escaped(&outcome.name);
    let case = format!("    <testcase classname=\"{file}\" name=\"{name}\"");
    let Some(first) = outcome.failures.first() else { return Ok(writeln!(out, "{case}/>")?) };
    let all = escaped(&outcome.failures.join("\n"));
    writeln!(out, "{case}>")?;
    writeln!(out, "      <failure message=\"{}\">{all}</failure>", escaped(first))?;
    Ok(writeln!(out, "    </testcase>")?)
}

/// The text for XML 1.0. Of the control characters, XML has only tabs and line ends.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(c),
            c if c.is_control() => escaped.push('?'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_failures_are_escaped() {
        let outcome = |name: &str, failures: &[&str]| CaseOutcome {
            file: "a&b.yaml".to_owned(),
            name: name.to_owned(),
            failures: failures.iter().map(|f| (*f).to_owned()).collect(),
            remarks: Vec::new(),
        };
        let mut out = Vec::new();
        write(&[outcome("good", &[]), outcome("<bad>", &["got \"1\"", "x\u{0}"])], &mut out)
            .unwrap();
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="filterctl" tests="2" failures="1">
  <testsuite name="a&amp;b.yaml" tests="2" failures="1">
    <testcase classname="a&amp;b.yaml" name="good"/>
    <testcase classname="a&amp;b.yaml" name="&lt;bad&gt;">
      <failure message="got &quot;1&quot;">got &quot;1&quot;
x?</failure>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
