//! The outputs of `filterctl convert --to envoy` in the real Envoy give the verdicts of their inputs,
//! except where their reports say otherwise. So do the inputs that are themselves Envoy configurations.
//!
//! The tests change little in the files: free ports, the filter's file in `dist/`, and the PROXY
//! protocol on listeners, with which a request has a client address. Clients have no TLS, so
//! virtual hosts do not require it. All clusters point to the stand-in without TLS; the cluster of the issuer `id.example.com` points to a server with its keys.

use anyhow::{Result, ensure};
use filterctl::convert::Source;
use novasphere_harness::{
    chain::ensure_no_trap,
    envoy::{Envoy, Substitutions, telling, validate_yaml},
    paths,
    standin::Standin,
};
use novasphere_tests::{
    converted::{ConvertCase, Proxy, Run, Side, cases, each_of},
    key_server::KeyServer,
    test_key::TestKey,
};

const ISSUER: &str = "id.example.com";

/// Runs the requests of a case through an Envoy with a configuration.
fn check(case: &ConvertCase, side: Side<'_>, text: &str) -> Result<()> {
    let standin = Standin::start()?;
    let key = TestKey::rsa("a", "RS256", "rsa-a.pem")?;
    let keys = KeyServer::start(&format!("https://{ISSUER}"), vec![key.jwk()])?;
    let mut substitutions = Substitutions::new(standin.addr, case.table.variables.clone());
    substitutions.hosts.insert(ISSUER.to_owned(), keys.addr);
    substitutions.proxy_protocol = true;
    let text = text.replace("require_tls: ALL", "require_tls: NONE");
    let envoy = Envoy::start_text(&text, &substitutions)?;
    let addr = envoy.listener("gateway")?;
    Run { case, side, addr, standin: &standin }.check()?;
    ensure_no_trap(&envoy)
}

/// Checks the outputs from a format.
fn check_outputs(source: Source) -> Result<()> {
    each_of(source, |case| {
        let output = case.convert(Proxy::Envoy)?;
        check(case, Side::Output(&output), &output.text)
    })
}

#[test]
fn outputs_from_kong_give_its_verdicts() -> Result<()> {
    check_outputs(Source::Kong)
}

#[test]
fn outputs_from_kong_ingress_controller_give_its_verdicts() -> Result<()> {
    check_outputs(Source::Kic)
}

#[test]
fn outputs_from_traefik_give_its_verdicts() -> Result<()> {
    check_outputs(Source::Traefik)
}

#[test]
fn outputs_from_envoy_give_its_verdicts() -> Result<()> {
    check_outputs(Source::Envoy)
}

#[test]
fn outputs_from_istio_give_its_verdicts() -> Result<()> {
    check_outputs(Source::Istio)
}

#[test]
fn outputs_from_envoy_gateway_give_its_verdicts() -> Result<()> {
    check_outputs(Source::EnvoyGateway)
}

#[test]
fn inputs_of_envoy_give_the_expected_verdicts() -> Result<()> {
    each_of(Source::Envoy, |case| {
        let mut inputs = case.project.files.iter();
        inputs.try_for_each(|file| check(case, Side::Source, &file.text))
    })
}

/// Starting an Envoy is slow, so this checks one output with key sets and the filter's configuration
/// as a Struct, and one with the configuration as a text. Both have clusters with TLS.
#[test]
fn own_yaml_reader_of_envoy_accepts_outputs_unchanged() -> Result<()> {
    let module = paths::wasm("gateway")?;
    let selected = |case: &&ConvertCase| ["envoy-native", "traefik-plugins"].contains(&&*case.name);
    let cases = [cases(Source::Envoy)?, cases(Source::Traefik)?].concat();
    for case in cases.iter().filter(selected) {
        let text = case.convert(Proxy::Envoy)?.text;
        let text = text
            .replace("/etc/envoy/wasm/novasphere-gateway.wasm", &module.display().to_string())
            .replace("port_value: 9901", "port_value: 0");
        let exit = validate_yaml(&text, &case.table.variables)?;
        ensure!(exit.success, "Envoy rejects {}:\n{}", case.name, telling(&exit.log));
    }
    Ok(())
}
