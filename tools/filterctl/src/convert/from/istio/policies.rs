//! RequestAuthentications and AuthorizationPolicies with their scopes.

use crate::{
    convert::{from::input::kubernetes::Object, report::Report},
    source::Node,
};

/// A RequestAuthentication or an AuthorizationPolicy.
#[derive(Debug)]
pub(super) struct Policy<'o> {
    pub(super) object: &'o Object<'o>,
    pub(super) scope: Scope,
}

/// The workloads of a policy in its namespace. In the root namespace: in all namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    /// Workloads with all of these labels.
    Labels(Vec<(String, String)>),
    /// Kinds and names.
    Targets(Vec<(String, String)>),
}

/// All policies. A dry run neither allows nor rejects a request.
pub(super) fn read<'o>(objects: &'o [Object<'o>], report: &mut Report) -> Vec<Policy<'o>> {
    let kinds = ["RequestAuthentication", "AuthorizationPolicy"];
    let is_policy =
        |o: &&Object<'_>| kinds.contains(&o.kind) && o.api().starts_with("security.istio.io/");
    let is_dry_run = |o: &&Object<'_>| o.annotation("istio.io/dry-run") == Some("true");
    let (dry, policies): (Vec<_>, Vec<_>) = objects.iter().filter(is_policy).partition(is_dry_run);
    for object in dry {
        report.not_needed(&object.place(), format!("{}: is a dry run", object.describe()));
    }
    policies.into_iter().map(|object| Policy { object, scope: scope(object) }).collect()
}

/// The workloads of a policy.
pub(super) fn scope(object: &Object<'_>) -> Scope {
    let Some(spec) = object.root.get("spec") else { return Scope::All };
    let several = spec.get("targetRefs").map(Node::items).unwrap_or_default();
    let targets: Vec<(String, String)> = spec
        .get("targetRef")
        .into_iter()
        .chain(several)
        .map(|target| {
            let text = |name: &str| target.get_text(name).unwrap_or_default().to_owned();
            (text("kind"), text("name"))
        })
        .collect();
    if !targets.is_empty() {
        return Scope::Targets(targets);
    }
    match spec.at(&["selector", "matchLabels"]).map(labels) {
        Some(labels) if !labels.is_empty() => Scope::Labels(labels),
        _ => Scope::All,
    }
}

/// The labels of an object.
pub(super) fn labels(node: &Node) -> Vec<(String, String)> {
    let members = node.members().iter();
    let mut labels: Vec<(String, String)> = members
        .filter_map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned())))
        .collect();
    labels.sort();
    labels
}

impl Policy<'_> {
    pub(super) fn is_authentication(&self) -> bool {
        self.object.kind == "RequestAuthentication"
    }

    /// Whether the policy only rejects requests: with others, it rejects no fewer.
    pub(super) fn only_rejects(&self) -> bool {
        self.is_authentication()
            || self.object.root.at(&["spec", "action"]).and_then(Node::text) == Some("DENY")
    }
}
