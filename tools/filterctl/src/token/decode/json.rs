//! The output for programs.

use std::io::Write;

use anyhow::Result;
use novasphere_core::UnixTime;
use novasphere_explain::jwt::{DecodedToken, Fit, KeyMatch, Part};
use serde_json::{Map, Value, json};

use super::{
    text::{in_words, time_of},
    verdict::{Verdict, describe_fit, describe_signature},
};

pub(super) fn write(
    token: &DecodedToken,
    verdicts: &[Verdict],
    now: UnixTime,
    out: &mut dyn Write,
) -> Result<()> {
    Ok(writeln!(out, "{:#}", value(token, verdicts, now))?)
}

/// The content of a token, and the verdicts about it.
pub(super) fn value(token: &DecodedToken, verdicts: &[Verdict], now: UnixTime) -> Value {
    json!({
        "header": part(&token.header),
        "claims": part(&token.claims),
        "times": times(&token.claims, now),
        "signature": describe_signature(verdicts),
        "bytes": token.bytes,
        "configurations": verdicts.iter().map(verdict).collect::<Vec<_>>(),
    })
}

fn part(part: &Part) -> Value {
    match part {
        Part::Object(members) => {
            let members = members.iter();
            let value = |text: String| serde_json::from_str(&text).unwrap_or_default();
            let pairs = members.map(|(name, member)| (name.clone(), value(member.to_string())));
            Value::Object(pairs.collect())
        }
        Part::Invalid(reason) => json!({"invalid": reason}),
    }
}

fn times(claims: &Part, now: UnixTime) -> Map<String, Value> {
    let Part::Object(members) = claims else { return Map::new() };
    let times = members.iter().filter_map(|(name, value)| {
        let time = time_of(name, value)?;
        Some((name.clone(), in_words(time, now).into()))
    });
    times.collect()
}

fn verdict(verdict: &Verdict) -> Value {
    let key = |key: &KeyMatch| {
        json!({
            "path": key.path,
            "name": key.name,
            "kid": key.kid,
            "algorithms": key.algorithms,
            "signed": key.fit == Fit::Signed && key.unknown_variable.is_none(),
            "result": describe_fit(key, &verdict.key_claim_name),
        })
    };
    let examination = &verdict.examination;
    json!({
        "configuration": verdict.config,
        "keys": examination.keys.iter().map(key).collect::<Vec<_>>(),
        "decision": examination.decision.name,
        "detail": examination.decision.detail,
        "signature_checked": examination.is_signature_checked,
    })
}
