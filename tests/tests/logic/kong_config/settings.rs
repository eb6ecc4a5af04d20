//! kong.conf and kong.env have the same settings, and the settings that the filters need.

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
fn kong_conf_and_kong_env_have_the_same_settings() -> Result<()> {
    let file = settings("kong.conf", " = ")?;
    let upper = file.into_iter().map(|(name, v)| (format!("KONG_{}", name.to_uppercase()), v));
    let environment = settings("kong.env", "=")?;
    ensure!(upper.collect::<BTreeMap<_, _>>() == environment, "kong.conf and kong.env differ");
    Ok(())
}

#[test]
fn required_settings_are_present() -> Result<()> {
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
        ensure!(!log.contains(variable), "{variable} would log the query and its token");
    }
    ensure!(settings.get("proxy_access_log").is_some_and(|log| log.ends_with(" novasphere")));
    Ok(())
}

/// The table of rate-limit's default has 65,536 clients in 32,768 slots. The zone rounds each slot
/// up to a power of two, 1 KiB.
#[test]
fn shared_memory_zone_holds_the_default_table() -> Result<()> {
    let settings = settings("kong.conf", " = ")?;
    let zone = settings.get("nginx_wasm_shm_kv").and_then(|zone| zone.strip_suffix('m'));
    let mebibytes: u32 = zone.context("no size in MiB")?.parse()?;
    ensure!(mebibytes >= 2 * 32, "{mebibytes} MiB for 32 MiB of slots");
    Ok(())
}
