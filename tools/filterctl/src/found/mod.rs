//! Filters and routes in the files of all hosts.
//!
//! - `project`: the files of one command and their contents;
//! - `documents`: documents by kind, also inside ConfigMaps, lists and config dumps;
//! - `filter`: a configured filter;
//! - `route`, `named_filters`: a route with its filters;
//! - `path_condition`: the condition of a route about the path;
//! - `example`: examples of paths that a route matches;
//! - `routing`: the route for a request;
//! - `request_handling`, `canonical_path`, `matched_path`: changes that a proxy makes before it
//!   selects a route;
//! - `envoy`, `kong`, `traefik`, `kubernetes`: what each host's documents contain.

mod canonical_path;
mod documents;
mod envoy;
mod example;
mod filter;
mod kong;
mod kubernetes;
mod matched_path;
mod named_filters;
mod path_condition;
mod project;
mod request_handling;
mod route;
mod routing;
mod traefik;

use self::named_filters::NamedFilters;
pub(crate) use self::traefik::{EntryPoints, StaticConfig, middlewares};
pub use self::{
    documents::{Document, DocumentKind},
    filter::{FilterConfig, Found, Platform},
    kubernetes::{Object, Objects},
    path_condition::PathCondition,
    project::{Place, Project},
    request_handling::{EscapedSlashes, Refusal, RequestHandling, StripsPort, TraefikPath},
    route::{DirectResponse, GeneratedName, Route},
    routing::{Elsewhere, Selected},
};
