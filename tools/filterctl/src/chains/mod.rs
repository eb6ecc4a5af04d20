//! [`Chain`]: the filters that one request passes, with the parts of a gateway as filters.
//!
//! - `facts`: the headers, identities, claims and variables of a filter;
//! - `manager`: Envoy's connection managers with their filters.

pub(crate) mod facts;
pub(crate) mod manager;

use std::collections::HashSet;

use novasphere_explain::FilterKind;
use serde_json::Value;

use self::manager::managers;
use crate::found::{Found, Place, Platform, Project, Route};

/// The order of a gateway without `order`.
const GATEWAY_ORDER: [FilterKind; 4] =
    [FilterKind::Cors, FilterKind::JwtAuth, FilterKind::RateLimit, FilterKind::HeaderTransform];

/// The configurations of all filters. Null for one that is not JSON.
pub(crate) fn configs(project: &Project) -> Vec<Value> {
    let filters = project.filters.iter();
    filters.map(|found| serde_json::from_str(&found.config.json).unwrap_or(Value::Null)).collect()
}

/// A filter as it runs: one entry of the host, or one part of a gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'p> {
    /// The filter. Never the gateway.
    pub(crate) kind: FilterKind,
    /// The index of the host's entry in [`Project::filters`].
    pub(crate) filter: usize,
    /// The host's entry.
    pub(crate) found: &'p Found,
    /// The field of the gateway. Empty for a separate filter.
    pub(crate) part: &'static str,
    /// The filter's own configuration.
    pub(crate) config: &'p Value,
}

impl Step<'_> {
    /// Whether the filter is a part of a gateway.
    pub(crate) const fn is_in_gateway(&self) -> bool {
        !self.part.is_empty()
    }

    /// The place of a field of the filter's configuration. Empty for the filter as a whole.
    pub(crate) fn place(&self, path: &str) -> Place {
        if path.is_empty() && self.part.is_empty() {
            return self.found.place.clone();
        }
        let path = match (self.part, path) {
            ("", path) => path.to_owned(),
            (part, "") => part.to_owned(),
            (part, path) => format!("{part}.{path}"),
        };
        Place { file: self.found.place.file, span: self.found.config.node.span_of(&path).0 }
    }

    /// A message about the filter.
    pub(crate) fn says(&self, message: &str) -> String {
        format!("{}: {message}", self.kind.name())
    }
}

/// The filters that one request passes.
#[derive(Debug)]
pub(crate) struct Chain<'p> {
    /// The filters in the order in which they see the request.
    pub(crate) steps: Vec<Step<'p>>,
    /// The kind of file.
    pub(crate) platform: Platform,
    /// Whether the files show all filters of the request.
    pub(crate) is_complete: bool,
}

impl<'p> Chain<'p> {
    /// The last filter of this kind before `index`.
    pub(crate) fn before(&self, index: usize, kind: FilterKind) -> Option<&Step<'p>> {
        self.steps.iter().take(index).rev().find(|step| step.kind == kind)
    }

    /// The first filter of this kind behind `index`.
    pub(crate) fn behind(&self, index: usize, kind: FilterKind) -> Option<&Step<'p>> {
        self.steps.iter().skip(index.saturating_add(1)).find(|step| step.kind == kind)
    }

    /// The filters of a kind, with their indices.
    pub(crate) fn of_kind(&self, kind: FilterKind) -> impl Iterator<Item = (usize, &Step<'p>)> {
        self.steps.iter().enumerate().filter(move |(_, step)| step.kind == kind)
    }
}

/// All chains of a project, each once.
#[derive(Debug)]
pub(crate) struct Chains<'p> {
    project: &'p Project,
    configs: &'p [Value],
    /// The chains.
    pub(crate) all: Vec<Chain<'p>>,
}

impl<'p> Chains<'p> {
    /// The chains of the routes, and of the filters that belong to no route.
    pub(crate) fn new(project: &'p Project, configs: &'p [Value]) -> Self {
        let mut chains = Self { project, configs, all: Vec::new() };
        let mut seen: HashSet<(Platform, &[usize])> = HashSet::new();
        let mut used: HashSet<usize> = HashSet::new();
        for route in &project.routes {
            used.extend(&route.filters);
            if seen.insert((route.platform, &route.filters)) && !route.filters.is_empty() {
                let chain = chains.chain(&route.filters, route.platform, true);
                chains.all.push(chain);
            }
        }
        for (filters, platform, is_complete) in unrouted(project, &used) {
            let chain = chains.chain(&filters, platform, is_complete);
            chains.all.push(chain);
        }
        chains
    }

