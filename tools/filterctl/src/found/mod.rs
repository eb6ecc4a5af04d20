//! Filters and routes in the files of all hosts.
//!
//! - `project`: the files of one command, and what is in them;
//! - `documents`: documents by kind, also inside ConfigMaps, lists and config dumps;
//! - `filter`: a configured filter;
//! - `route`: a route with its filters;
//! - `envoy`, `kong`, `traefik`, `kubernetes`: what each host's documents contain.

mod documents;
mod envoy;
mod filter;
mod kong;
mod kubernetes;
mod project;
mod route;
mod traefik;

pub(crate) use self::traefik::RuleConditions;
pub use self::{
    documents::{Document, DocumentKind},
    filter::{FilterConfig, Found, Platform},
    project::{Place, Project},
    route::{PathCondition, Route},
};
