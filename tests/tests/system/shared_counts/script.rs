//! The script in a real Redis.

use anyhow::{Context, Result, ensure};
use novasphere_harness::clock::unix_seconds;
use novasphere_tests::redis::Redis;

const SCRIPT: &str = include_str!("../../../../filters/rate-limit/src/counter/redis/count.lua");
const KEY: &str = "novasphere:rate-limit:test";
/// A year with its neighbours: 2000 to 2100.
const YEAR: &str = "946684800 1577836800 4102444800 4133980800";

struct Client {
    redis: Redis,
}

impl Client {
    fn new() -> Result<Self> {
        Ok(Self { redis: Redis::start()? })
    }

    /// What was taken, and the counts.
    fn count(&self, numbers: &str, windows: &[(&str, u32)]) -> Result<Vec<u64>> {
        let mut command = vec!["EVAL", SCRIPT, "1", KEY, "n0nce"];
        command.extend(numbers.split(' '));
        let windows: Vec<(&str, String)> =
            windows.iter().map(|(period, limit)| (*period, limit.to_string())).collect();
        command.extend(windows.iter().flat_map(|(period, limit)| [*period, limit.as_str()]));
        let answer = self.redis.cli(&command)?;
        let (nonce, rest) = answer.split_once('\n').context(answer.clone())?;
        ensure!(nonce == "n0nce", "{answer}");
        let mut numbers: Vec<u64> = rest
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .context(answer.clone())?;
        let at = numbers.remove(1);
        ensure!(at.abs_diff(unix_seconds() * 1_000) < 60_000, "{at}");
        Ok(numbers)
    }

    fn value(&self) -> Result<String> {
        Ok(self.redis.cli(&["GET", KEY])?.trim().to_owned())
    }

    fn set(&self, value: &str) -> Result<()> {
        self.redis.cli(&["SET", KEY, value]).map(drop)
    }
}

#[test]
fn all_windows_hold_and_a_refusal_changes_nothing() -> Result<()> {
    let client = Client::new()?;
    let windows = [(YEAR, 3), ("31622400", 5)];
    for expected in [[1, 1, 1], [1, 2, 2], [1, 3, 3]] {
        ensure!(client.count("1 0 0 0 0", &windows)? == expected);
    }
    let before = client.value()?;
    ensure!(client.count("1 0 0 0 0", &windows)? == [0, 3, 3]);
    ensure!(client.value()? == before);
    ensure!(before.starts_with("1577836800 3 "), "{before}");
    let ttl: u64 = client.redis.cli(&["TTL", KEY])?.trim().parse()?;
    ensure!(ttl.abs_diff(4_102_444_800 - unix_seconds()) < 60, "it ends with the last window");
    Ok(())
}

#[test]
fn a_cost_is_counted_whole_or_not() -> Result<()> {
    let client = Client::new()?;
    ensure!(client.count("4 0 0 0 0", &[(YEAR, 10)])? == [4, 4]);
    ensure!(client.count("7 0 0 0 0", &[(YEAR, 10)])? == [0, 4]);
    ensure!(client.count("6 0 0 0 0", &[(YEAR, 10)])? == [6, 10]);
    Ok(())
}

#[test]
fn leases_get_smaller_and_go_back_to_windows_that_last() -> Result<()> {
    let client = Client::new()?;
    let windows = [(YEAR, 100)];
    ensure!(client.count("1 10 50 0 0", &windows)? == [1 + 9, 10]);
    ensure!(client.count("1 10 3 0 0", &windows)? == [1 + 3, 14]);
    let now = unix_seconds();
    ensure!(client.count(&format!("1 0 0 5 {now}"), &windows)? == [1, 10]);
    // Taken in the year before 2020: that window has ended.
    ensure!(client.count("1 0 0 5 1577836799", &windows)? == [1, 11]);
    // More than there is.
    ensure!(client.count(&format!("1 0 0 500 {now}"), &windows)? == [1, 1]);
    client.set("1577836800 91")?;
    ensure!(client.count("1 10 50 0 0", &windows)? == [1, 92], "nothing near the limit");
    Ok(())
}

#[test]
fn windows_begin_anew_and_a_clock_set_back_keeps_its_counts() -> Result<()> {
    let client = Client::new()?;
    let windows = [(YEAR, 5)];
    client.set("946684800 5")?;
    ensure!(client.count("1 0 0 0 0", &windows)? == [1, 1], "an old window's");
    client.set("4102444800 5")?;
    ensure!(client.count("1 0 0 0 0", &windows)? == [0, 5], "a later window's");
    ensure!(client.value()? == "1577836800 5", "and it ends with this one");
    client.set("nonsense")?;
    ensure!(client.count("1 0 0 0 0", &windows)? == [1, 1]);
    Ok(())
}
