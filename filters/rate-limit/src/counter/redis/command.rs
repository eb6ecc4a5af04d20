//! The command of a call: `EVAL` with the script.

use std::fmt::Write;

use crate::{
    counter::charge::Charge,
    window::{Limit, Period},
};

/// Builds commands that run the script.
#[derive(Debug)]
pub(crate) struct Script {
    /// The start of every command, up to the client's key.
    start: Vec<u8>,
}

impl Script {
    pub(crate) fn new() -> Self {
        let lines = include_str!("count.lua").lines().map(str::trim);
        let code: Vec<&str> = lines.filter(|line| !line.starts_with("--")).collect();
        let code = serde_json::Value::from(code.join("\n"));
        Self { start: format!("[\"EVAL\",{code},\"1\",\"novasphere:rate-limit:").into_bytes() }
    }

    /// A command: a JSON array of strings. `now` is in seconds.
    pub(super) fn command(
        &self,
        key: &[u8; 16],
        nonce: &str,
        charge: &Charge,
        limits: &[Limit],
        now: u32,
    ) -> Vec<u8> {
        let Charge { cost, lease, returned, leased_at } = charge;
        let mut rest = String::with_capacity(128);
        for byte in key {
            let _ = write!(rest, "{byte:02x}");
        }
        let numbers = [*cost, lease.share, lease.max, *returned, *leased_at];
        let _ = write!(rest, "\",\"{nonce}\"");
        for number in numbers {
            let _ = write!(rest, ",\"{number}\"");
        }
        for limit in limits {
            let _ = write!(rest, ",\"{}\",\"{}\"", period(limit.period, now), limit.requests);
        }
        rest.push(']');
        [self.start.as_slice(), rest.as_bytes()].concat()
    }
}

/// A period as an argument of the script: its length in seconds. Redis has no calendar, so a month or
/// a year is the list of the starts around `now`. The clock of Redis may be one window apart.
fn period(period: Period, now: u32) -> String {
    let (shortest, longest) = period.lengths();
    if shortest == longest {
        return shortest.to_string();
    }
    let this = period.window(now);
    let before = period.window(this.start.saturating_sub(1));
    let after = period.window(this.end);
    format!("{} {} {} {}", before.start, this.start, after.start, after.end)
}
