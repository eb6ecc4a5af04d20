//! Explanations for programs.

use std::io::Write;

use anyhow::Result;
use novasphere_explain::{Action, Change, Line, Note, Outcome, ProxyKind, ResponseStep, Step};
use serde_json::{Value, json};

use super::{decisions::Decision, mask::Mask, proxied::UNKNOWN_STATUS, text::Report};

/// Writes the explanation of a request.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> Result<()> {
    Ok(writeln!(out, "{:#}", value(report))?)
}

/// The explanation of a request, without credentials.
pub fn value(report: &Report<'_>) -> Value {
    let explanation = report.explanation;
    let (filter, name, text) = report.decision();
    let request = &report.input.request;
    let mask = report.mask;
    let string = |bytes: &[u8]| mask.text(&String::from_utf8_lossy(bytes));
    let upstream = explanation.upstream.as_ref().map(|request| {
        json!({
            "method": string(&request.method),
            "path": mask.value(":path", &request.target),
            "headers": lines(&request.headers, mask),
        })
    });
    let metrics: Vec<Value> = explanation
        .metrics
        .iter()
        .map(|(metric, by)| json!({"metric": metric, "by": by}))
        .collect();
    let attributes = explanation.attributes.iter();
    let attributes: serde_json::Map<String, Value> =
        attributes.map(|(n, value)| (n.clone(), mask.value(n, value).into())).collect();
    let status = Some(explanation.response.status).filter(|status| *status != UNKNOWN_STATUS);
    json!({
        "status": status,
        "decision": {"filter": filter, "name": name, "text": text.map(words)},
        "proxy": proxy(report.proxy),
        "request": {
            "method": string(&request.method),
            "path": mask.value(":path", &request.target),
            "host": string(&request.authority),
            "route": report.routed.name,
            "time": report.input.facts.millis / 1_000,
        },
        "steps": steps(&explanation.steps, mask),
        "upstream": upstream,
        "response_steps": response_steps(&explanation.response_steps, mask),
        "response": {
            "status": status,
            "headers": lines(&explanation.response.headers, mask),
            "body": string(&explanation.response.body),
        },
        "metrics": metrics,
        "access_log": {"decision": report.details(), "attributes": attributes},
        "log": explanation.log.iter().map(|line| mask.text(line)).collect::<Vec<_>>(),
        "assumed": report.assumptions(),
    })
}

fn steps(steps: &[Step], mask: &Mask) -> Vec<Value> {
    let value = |step: &Step| {
        json!({
            "filter": step.filter,
            "action": action(step.action),
            "decision": step.reason,
            "notes": notes(&step.notes, mask),
            "changes": changes(&step.changes, mask),
        })
    };
    steps.iter().map(value).collect()
}

fn response_steps(steps: &[ResponseStep], mask: &Mask) -> Vec<Value> {
    let value = |step: &ResponseStep| {
        let (notes, changes) = (notes(&step.notes, mask), changes(&step.changes, mask));
        json!({"filter": step.filter, "notes": notes, "changes": changes})
    };
    steps.iter().map(value).collect()
}

const fn proxy(proxy: ProxyKind) -> &'static str {
    match proxy {
        ProxyKind::Envoy => "envoy",
        ProxyKind::Kong => "kong",
        ProxyKind::Traefik => "traefik",
    }
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::Continues => "continues",
        Action::Waits => "waits",
        Action::Responds => "responds",
    }
}

fn notes(notes: &[Note], mask: &Mask) -> Vec<Value> {
    let value = |note: &Note| {
        let outcome = match note.outcome {
            Outcome::Fact => "fact",
            Outcome::Match => "match",
            Outcome::Mismatch => "mismatch",
        };
        json!({
            "subject": mask.text(&note.subject),
            "expected": mask.text(&note.expected),
            "found": mask.text(&note.found),
            "outcome": outcome,
            "decides": note.decides,
        })
    };
    notes.iter().map(value).collect()
}

fn changes(changes: &[Change], mask: &Mask) -> Vec<Value> {
    let value = |change: &Change| {
        let values = |values: &[Vec<u8>]| -> Vec<String> {
            values.iter().map(|value| mask.value(&change.name, value)).collect()
        };
        json!({
            "name": change.name,
            "before": values(&change.before),
            "after": values(&change.after),
        })
    };
    changes.iter().map(value).collect()
}

fn lines(lines: &[Line], mask: &Mask) -> Vec<[String; 2]> {
    let line = |(name, value): &Line| {
        let name = String::from_utf8_lossy(name).into_owned();
        let value = mask.value(&name.to_ascii_lowercase(), value);
        [name, value]
    };
    lines.iter().map(line).collect()
}

fn words(decision: &Decision) -> Value {
    let Decision { meaning, cause, remedy, .. } = decision;
    json!({"meaning": meaning, "cause": cause, "remedy": remedy})
}

/// Writes decisions in words.
pub(super) fn decisions(
    found: &[(&'static str, &'static Decision)],
    out: &mut dyn Write,
) -> Result<()> {
    let value = |(filter, decision): &(&str, &Decision)| json!({"filter": filter, "name": decision.name, "text": words(decision)});
    let all: Vec<Value> = found.iter().map(value).collect();
    Ok(writeln!(out, "{:#}", Value::from(all))?)
}
