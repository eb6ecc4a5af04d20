//! A line of the access log that the shipped configurations of Envoy write.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::{
    Format,
    decisions::{self, Decision, PROXY},
    mask::Mask,
    text::with_dates,
    wrap,
};
use crate::{cli::Outcome, clock};

/// The parts of a line that say what happened.
struct Line<'l> {
    members: &'l Map<String, Value>,
    /// The filter, or the proxy, and the name of the decision.
    decision: (String, String),
}

/// Explains a line, or with `-` each line of `input`.
///
/// # Errors
/// If a line is not a JSON object with a decision.
pub(super) fn run(
    line: &str,
    format: Format,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<Outcome> {
    if line != "-" {
        explain(line, format, out)?;
        return Ok(Outcome::Success);
    }
    let mut is_first = true;
    for line in input.lines() {
        let line = line.context("standard input")?;
        if line.trim().is_empty() {
            continue;
        }
        if !is_first && format == Format::Text {
            writeln!(out)?;
        }
        is_first = false;
        explain(&line, format, out)?;
    }
    Ok(Outcome::Success)
}

fn explain(line: &str, format: Format, out: &mut dyn Write) -> Result<()> {
    const FORM: &str = "--log-line: expected a line of the access log, a JSON object with the \
                        members status and decision";
    let value: Value = serde_json::from_str(line.trim()).context(FORM)?;
    let Some(members) = value.as_object() else { bail!("{FORM}") };
    let Some(details) = text(members, "decision") else { bail!("{FORM}, and no decision here") };
    let line = Line { members, decision: decision(&details) };
    match format {
        Format::Text => line.write(out),
        Format::Json => line.write_json(out),
    }
}

/// The text of a member without credentials. Envoy writes `-` or null for none.
fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    match members.get(name)? {
        Value::String(text) if text.is_empty() || text == "-" => None,
        Value::String(text) => Some(Mask::default().text(text)),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// Filter and name in `novasphere_jwt-auth:expired`. Envoy adds its own reasons in `{…}` or `[…]`.
fn decision(details: &str) -> (String, String) {
    let details = details.split(REASON_STARTS).next().unwrap_or_default();
    let filter = details.strip_prefix("novasphere_").and_then(|rest| rest.split_once(':'));
    match filter {
        Some((filter, name)) => (filter.to_owned(), name.to_owned()),
        None => (PROXY.to_owned(), details.to_owned()),
    }
}

/// The characters before the reason in Envoy's details.
const REASON_STARTS: [char; 3] = ['{', '[', ' '];

/// The reason in Envoy's details: `connection_timeout` in `…{connection_timeout}`.
fn reason(details: &str) -> Option<String> {
    let (_, reason) = details.split_once(REASON_STARTS)?;
    Some(reason.trim_end_matches(['}', ']']).to_owned()).filter(|reason| !reason.is_empty())
}

impl Line<'_> {
    fn text(&self) -> Option<&'static Decision> {
        let (filter, name) = &self.decision;
        decisions::of(filter, name)
    }

    /// Further facts in the line: name and text.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        let mut push = |name, text: Option<String>| {
            facts.extend(text.map(|text| (name, text)));
        };
        push("reason", text(self.members, "decision").and_then(|details| reason(&details)));
        push("detail", text(self.members, "jwt_auth_detail").map(|text| with_dates(&text)));
        push("detail", text(self.members, "rate_limit_detail").map(|text| limit(&text)));
        push(
            "cors",
            text(self.members, "cors_decision").map(|name| {
                let meaning = decisions::of("cors", &name).map_or("", |decision| decision.meaning);
                format!("{name}. {meaning}")
            }),
        );
        push("reported", text(self.members, "jwt_auth_reported"));
        push("reported", text(self.members, "rate_limit_reported"));
        push("flags", text(self.members, "flags").map(|flags| named_flags(&flags)));
        push("subject", text(self.members, "subject"));
        push("client", text(self.members, "client"));
        push("time", text(self.members, "time"));
        push("id", text(self.members, "request_id"));
        facts
    }

    fn write(&self, out: &mut dyn Write) -> Result<()> {
        let (filter, name) = &self.decision;
        let status = text(self.members, "status").unwrap_or_default();
        writeln!(out, "status    {status}")?;
        writeln!(out, "decision  {filter}: {name}")?;
        match self.text() {
            Some(decision) => {
                wrap::write("meaning   ", decision.meaning, out)?;
                wrap::write("cause     ", decision.cause, out)?;
                wrap::write("to do     ", decision.remedy, out)?;
            }
            None => writeln!(out, "meaning   Envoy's own response code details.")?,
        }
        let request = ["method", "path"].map(|name| text(self.members, name).unwrap_or_default());
        wrap::write("request   ", &request.join(" "), out)?;
        for (name, text) in self.facts() {
            wrap::write(&format!("{name:<9} "), &text, out)?;
        }
        Ok(())
    }

    fn write_json(&self, out: &mut dyn Write) -> Result<()> {
        let (filter, name) = &self.decision;
        let facts: Vec<Value> =
            self.facts().iter().map(|(name, text)| json!({"name": name, "text": text})).collect();
        let text = self.text().map(|decision| {
            let Decision { meaning, cause, remedy, .. } = decision;
            json!({"meaning": meaning, "cause": cause, "remedy": remedy})
        });
        let value = json!({
            "status": self.members.get("status").filter(|status| status.is_number()),
            "decision": {"filter": filter, "name": name, "text": text},
            "facts": facts,
        });
        Ok(writeln!(out, "{value:#}")?)
    }
}

