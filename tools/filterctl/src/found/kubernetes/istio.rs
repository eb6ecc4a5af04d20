//! [`Extensions`]: the filters that Istio adds to a gateway, by `WasmPlugin` and `EnvoyFilter`.

use super::{
    Objects,
    objects::{Object, items},
};
use crate::{found::Project, source::Node};

/// The label of the pods that Istio creates for a Gateway.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// The objects with filters of this project, in the order in which the filters run.
pub(super) struct Extensions<'d> {
    /// Objects, each with a filter.
    all: Vec<(Object<'d>, usize)>,
}

impl<'d> Extensions<'d> {
    pub(super) fn new(project: &Project, objects: &Objects<'d>) -> Self {
        // The WasmPlugins of a project are in the order in which they run.
        let plugins = objects.of_kind("WasmPlugin");
        let owner = |document| plugins.iter().find(|plugin| plugin.index == document).copied();
        let filters = project.filters.iter().enumerate();
        let mut all: Vec<_> =
            filters.filter_map(|(index, filter)| Some((owner(filter.document)?, index))).collect();
        let mut first = Vec::new();
        for object in objects.of_kind("EnvoyFilter") {
            for filter in objects.filters(*object) {
                // Without INSERT_FIRST, a filter is somewhere before the router.
                let list = if is_inserted_first(project, *object, *filter) {
                    &mut first
                } else {
                    &mut all
                };
                list.push((*object, *filter));
            }
        }
        first.append(&mut all);
        Self { all: first }
    }

    /// The filters for the Gateways of an HTTPRoute.
    pub(super) fn for_http_route(&self, route: Object<'_>) -> Vec<usize> {
        let parents = items(route.spec(), "parentRefs");
        let names: Vec<&str> = parents.iter().filter_map(|p| p.get_text("name")).collect();
        self.that(|object| {
            let is_target = |target: &&Node| {
                target.get_text("kind") == Some("Gateway")
                    && target.get_text("name").is_some_and(|name| names.contains(&name))
            };
            let selected = labels(object).and_then(|labels| labels.get_text(GATEWAY_NAME));
            selected.is_some_and(|name| names.contains(&name))
                || targets(object).iter().any(is_target)
        })
    }

    /// The filters for workloads with these labels, each a list of names and values.
    pub(super) fn for_workloads(&self, workloads: &[Vec<(&str, &str)>]) -> Vec<usize> {
        self.that(|object| {
            let Some(labels) = labels(object) else { return false };
            let selected = labels.members().iter();
            let selected: Vec<_> =
                selected.filter_map(|(name, value)| Some((name.text()?, value.text()?))).collect();
            workloads.iter().any(|workload| selected.iter().all(|label| workload.contains(label)))
        })
    }

    /// The filters of objects that apply, or that are for all workloads.
    fn that(&self, applies: impl Fn(Object<'_>) -> bool) -> Vec<usize> {
        let is_for_all =
            |object: Object<'_>| targets(object).is_empty() && labels(object).is_none();
        let all = self.all.iter().filter(|(object, _)| is_for_all(*object) || applies(*object));
        all.map(|(_, filter)| *filter).collect()
    }
}

/// Whether a patch of an EnvoyFilter inserts its filter before all others.
fn is_inserted_first(project: &Project, object: Object<'_>, filter: usize) -> bool {
    let Some(filter) = project.filters.get(filter) else { return false };
    items(object.spec(), "configPatches").iter().any(|patch| {
        let contains = |node: &Node| {
            node.span.start <= filter.place.span.start && filter.place.span.end <= node.span.end
        };
        let operation = patch.at(&["patch", "operation"]).and_then(Node::text);
        operation == Some("INSERT_FIRST") && patch.get("patch").is_some_and(contains)
    })
}

/// The labels of the workloads that an object selects.
fn labels(object: Object<'_>) -> Option<&Node> {
    let spec = object.spec()?;
    let of_plugin = spec.at(&["selector", "matchLabels"]);
    of_plugin.or_else(|| spec.at(&["workloadSelector", "labels"]))
}

fn targets(object: Object<'_>) -> Vec<&Node> {
    let single = object.spec().and_then(|spec| spec.get("targetRef"));
    items(object.spec(), "targetRefs").iter().chain(single).collect()
}
