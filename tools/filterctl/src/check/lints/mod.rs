//! Checks across filters and host.
//!
//! - `other_auth`: authentication by the host itself;
//! - `workloads`: containers of Kubernetes workloads;
//! - `report`: the findings;
//! - `common`: filters that do not fit together, or do not fit their routes;
//! - `envoy`, `kong`, `traefik`, `kubernetes`: settings of each host.
//!
//! The checks use the given files only. A chain without its host's settings causes no finding about
//! settings.

mod common;
mod envoy;
mod kong;
mod kubernetes;
mod other_auth;
mod report;
#[cfg(test)]
mod tests;
mod traefik;
mod workloads;

use self::report::Report;
use crate::chains::{Chains, configs};
use crate::{finding::Finding, found::Project};

/// Adds the findings across the files of a project. Removes warnings of filters that an earlier
/// filter answers: a filter alone cannot know that another one is in front.
pub(super) fn add(project: &Project, findings: &mut Vec<Finding>) {
    let configs = configs(project);
    let chains = Chains::new(project, &configs);
    let mut report = Report::default();
    common::check(project, &chains, &mut report);
    envoy::check(project, &chains, &mut report);
    kong::check(project, &chains, &mut report);
    traefik::check(project, &chains, &mut report);
    kubernetes::check(project, &chains, &mut report);
    report.finish(findings);
}