/// `rule=login window=minute limit=5 reset=18 limit_by=ip client=3f2a…` in words.
fn limit(detail: &str) -> String {
    let member = |name: &str| {
        let prefix = format!("{name}=");
        detail.split(' ').find_map(|part| part.strip_prefix(prefix.as_str()))
    };
    let (Some(window), Some(limit)) = (member("window"), member("limit")) else {
        return detail.to_owned();
    };
    let window = if window.bytes().all(|b| b.is_ascii_digit()) {
        format!("{window} seconds")
    } else {
        window.to_owned()
    };
    let rule = member("rule").filter(|rule| *rule != "default");
    let rule = rule.map_or_else(String::new, |rule| format!(" of rule {rule}"));
    let reset = member("reset").and_then(|reset| reset.parse().ok()).map(clock::span);
    let reset = reset.map_or_else(String::new, |reset| format!("; reset {reset} later"));
    let by = member("limit_by").unwrap_or("ip");
    let client = member("client").map_or_else(String::new, |id| format!(" Client {id}."));
    format!("limit {limit} per {window}{rule}{reset}. Counted by {by}.{client}")
}

/// Envoy's response flags with their meaning.
fn named_flags(flags: &str) -> String {
    let named = flags.split(',').map(|flag| match meaning(flag) {
        Some(meaning) => format!("{flag} ({meaning})"),
        None => flag.to_owned(),
    });
    named.collect::<Vec<_>>().join(", ")
}

fn meaning(flag: &str) -> Option<&'static str> {
    Some(match flag {
        "DC" => "the client closed the connection",
        "NR" => "no route",
        "NC" => "the cluster does not exist",
        "UH" => "no healthy upstream",
        "UF" => "the connection to the upstream failed",
        "UC" => "the upstream closed the connection",
        "UO" => "the circuit breaker of the cluster is open",
        "UT" => "the upstream did not respond in time",
        "UR" => "the upstream reset the stream",
        "URX" => "all retries failed",
        "LR" => "the proxy reset the stream",
        "SI" => "the stream was idle for too long",
        "DI" => "a delay was injected",
        "DPE" => "the client broke the protocol",
        "DT" => "the connection or stream exceeded its maximum duration",
        "FI" => "a fault was injected",
        "IH" => "an x-envoy-* header is invalid",
        "NFCF" => "the configuration of a filter is missing",
        "DF" => "the name of the upstream cannot be resolved",
        "RL" => "a rate limit of Envoy rejected the request",
        "UAEX" => "the external authorization denied the request",
        "UMSDR" => "the stream exceeded its maximum duration",
        "UPE" => "the upstream broke the protocol",
        "OM" => "the proxy is overloaded",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(line: &str, format: Format) -> String {
        let mut out = Vec::new();
        run(line, format, &mut &b""[..], &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn status_and_decision_come_first() {
        let line = r#"{"status": 401, "decision": "novasphere_jwt-auth:expired", "method": "GET",
            "path": "/api/v1/x", "cors_decision": null, "flags": "-",
            "jwt_auth_detail": "exp is 1709213802, the time is 1709213862; expected a time before 1709213802"}"#;
        let text = explained(line, Format::Text);
        assert!(text.starts_with("status    401\ndecision  jwt-auth: expired\n"), "{text}");
        assert!(text.contains("request   GET /api/v1/x\n"), "{text}");
        assert!(text.contains("(2024-02-29 13:37:42Z)"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        let json: Value = serde_json::from_str(&explained(line, Format::Json)).unwrap();
        assert_eq!(json["decision"]["filter"], "jwt-auth");
    }

    #[test]
    fn limit_is_in_words() {
        let detail =
            "rule=login window=minute limit=5 reset=18 limit_by=ip client=3f2a9c0011223344";
        assert_eq!(
            limit(detail),
            "limit 5 per minute of rule login; reset 18 seconds later. Counted by ip. Client \
             3f2a9c0011223344."
        );
        assert_eq!(limit("rule=default limit_by=consumer"), "rule=default limit_by=consumer");
    }

    #[test]
    fn details_of_envoy_are_known() {
        let line = r#"{"status": 504, "decision": "upstream_response_timeout", "flags": "UT"}"#;
        let text = explained(line, Format::Text);
        assert!(text.contains("decision  proxy: upstream_response_timeout"), "{text}");
        assert!(text.contains("UT (the upstream did not respond in time)"), "{text}");
        let details = "upstream_reset_before_response_started{connection_termination}";
        let text =
            explained(&json!({"status": 503, "decision": details}).to_string(), Format::Text);
        assert!(
            text.contains("decision  proxy: upstream_reset_before_response_started\n"),
            "{text}"
        );
        assert!(text.contains("meaning   The connection to the upstream ended"), "{text}");
        assert!(text.contains("reason    connection_termination\n"), "{text}");
    }

    #[test]
    fn lines_can_come_from_the_standard_input() {
        let line = r#"{"status": 200, "decision": "via_upstream"}"#;
        let (input, mut out) = (format!("{line}\n\n{line}\n"), Vec::new());
        run("-", Format::Text, &mut input.as_bytes(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("decision  proxy: via_upstream\n").count(), 2, "{text}");
    }

    #[test]
    fn other_lines_are_rejected() {
        for line in ["", "GET / 200", "[]", r#"{"status": 200}"#] {
            let result = run(line, Format::Text, &mut &b""[..], &mut Vec::new());
            assert!(result.is_err(), "{line}");
        }
    }
}
