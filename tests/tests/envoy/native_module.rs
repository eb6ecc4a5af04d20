//! Behaviour of Envoy's dynamic modules that operators must know, and that differs from WebAssembly.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::Request,
    envoy::{EnvoyConfig, Listener, WasmFilter},
    gateway::Gateway,
    paths,
    standin::Standin,
    wait::until,
};

use super::reload::{Reloading, generation};

/// The newest version of glibc that the module may need, as `GLIBC_2.n`.
const GLIBC: u32 = 28;

/// The version in the module.
const VERSION: &str = concat!("version ", env!("CARGO_PKG_VERSION"));

/// The version in a changed copy of the module. It has the same length.
fn other_version() -> String {
    VERSION.replace(|c: char| c.is_ascii_digit(), "9")
}

/// A copy of the module that logs another version.
fn other_module() -> Result<Vec<u8>> {
    let other = other_version();
    let mut module = fs::read(paths::native_module()?)?;
    let starts = module.windows(VERSION.len()).enumerate();
    let starts = starts.filter(|(_, text)| *text == VERSION.as_bytes()).map(|(start, _)| start);
    let starts: Vec<usize> = starts.collect();
    ensure!(!starts.is_empty(), "no {VERSION:?} in the module");
    for start in starts {
        let text = module.get_mut(start..).and_then(|rest| rest.get_mut(..other.len()));
        text.context("at the end")?.copy_from_slice(other.as_bytes());
    }
    Ok(module)
}

/// The numbers of configurations that the module and its changed copy loaded.
fn loads(running: &Reloading) -> Result<[usize; 2]> {
    let log = running.envoy.log()?;
    let count = |version: &str| {
        let line = format!("novasphere gateway: {version}");
        log.lines().filter(|logged| logged.contains(&line)).count()
    };
    Ok([count(VERSION), count(&other_version())])
}

/// Replaces a file under a running program. Writing into it would change the code that runs.
fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, content)?;
    Ok(fs::rename(&fresh, path)?)
}

/// So a release has its version in the file name, and `host-config/envoy/README.md` says to change the
/// name for a roll-out without a restart.
#[test]
fn replaced_file_runs_only_under_another_name() -> Result<()> {
    let (standin, dir) = (Standin::start()?, tempfile::tempdir()?);
    let file = |name: &str| dir.path().join(format!("lib{name}.so"));
    let mut config = EnvoyConfig::new(standin.addr, Vec::new());
    let search_path = dir.path().display().to_string();
    config.environment.insert("ENVOY_DYNAMIC_MODULES_SEARCH_PATH".to_owned(), search_path);
    let text = |name: &str, number: u32| -> Result<String> {
        let config = format!(r#"{{"header_transform": {}}}"#, generation(number));
        let listener = Listener::new("api", vec![WasmFilter::native_gateway(config)]);
        let text = EnvoyConfig::new(standin.addr, Vec::new()).listener_file_text(&[listener])?;
        ensure!(text.contains(r#""novasphere_gateway""#), "{text}");
        Ok(text.replace(r#""novasphere_gateway""#, &format!("\"{name}\"")))
    };
    fs::copy(paths::native_module()?, file("novasphere_gateway"))?;
    let running = Reloading::start_with(config, dir.path(), &text("novasphere_gateway", 1)?)?;
    ensure!(running.generation()? == "1");
    ensure!(loads(&running)? == [1, 0], "{:?}", loads(&running)?);

    let serves = |name: &str, number: u32| -> Result<[usize; 2]> {
        running.write(&text(name, number)?)?;
        until("the new configuration", || {
            Ok((running.generation()? == number.to_string()).then_some(()))
        })?;
        loads(&running)
    };
    replace(&file("novasphere_gateway"), &other_module()?)?;
    let same_name = serves("novasphere_gateway", 2)?;
    ensure!(same_name == [2, 0], "the replaced file runs: {same_name:?}");

    fs::copy(file("novasphere_gateway"), file("novasphere_gateway_9_9_9"))?;
    let other_name = serves("novasphere_gateway_9_9_9", 3)?;
    ensure!(other_name == [2, 1], "the file under another name does not run: {other_name:?}");
    chain::ensure_no_trap(&running.envoy)
}

/// Envoy keeps the lines of one name in the response of a module, and `details` is in its access log.
#[test]
fn rejection_keeps_lines_of_one_name_and_its_details_are_logged() -> Result<()> {
    let config = r#"{
        "jwt_auth": {"credentials": [{"key": "k", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}]},
        "header_transform": {"response": {"append": {
            "headers": ["set-cookie:a=1", "set-cookie:b=2"], "on_refusals": true}}}
    }"#;
    let gateway = Gateway::configured(vec![WasmFilter::native_gateway(config)], |mut config| {
        for listener in &mut config.listeners {
            listener.access_log = Some("line %RESPONSE_CODE_DETAILS%".to_owned());
        }
        config
    })?;
    let refused = gateway.send(&Request::get("/api/v1/wukongs"))?;
    ensure!(refused.head.status == 401, "{refused:?}");
    ensure!(refused.head.all("set-cookie") == ["a=1", "b=2"], "{refused:?}");
    let line = "line novasphere_jwt-auth:no_token";
    until(line, || Ok(gateway.envoy.log()?.lines().any(|l| l == line).then_some(())))?;
    chain::ensure_no_trap(&gateway.envoy)
}

/// Minimal images of Envoy have no libgcc, and some have an old C library.
#[test]
fn module_needs_only_an_old_c_library() -> Result<()> {
    let module = fs::read(paths::native_module()?)?;
    let text = String::from_utf8_lossy(&module);
    ensure!(!text.contains("libgcc_s"), "needs libgcc");
    let versions = text.split("GLIBC_2.").skip(1).map(|rest| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse::<u32>().context("the form of a version")
    });
    let versions = versions.collect::<Result<Vec<_>>>()?;
    ensure!(versions.iter().max().is_some_and(|newest| *newest <= GLIBC), "{versions:?}");
    Ok(())
}
