//! Readers of the formats to convert from.
//!
//! - `kong`, `traefik`, `envoy`, `istio`, `envoy_gateway`: one format each;
//! - `input`: parts of inputs;
//! - `policy`: parts of the filters' configurations that several formats have.

mod envoy;
mod envoy_gateway;
mod input;
mod istio;
mod kong;
mod policy;
mod traefik;

pub(super) use self::{input::urls::Url, policy::headers::finish as finish_headers};
use super::{model::Gateway, report::Report};
use crate::found::Project;

/// A format to convert from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Source {
    /// Kong's declarative configuration.
    Kong,
    /// Resources of the Kong Ingress Controller.
    Kic,
    /// Traefik's dynamic configuration, in files or in Kubernetes.
    Traefik,
    /// Envoy's own filters, in a bootstrap or discovery responses.
    Envoy,
    /// Istio's RequestAuthentication and AuthorizationPolicy.
    Istio,
    /// Envoy Gateway's SecurityPolicy and BackendTrafficPolicy.
    EnvoyGateway,
}

/// Reads the services, routes and filters of all documents.
pub fn read(source: Source, project: &Project, report: &mut Report) -> Gateway {
    match source {
        Source::Kong | Source::Kic => kong::read(project, report),
        Source::Traefik => traefik::read(project, report),
        Source::Envoy => envoy::read(project, report),
        Source::Istio => istio::read(project, report),
        Source::EnvoyGateway => envoy_gateway::read(project, report),
    }
}

/// Why a route is blocked whose check cannot be converted.
fn unchecked(check: &str) -> String {
    format!("without {check}, its requests would pass unchecked")
}
