//! The script in a real Redis.

use anyhow::{Context, Result, ensure};
use novasphere_harness::clock::unix_seconds;
use novasphere_tests::redis::Redis;

const SCRIPT: &str = include_str!("../../../../filters/rate-limit/src/counter/redis/count.lua");
const KEY: &str = "novasphere:rate-limit:test";
/// The times around now at which a window begins: 2000, 2020, 2100 and 2101.
const YEAR: &str = "946684800 1577836800 4102444800 4133980800";

struct Client {
    redis: Redis,
}

impl Client {
    fn new() -> Result<Self> {
        Ok(Self { redis: Redis::start()? })
    }

    /// Runs the script; returns the units taken and the counts.
    fn count(&self, numbers: &str, windows: &[(&str, u32)]) -> Result<Vec<u64>> {
        let mut command = vec!["EVAL", SCRIPT, "1", KEY, "n0nce"];
        command.extend(numbers.split(' '));
        let windows: Vec<(&str, String)> =
            windows.iter().map(|(period, limit)| (*period, limit.to_string())).collect();
        command.extend(windows.iter().flat_map(|(period, limit)| [*period, limit.as_str()]));
        let response = self.redis.cli(&command)?;
        let (nonce, rest) = response.split_once('\n').context(response.clone())?;
        ensure!(nonce == "n0nce", "{response}");
        let mut numbers: Vec<u64> = rest
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .context(response.clone())?;
        let redis_millis = numbers.remove(1);
        ensure!(redis_millis.abs_diff(unix_seconds() * 1_000) < 60_000, "{redis_millis}");
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
fn all_windows_apply_and_a_refusal_changes_no_count() -> Result<()> {
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
    ensure!(
        ttl.abs_diff(4_102_444_800 - unix_seconds()) < 60,
        "the key must expire with the last window"
    );
    Ok(())
}

#[test]
fn cost_is_counted_in_full_or_not_at_all() -> Result<()> {
    let client = Client::new()?;
    ensure!(client.count("4 0 0 0 0", &[(YEAR, 10)])? == [4, 4]);
    ensure!(client.count("7 0 0 0 0", &[(YEAR, 10)])? == [0, 4]);
    ensure!(client.count("6 0 0 0 0", &[(YEAR, 10)])? == [6, 10]);
    Ok(())
}

#[test]
fn leases_shrink_and_return_only_to_the_current_window() -> Result<()> {
    let client = Client::new()?;
    let windows = [(YEAR, 100)];
    ensure!(client.count("1 10 50 0 0", &windows)? == [1 + 9, 10]);
    ensure!(client.count("1 10 3 0 0", &windows)? == [1 + 3, 14]);
    let now = unix_seconds();
    ensure!(client.count(&format!("1 0 0 5 {now}"), &windows)? == [1, 10]);
    // Leased one second before 2020: that window has ended.
    ensure!(client.count("1 0 0 5 1577836799", &windows)? == [1, 11]);
    // Returns more than was counted.
    ensure!(client.count(&format!("1 0 0 500 {now}"), &windows)? == [1, 1]);
    client.set("1577836800 91")?;
    ensure!(
        client.count("1 10 50 0 0", &windows)? == [1, 92],
        "near the limit there must be no lease"
    );
    Ok(())
}

#[test]
fn old_windows_reset_and_a_clock_set_back_keeps_counts() -> Result<()> {
    let client = Client::new()?;
    let windows = [(YEAR, 5)];
    client.set("946684800 5")?;
    ensure!(client.count("1 0 0 0 0", &windows)? == [1, 1], "the count of an old window");
    client.set("4102444800 5")?;
    ensure!(client.count("1 0 0 0 0", &windows)? == [0, 5], "the count of a later window");
    ensure!(client.value()? == "1577836800 5", "the later count must move to this window");
    client.set("nonsense")?;
    ensure!(client.count("1 0 0 0 0", &windows)? == [1, 1]);
    Ok(())
}
