//! The output for people.

use std::io::Write;

use anyhow::Result;
use novasphere_core::{Json, UnixTime};
use novasphere_explain::jwt::{DecodedToken, KeyMatch, Part, describe_time};

use super::verdict::{Verdict, describe_fit, describe_signature};

/// The claims that are times (RFC 7519 section 4.1, OpenID Connect Core 1.0 section 2).
pub(super) const TIME_CLAIMS: [&str; 5] = ["exp", "nbf", "iat", "auth_time", "updated_at"];

pub(super) fn write(
    token: &DecodedToken,
    verdicts: &[Verdict],
    now: UnixTime,
    out: &mut dyn Write,
) -> Result<()> {
    write_part("header", &token.header, now, out)?;
    write_part("claims", &token.claims, now, out)?;
    let size = match token.signature_bytes {
        Some(size) => format!("{size} bytes"),
        None => "not base64url".to_owned(),
    };
    writeln!(out, "signature: {size}, {}", describe_signature(verdicts))?;
    for verdict in verdicts {
        writeln!(out, "\nkeys of {}", verdict.config)?;
        for key in &verdict.examination.keys {
            let fit = describe_fit(key, &verdict.key_claim_name);
            writeln!(out, "  {}: {fit}", describe_key(key))?;
        }
        let decision = &verdict.examination.decision;
        let checked = match verdict.examination.is_signature_checked {
            true => "",
            false => ", if the signature is valid",
        };
        let detail = match decision.detail.as_str() {
            "" => String::new(),
            detail => format!(" ({detail})"),
        };
        writeln!(out, "decision: {}{detail}{checked}", decision.name)?;
    }
    Ok(())
}

fn write_part(name: &str, part: &Part, now: UnixTime, out: &mut dyn Write) -> Result<()> {
    let members = match part {
        Part::Object(members) => members,
        Part::Invalid(reason) => {
            writeln!(out, "{name}: {reason}")?;
            return Ok(());
        }
    };
    writeln!(out, "{name}")?;
    let width = members.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, value) in members {
        let text = match time_of(name, value) {
            Some(time) => format!("{value}  {}", in_words(time, now)),
            None => value.to_string(),
        };
        writeln!(out, "  {:width$}  {}", escaped(name), escaped(&text))?;
    }
    Ok(())
}

/// The value of a claim about time, in whole seconds.
pub(super) fn time_of(name: &str, value: &Json) -> Option<i64> {
    let Json::Number(number) = value else { return None };
    let is_time = TIME_CLAIMS.contains(&name);
    // Saturates, as a far future is all that matters.
    is_time.then(|| number.as_i64().or_else(|| number.as_f64().map(|f| f as i64)))?
}

pub(super) fn in_words(time: i64, now: UnixTime) -> String {
    describe_time(time, i64::try_from(now.seconds()).unwrap_or(i64::MAX))
}

/// The sender of the token may have put control characters for the terminal into it.
fn escaped(name: &str) -> String {
    name.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

/// `credentials[0] "alice", kid "k1", HS256`.
fn describe_key(key: &KeyMatch) -> String {
    let kid = key.kid.as_ref().map(|kid| format!(", kid {kid:?}")).unwrap_or_default();
    let algorithms = match key.algorithms.as_slice() {
        [] => "any algorithm".to_owned(),
        algorithms => algorithms.join(" or "),
    };
    format!("{} {:?}{kid}, {algorithms}", key.path, key.name)
}
