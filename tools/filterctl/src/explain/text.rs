//! Explanations for people.

use std::io::Write;

use anyhow::Result;
use novasphere_explain::{
    Action, Change, Explanation, Input, Note, Outcome, ProxyKind, Request, Response, Step,
};

use super::{
    decisions::{self, Decision, PROXY},
    mask::Mask,
    proxied::UNKNOWN_STATUS,
    routing::Routed,
    wrap,
};
use crate::clock;

/// A request with its explanation.
#[derive(Debug)]
pub struct Report<'r> {
    /// The proxy.
    pub proxy: ProxyKind,
    /// The route.
    pub routed: &'r Routed,
    /// The request.
    pub input: &'r Input,
    /// The path of the request.
    pub explanation: &'r Explanation,
    /// Hides its credentials.
    pub mask: &'r Mask,
    /// The variables whose values are assumed.
    pub assumed: &'r [String],
}

impl Report<'_> {
    /// The filter and the decision that made the response, with its text.
    pub(super) fn decision(&self) -> (&'static str, &'static str, Option<&'static Decision>) {
        let (filter, name) = self.explanation.decided_by.unwrap_or(("upstream", "passed"));
        (filter, name, decisions::of(filter, name))
    }

    /// The status of the response, in words if it is unknown.
    fn status(&self) -> String {
        match self.explanation.response.status {
            UNKNOWN_STATUS => "unknown".to_owned(),
            status => status.to_string(),
        }
    }

    /// The details of the response in Envoy's access log.
    pub(super) fn details(&self) -> String {
        match self.explanation.decided_by {
            Some((PROXY, reason)) => reason.to_owned(),
            Some((filter, reason)) => format!("novasphere_{filter}:{reason}"),
            None => "via_upstream".to_owned(),
        }
    }

    /// The assumptions behind the explanation.
    pub(super) fn assumptions(&self) -> Vec<String> {
        let variables =
            self.assumed.iter().map(|name| format!("the value of {name} was not given"));
        let remarks = self.routed.remarks.iter().chain(&self.explanation.remarks).cloned();
        let all = variables.chain(remarks);
        let mut all: Vec<String> = all.map(|remark| self.mask.text(&remark)).collect();
        let mut seen = Vec::new();
        all.retain(|remark| {
            !seen.contains(remark) && {
                seen.push(remark.clone());
                true
            }
        });
        all
    }
}

/// Writes the explanation of a request.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> Result<()> {
    write_head(report, out)?;
    for step in &report.explanation.steps {
        write_step(step, report.mask, out)?;
    }
    write_response_steps(report, out)?;
    write_messages(report, out)?;
    write_traces(report, out)?;
    let assumptions = report.assumptions();
    if !assumptions.is_empty() {
        writeln!(out, "\nassumed")?;
        for assumption in assumptions {
            wrap::write("  ", &assumption, out)?;
        }
    }
    Ok(())
}

fn write_head(report: &Report<'_>, out: &mut dyn Write) -> Result<()> {
    let (filter, name, decision) = report.decision();
    writeln!(out, "status    {}", report.status())?;
    writeln!(out, "decision  {filter}: {name}")?;
    match decision {
        Some(decision) => {
            wrap::write("meaning   ", decision.meaning, out)?;
            wrap::write("cause     ", decision.cause, out)?;
            wrap::write("to do     ", decision.remedy, out)?;
        }
        None if report.explanation.decided_by.is_none() => {
            writeln!(out, "meaning   All filters let the request pass.")?;
        }
        None => {}
    }
    let Request { method, target, authority, .. } = &report.input.request;
    let shown = |text: &[u8]| report.mask.text(&String::from_utf8_lossy(text));
    let (method, host) = (shown(method), shown(authority));
    writeln!(out)?;
    wrap::write("request   ", &format!("{method} {}", report.mask.value(":path", target)), out)?;
    writeln!(out, "host      {host}")?;
    if let Some(route) = &report.routed.name {
        writeln!(out, "route     {route}")?;
    }
    let seconds = i64::try_from(report.input.facts.millis / 1_000).unwrap_or(i64::MAX);
    writeln!(out, "time      {}", clock::date(seconds))?;
    let steps = &report.explanation.steps;
    if steps.is_empty() && report.explanation.decided_by.is_none() {
        writeln!(out, "\nNo filter of this project is on this route.")?;
    } else if !steps.is_empty() {
        let all: Vec<String> =
            steps.iter().map(|s| format!("{}: {}", s.filter, s.reason)).collect();
        wrap::write("filters   ", &all.join(", "), out)?;
    }
    Ok(())
}

fn write_step(step: &Step, mask: &Mask, out: &mut dyn Write) -> Result<()> {
    let action = match (step.action, &step.response) {
        (Action::Responds, Some(response)) => format!("responds with {}", response.status),
        (Action::Responds, None) => "responds".to_owned(),
        (Action::Waits, _) => "waits".to_owned(),
        (Action::Continues, _) => "lets the request pass".to_owned(),
    };
    writeln!(out, "\n{}: {}, {action}", step.filter, step.reason)?;
    step.notes.iter().try_for_each(|note| write_note(note, mask, out))?;
    step.changes.iter().try_for_each(|change| write_change(change, mask, out))
}

/// `ok` for a match, `no` for a mismatch, `=>` for the note that decides.
fn write_note(note: &Note, mask: &Mask, out: &mut dyn Write) -> Result<()> {
    let decides = if note.decides { "=>" } else { "  " };
    let outcome = match note.outcome {
        Outcome::Fact => "  ",
        Outcome::Match => "ok",
        Outcome::Mismatch => "no",
    };
    let separator = if note.found.is_empty() { "" } else { ": " };
    let found = with_dates(&mask.text(&note.found));
    let text = format!("{}{separator}{found}", mask.text(&note.subject));
    wrap::write(&format!("  {decides} {outcome} "), &text, out)?;
    let is_repeated = note.outcome == Outcome::Match && note.expected == note.found;
    if !note.expected.is_empty() && !is_repeated {
        wrap::write("          expected ", &with_dates(&mask.text(&note.expected)), out)?;
    }
    Ok(())
}

