//! A Redis that counts, for filters with `policy: redis`.
//!
//! It carries out the filter's script `count.lua` on the arguments of a call.

use std::collections::BTreeMap;

use novasphere_core::trace;
use serde_json::Value;

/// The counts by key: start and count of each window.
#[derive(Debug, Default)]
pub(super) struct Redis {
    counts: BTreeMap<String, Vec<(u64, u64)>>,
}

/// The arguments of the script.
struct Call<'c> {
    key: &'c str,
    nonce: &'c str,
    cost: u64,
    share: u64,
    max: u64,
    returned: u64,
    leased_at: u64,
    /// Period and limit of each window.
    windows: Vec<(&'c str, u64)>,
}

impl Redis {
    /// The response body of a call at this time. `None` if the call has another form.
    pub(super) fn answer(&mut self, body: &[u8], millis: u64) -> Option<String> {
        let command: Vec<String> = serde_json::from_slice(body).ok()?;
        let call = Call::parse(&command)?;
        let now = millis / 1_000;
        let is_new = !self.counts.contains_key(call.key);
        let old = self.counts.get(call.key).cloned().unwrap_or_default();
        let mut new: Vec<(u64, u64)> = Vec::new();
        let mut remaining = u64::MAX;
        for (index, (period, limit)) in call.windows.iter().enumerate() {
            let start = start(period, now)?;
            let (was, count) = old.get(index).copied().unwrap_or_default();
            let mut count = if was < start { 0 } else { count };
            if is_new {
                count = assumed(period).unwrap_or(count);
            }
            if start <= call.leased_at {
                count = count.saturating_sub(call.returned);
            }
            remaining = remaining.min(limit.saturating_sub(count));
            new.push((start, count));
        }
        let rest = remaining.checked_sub(call.cost);
        let lease = |rest: u64| (rest.saturating_mul(call.share) / 100).min(call.max);
        let taken = rest.map_or(0, |rest| call.cost.saturating_add(lease(rest)));
        new.iter_mut().for_each(|(_, count)| *count = count.saturating_add(taken));
        let counts = new.iter().map(|(_, count)| Value::from(*count));
        let head = [Value::from(call.nonce), taken.into(), millis.into()];
        let result: Vec<Value> = head.into_iter().chain(counts).collect();
        self.counts.insert(call.key.to_owned(), new);
        Some(serde_json::json!({ "result": result }).to_string())
    }
}

impl<'c> Call<'c> {
    fn parse(command: &'c [String]) -> Option<Self> {
        let [eval, _, keys, key, nonce, cost, share, max, returned, leased_at, windows @ ..] =
            command
        else {
            return None;
        };
        if eval != "EVAL" || keys != "1" {
            return None;
        }
        let window = |pair: &'c [String]| match pair {
            [period, limit] => Some((period.as_str(), limit.parse().ok()?)),
            _ => None,
        };
        Some(Self {
            key,
            nonce,
            cost: cost.parse().ok()?,
            share: share.parse().ok()?,
            max: max.parse().ok()?,
            returned: returned.parse().ok()?,
            leased_at: leased_at.parse().ok()?,
            windows: windows.chunks(2).map(window).collect::<Option<_>>()?,
        })
    }
}

/// The start of the window that contains `now`. Months and years are lists of starts.
fn start(period: &str, now: u64) -> Option<u64> {
    if let Ok(length) = period.parse::<u64>() {
        return Some(now.saturating_sub(now.checked_rem(length)?));
    }
    let starts = period.split(' ').filter_map(|moment| moment.parse::<u64>().ok());
    starts.filter(|moment| *moment <= now).max()
}

/// The count that the tool assumes for a window. See [`trace::used`].
fn assumed(period: &str) -> Option<u64> {
    let name = match period {
        "1" => "second",
        "60" => "minute",
        "3600" => "hour",
        "86400" => "day",
        // A year has four starts over three years, a month over three months.
        list if list.contains(' ') => {
            let mut moments = list.split(' ').filter_map(|moment| moment.parse::<u64>().ok());
            let (first, last) = (moments.next()?, moments.next_back()?);
            if last.saturating_sub(first) > 400 * 86_400 { "year" } else { "month" }
        }
        seconds => seconds,
    };
    trace::used(name).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(arguments: &[&str]) -> Vec<u8> {
        serde_json::to_vec(&[&["EVAL", "script", "1", "k"], arguments].concat()).unwrap()
    }

    /// 2024-02-29T13:37:42Z.
    const NOW: u64 = 1_709_213_862_000;

    #[test]
    fn counts_in_all_windows_or_none() {
        let mut redis = Redis::default();
        let call = command(&["n", "1", "0", "0", "0", "0", "60", "2", "3600", "9"]);
        let mut answer = |millis| redis.answer(&call, millis).unwrap();
        assert_eq!(answer(NOW), r#"{"result":["n",1,1709213862000,1,1]}"#);
        assert_eq!(answer(NOW), r#"{"result":["n",1,1709213862000,2,2]}"#);
        assert_eq!(answer(NOW), r#"{"result":["n",0,1709213862000,2,2]}"#);
        assert_eq!(answer(NOW + 60_000), r#"{"result":["n",1,1709213922000,1,3]}"#);
    }

    #[test]
    fn leases_a_share_of_the_rest() {
        let mut redis = Redis::default();
        let call = command(&["n", "1", "50", "10", "0", "0", "3600", "101"]);
        assert_eq!(redis.answer(&call, NOW).unwrap(), r#"{"result":["n",11,1709213862000,11]}"#);
    }

    #[test]
    fn months_have_starts() {
        let month = "1704067200 1706745600 1709251200 1711929600";
        assert_eq!(start(month, NOW / 1_000), Some(1_706_745_600));
        trace::with_used(vec![("month".to_owned(), 7)], || assert_eq!(assumed(month), Some(7)));
    }

    #[test]
    fn other_commands_get_no_answer() {
        assert_eq!(Redis::default().answer(b"[\"GET\", \"k\"]", NOW), None);
    }
}