    fn chain(&self, filters: &[usize], platform: Platform, is_complete: bool) -> Chain<'p> {
        let steps = filters.iter().flat_map(|filter| self.steps(*filter)).collect();
        Chain { steps, platform, is_complete }
    }

    /// The filters of a route.
    pub(crate) fn of_route(&self, route: &Route) -> Vec<Step<'p>> {
        route.filters.iter().flat_map(|filter| self.steps(*filter)).collect()
    }

    /// An entry of the host as filters.
    pub(crate) fn steps(&self, filter: usize) -> Vec<Step<'p>> {
        let Some(found) = self.project.filters.get(filter) else { return Vec::new() };
        let Some(config) = self.configs.get(filter) else { return Vec::new() };
        if found.kind != FilterKind::Gateway {
            return vec![Step { kind: found.kind, filter, found, part: "", config }];
        }
        let named = config.get("order").and_then(Value::as_array).map(|order| {
            order.iter().filter_map(|name| FilterKind::from_name(name.as_str()?)).collect()
        });
        let order: Vec<FilterKind> = named.unwrap_or_else(|| GATEWAY_ORDER.to_vec());
        let parts = order.into_iter().filter_map(|kind| {
            let part = field(kind);
            let config = config.get(part)?;
            Some(Step { kind, filter, found, part, config })
        });
        parts.collect()
    }
}

/// The field of a filter in the gateway's configuration.
const fn field(kind: FilterKind) -> &'static str {
    match kind {
        FilterKind::Cors => "cors",
        FilterKind::JwtAuth => "jwt_auth",
        FilterKind::RateLimit => "rate_limit",
        FilterKind::HeaderTransform => "header_transform",
        FilterKind::Gateway => "",
    }
}

/// The chains of filters that belong to no route: of a listener without its routes, of a policy, of
/// all WasmPlugins, else single filters.
fn unrouted(project: &Project, used: &HashSet<usize>) -> Vec<(Vec<usize>, Platform, bool)> {
    let mut chains = Vec::new();
    let mut seen = used.clone();
    for manager in managers(project) {
        let rest: Vec<usize> =
            manager.filters.iter().copied().filter(|f| !seen.contains(f)).collect();
        // A filter that each route overrides is in no route.
        let is_routed = manager.filters.iter().any(|filter| used.contains(filter));
        seen.extend(&rest);
        if !rest.is_empty() && !is_routed {
            chains.push((rest, Platform::Envoy, true));
        } else {
            chains.extend(rest.into_iter().map(|f| (vec![f], Platform::Envoy, false)));
        }
    }
    let mut groups: Vec<((Platform, usize), Vec<usize>)> = Vec::new();
    for (index, filter) in project.filters.iter().enumerate().filter(|(n, _)| !seen.contains(n)) {
        let group = match filter.platform {
            Platform::EnvoyGateway => Some(filter.document),
            Platform::Istio if filter.entry.get("url").is_some() => Some(usize::MAX),
            _ => None,
        };
        let existing =
            groups.iter_mut().find(|(key, _)| Some(*key) == group.map(|g| (filter.platform, g)));
        match (existing, group) {
            (Some((_, filters)), _) => filters.push(index),
            (None, Some(group)) => groups.push(((filter.platform, group), vec![index])),
            (None, None) => chains.push((vec![index], filter.platform, false)),
        }
    }
    // WasmPlugins for several targets are several chains.
    let single_target = |filters: &[usize]| {
        let mut targets = filters.iter().filter_map(|f| project.filters.get(*f)).map(|filter| {
            let entry = &filter.entry;
            (
                entry.get("targetRefs").cloned().map(without_places),
                entry.get("selector").cloned().map(without_places),
            )
        });
        let first = targets.next();
        targets.all(|target| Some(target) == first)
    };
    for ((platform, _), filters) in groups {
        if platform != Platform::Istio || single_target(&filters) {
            chains.push((filters, platform, true));
        } else {
            chains.extend(filters.into_iter().map(|f| (vec![f], platform, false)));
        }
    }
    chains
}

/// The value of a node, for comparisons.
fn without_places(node: crate::source::Node) -> Value {
    crate::source::Reader::Kubernetes.value(&node)
}