fn write_change(change: &Change, mask: &Mask, out: &mut dyn Write) -> Result<()> {
    let values = |values: &[Vec<u8>]| -> String {
        values.iter().map(|v| mask.value(&change.name, v)).collect::<Vec<_>>().join(" | ")
    };
    let (name, before, after) = (&change.name, values(&change.before), values(&change.after));
    let text = match (change.before.is_empty(), change.after.is_empty()) {
        (true, _) => format!("{name}: {after}"),
        (_, true) => name.clone(),
        _ => format!("{name}: {before} -> {after}"),
    };
    let verb = match (change.before.is_empty(), change.after.is_empty()) {
        (true, _) => "  sets     ",
        (_, true) => "  removes  ",
        _ => "  changes  ",
    };
    Ok(wrap::write(verb, &text, out)?)
}

fn write_response_steps(report: &Report<'_>, out: &mut dyn Write) -> Result<()> {
    let mask = report.mask;
    for step in &report.explanation.response_steps {
        writeln!(out, "\n{}, on the response", step.filter)?;
        step.notes.iter().try_for_each(|note| write_note(note, mask, out))?;
        step.changes.iter().try_for_each(|change| write_change(change, mask, out))?;
    }
    Ok(())
}

/// The request that the upstream gets, and the response that the client gets.
fn write_messages(report: &Report<'_>, out: &mut dyn Write) -> Result<()> {
    let mask = report.mask;
    if let Some(Request { method, target, headers, .. }) = &report.explanation.upstream {
        let method = String::from_utf8_lossy(method);
        writeln!(out, "\nthe upstream gets")?;
        wrap::write("  ", &format!("{method} {}", mask.value(":path", target)), out)?;
        headers.iter().try_for_each(|(name, value)| write_line(name, value, mask, out))?;
    }
    let Response { headers, body, .. } = &report.explanation.response;
    writeln!(out, "\nthe client gets\n  {}", report.status())?;
    headers.iter().try_for_each(|(name, value)| write_line(name, value, mask, out))?;
    if !body.is_empty() {
        writeln!(out)?;
        wrap::write("  ", &mask.text(&String::from_utf8_lossy(body)), out)?;
    }
    Ok(())
}

fn write_line(name: &[u8], value: &[u8], mask: &Mask, out: &mut dyn Write) -> Result<()> {
    let name = String::from_utf8_lossy(name);
    let value = mask.value(&name.to_ascii_lowercase(), value);
    Ok(wrap::write("  ", &format!("{name}: {value}"), out)?)
}

/// The traces of the decision: metrics, access log, log.
fn write_traces(report: &Report<'_>, out: &mut dyn Write) -> Result<()> {
    let explanation = report.explanation;
    let is_logged = explanation.decided_by.is_some() && report.proxy != ProxyKind::Kong;
    if explanation.metrics.is_empty() && explanation.log.is_empty() && !is_logged {
        return Ok(());
    }
    let mask = report.mask;
    writeln!(out, "\nlook for")?;
    for (metric, by) in &report.explanation.metrics {
        let by = if *by == 1 { String::new() } else { format!(" +{by}") };
        writeln!(out, "  metric  {metric}{by}")?;
    }
    let attributes = || {
        // Not for operators: it detects limits that count twice.
        let shown = |(name, _): &&(String, Vec<u8>)| name != "rate_limit_counted";
        report.explanation.attributes.iter().filter(shown)
    };
    match report.proxy {
        ProxyKind::Envoy => {
            writeln!(out, "  access log  decision: {}", report.details())?;
            for (name, value) in attributes() {
                wrap::write(
                    "  access log  ",
                    &format!("{name}: {}", mask.value(name, value)),
                    out,
                )?;
            }
        }
        ProxyKind::Traefik => {
            if let Some((_, reason)) = report.explanation.decided_by {
                let parts =
                    attributes().map(|(name, v)| format!(", {name}={}", mask.value(name, v)));
                let line = format!("rejected: {reason}{}", parts.collect::<String>());
                wrap::write("  log, level DEBUG  ", &line, out)?;
            }
        }
        ProxyKind::Kong => {}
    }
    for line in &report.explanation.log {
        wrap::write("  log  ", &mask.text(line), out)?;
    }
    Ok(())
}

/// The text with a date after each number that is a time of this century in seconds.
pub(super) fn with_dates(text: &str) -> String {
    let mut result = String::new();
    let mut digits = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c.filter(char::is_ascii_digit) {
            Some(digit) => digits.push(digit),
            None => {
                result.push_str(&digits);
                let time = digits.parse().ok().filter(|_| digits.len() == 10);
                if let Some(seconds) = time.filter(|seconds| (1..=4_102_444_800).contains(seconds))
                {
                    result.push_str(&format!(" ({})", clock::date(seconds)));
                }
                digits.clear();
                result.extend(c);
            }
        }
    }
    result
}

/// Writes decisions in words.
pub(super) fn decisions(
    found: &[(&'static str, &'static Decision)],
    out: &mut dyn Write,
) -> Result<()> {
    for (n, (filter, decision)) in found.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        writeln!(out, "decision  {filter}: {}", decision.name)?;
        wrap::write("meaning   ", decision.meaning, out)?;
        wrap::write("cause     ", decision.cause, out)?;
        wrap::write("to do     ", decision.remedy, out)?;
    }
    Ok(())
}
