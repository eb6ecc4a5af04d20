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

/// Namespaces of Kubernetes that files do not tell.
#[derive(Clone, Debug)]
pub struct Namespaces {
    /// The namespace of objects without one.
    pub own: String,
    /// Istio's root namespace, whose policies are for all namespaces.
    pub root: String,
}

impl Default for Namespaces {
    fn default() -> Self {
        Self { own: "default".to_owned(), root: "istio-system".to_owned() }
    }
}

/// Reads the services, routes and filters of all documents.
pub fn read(
    source: Source,
    project: &Project,
    namespaces: &Namespaces,
    report: &mut Report,
) -> Gateway {
    match source {
        Source::Kong | Source::Kic => kong::read(project, report),
        Source::Traefik => traefik::read(project, report),
        Source::Envoy => envoy::read(project, report),
        Source::Istio => istio::read(project, namespaces, report),
        Source::EnvoyGateway => envoy_gateway::read(project, namespaces, report),
    }
}

/// Why a route is blocked whose check cannot be converted.
fn unchecked(check: &str) -> String {
    format!("without {check}, its requests would pass unchecked")
}
