//! kong.conf and kong.env.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;

use super::DIR;

fn settings(file: &str, separator: &str) -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(repository().join(DIR).join(file))?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|line| {
        let (name, value) = line.split_once(separator).with_context(|| line.to_owned())?;
        Ok((name.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

#[test]
fn file_and_environment_say_the_same() -> Result<()> {
    let file = settings("kong.conf", " = ")?;
    let upper = file.into_iter().map(|(name, v)| (format!("KONG_{}", name.to_uppercase()), v));
    let environment = settings("kong.env", "=")?;
    ensure!(upper.collect::<BTreeMap<_, _>>() == environment, "they differ");
    Ok(())
}

#[test]
fn what_must_be_set_is_set() -> Result<()> {
    let settings = settings("kong.conf", " = ")?;
    for (name, value) in [
        ("wasm", "on"),
        ("nginx_main_env", "NOVASPHERE_JWT_SECRET"),
        ("nginx_wasm_shm_kv", "64m"),
        ("admin_listen", "127.0.0.1:8001"),
    ] {
        ensure!(settings.get(name).is_some_and(|v| v == value), "{name} is not {value}");
    }
    let log = settings.get("nginx_http_log_format").context("no log format")?;
    for variable in ["$request\"", "$request_uri", "$args", "$query_string"] {
        ensure!(!log.contains(variable), "{variable} has the query, and its token, in it");
    }
    ensure!(settings.get("proxy_access_log").is_some_and(|log| log.ends_with(" novasphere")));
    Ok(())
}

/// The zone has room for the table of rate-limit's default: 65,536 clients in 32,768 slots, of which
/// each takes a power of two of bytes there, 1 KiB.
#[test]
fn the_zone_has_room_for_the_table() -> Result<()> {
    let settings = settings("kong.conf", " = ")?;
    let zone = settings.get("nginx_wasm_shm_kv").and_then(|zone| zone.strip_suffix('m'));
    let mebibytes: u32 = zone.context("no size")?.parse()?;
    ensure!(mebibytes >= 2 * 32, "{mebibytes} MiB for 32 MiB of slots");
    Ok(())
}
