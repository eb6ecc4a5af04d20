//! The outputs of `filterctl convert --to traefik` in the real Traefik give the verdicts of their
//! inputs, except where their reports say otherwise. So do the inputs from Traefik, except routes with
//! plugins of Traefik's catalogue.
//!
//! - `inputs`: starts the inputs;
//! - `auth_service`: the service behind forwardAuth.
//!
//! The static configuration is the one in the comment of the output. The tests change little: free
//! ports, the PROXY protocol on the entry point, with which a request has a client address, the
//! stand-in without TLS in place of all servers, and routers without TLS.

use anyhow::{Result, ensure};
use filterctl::convert::Source;
use novasphere_harness::{standin::Standin, traefik::Traefik};
use novasphere_tests::converted::{ConvertCase, Proxy, Run, Side, each_of, static_part};

mod auth_service;
mod inputs;

/// Checks the outputs from a format.
fn check_outputs(source: Source) -> Result<()> {
    each_of(source, check_output)
}

fn check_output(case: &ConvertCase) -> Result<()> {
    let output = case.convert(Proxy::Traefik)?;
    let standin = Standin::start()?;
    let fixed = static_part(&output.text)?;
    let variables = &case.table.variables;
    let text = output.text.replace("      tls: {}\n", "");
    let mut traefik = Traefik::start_text(&fixed, &text, standin.addr, variables)?;
    let side = Side::Output(&output);
    Run { case, side, addr: traefik.addr, standin: &standin }.check()?;
    traefik.ensure_no_trap()?;
    let troubles = traefik.troubles();
    ensure!(troubles.is_empty(), "Traefik complains:\n{troubles}");
    Ok(())
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
