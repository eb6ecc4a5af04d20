//! `HTTPRoute` with the `EnvoyExtensionPolicy`s of Envoy Gateway and the `WasmPlugin`s of Istio.

use std::cmp::Reverse;

use super::{
    Objects,
    objects::{Object, items, texts},
};
use crate::{
    found::{PathCondition, Platform, Project, Route},
    source::Node,
};

/// The label of the pods that Istio creates for a Gateway.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// Adds the routes of all `HTTPRoute`s. Without filters of Envoy Gateway or Istio there are none:
/// other implementations run no filters.
pub(super) fn add(project: &mut Project, objects: &Objects<'_>) {
    let has_filters = |kind: &str| {
        objects.of_kind(kind).iter().any(|object| !objects.filters(*object).is_empty())
    };
    let mut platforms = Vec::new();
    if has_filters("EnvoyExtensionPolicy") {
        platforms.push(Platform::EnvoyGateway);
    }
    if has_filters("WasmPlugin") {
        platforms.push(Platform::Istio);
    }
    for platform in platforms {
        let context = Context { objects, platform, plugins: plugins(project, objects) };
        let mut routes = Vec::new();
        for route in objects.of_kind("HTTPRoute") {
            for (n, rule) in items(route.spec(), "rules").iter().enumerate() {
                let key = listeners(*route);
                let found = context.routes(*route, n, rule).into_iter();
                routes.extend(found.map(|(rank, route)| (key.clone(), rank, route)));
            }
        }
        routes.sort_by_key(|(_, rank, _)| Reverse(*rank));
        // A route without a listener is for all of them, and so beside all other routes.
        let is_for_all = routes.iter().any(|(key, ..)| key.is_none());
        let mut keys: Vec<Option<String>> = routes.iter().map(|(key, ..)| key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let groups: Vec<usize> = keys.iter().map(|_| project.new_group()).collect();
        for (key, _, route) in routes {
            let index = keys.iter().position(|other| *other == key).filter(|_| !is_for_all);
            let group = groups.get(index.unwrap_or(0)).copied().unwrap_or_default();
            project.routes.push(Route { group, ..route });
        }
    }
}

/// The listeners of a route. `None` if one of its parents is a whole Gateway.
fn listeners(route: Object<'_>) -> Option<String> {
    let parents = items(route.spec(), "parentRefs");
    let listener = |parent: &Node| {
        Some(format!("{} {}", parent.get_text("name")?, parent.get_text("sectionName")?))
    };
    let mut all: Vec<String> = parents.iter().map(listener).collect::<Option<_>>()?;
    all.sort_unstable();
    Some(all.join(", "))
}

/// All WasmPlugins of this project, which are in the order in which they run, with their filters.
fn plugins<'d>(project: &Project, objects: &Objects<'d>) -> Vec<(Object<'d>, usize)> {
    let plugins = objects.of_kind("WasmPlugin");
    let owner = |document| plugins.iter().find(|plugin| plugin.index == document).copied();
    let filters = project.filters.iter().enumerate();
    filters.filter_map(|(index, filter)| Some((owner(filter.document)?, index))).collect()
}

/// The precedence of a match: kind of path, length of the path, method, headers, queries.
type Rank = (u8, usize, bool, usize, usize);

struct Context<'o, 'd> {
    objects: &'o Objects<'d>,
    platform: Platform,
    plugins: Vec<(Object<'d>, usize)>,
}

impl Context<'_, '_> {
    fn routes(&self, route: Object<'_>, n: usize, rule: &Node) -> Vec<(Rank, Route)> {
        let filters = self.filters(route, rule);
        let matches = items(Some(rule), "matches");
        let every =
            Node { span: rule.span.clone(), content: crate::source::Content::Mapping(vec![]) };
        let matches = if matches.is_empty() { std::slice::from_ref(&every) } else { matches };
        let services = items(Some(rule), "backendRefs");
        let service = services.first().and_then(|service| service.get_text("name"));
        matches
            .iter()
            .map(|condition| {
                let found = Route {
                    name: format!("{}[{n}]", route.name()),
                    platform: self.platform,
                    group: 0,
                    route_name: rule.get_text("name").map(str::to_owned),
                    service_name: service.map(str::to_owned),
                    domains: texts(route.spec(), "hostnames"),
                    ignores_port: true,
                    path: path_condition(condition),
                    methods: condition.get_text("method").map(str::to_owned).into_iter().collect(),
                    other_conditions: ["headers", "queryParams"]
                        .into_iter()
                        .filter(|name| !items(Some(condition), name).is_empty())
                        .map(str::to_owned)
                        .collect(),
                    filters: filters.clone(),
                    is_direct: service.is_none(),
                    place: route.document.place(rule),
                    document: route.index,
                };
                (self.rank(condition), found)
            })
            .collect()
    }

    fn filters(&self, route: Object<'_>, rule: &Node) -> Vec<usize> {
        match self.platform {
            Platform::Istio => self.plugin_filters(route),
            _ => self.policy_filters(route, rule),
        }
    }

    /// The filters of the most specific policy: of the rule, the route, the listener, the Gateway.
    fn policy_filters(&self, route: Object<'_>, rule: &Node) -> Vec<usize> {
        let mut best: Option<(u8, Object<'_>)> = None;
        for policy in self.objects.of_kind("EnvoyExtensionPolicy") {
            for target in targets(*policy) {
                let precedence = precedence(target, *policy, route, rule);
                if precedence > best.map(|(precedence, _)| precedence) {
                    best = precedence.map(|precedence| (precedence, *policy));
                }
            }
        }
        best.map(|(_, policy)| self.objects.filters(policy).to_vec()).unwrap_or_default()
    }

    /// The filters of all plugins for the route's Gateways.
    fn plugin_filters(&self, route: Object<'_>) -> Vec<usize> {
        let parents = items(route.spec(), "parentRefs");
        let applies = |plugin: &Object<'_>| {
            let label = plugin.spec().and_then(|spec| spec.at(&["selector", "matchLabels"]));
            let selected = label.and_then(|labels| labels.get_text(GATEWAY_NAME));
            let targets = targets(*plugin);
            if targets.is_empty() && label.is_none() {
                return true;
            }
            parents.iter().filter_map(|parent| parent.get_text("name")).any(|parent| {
                selected == Some(parent)
                    || targets.iter().any(|target| {
                        target.get_text("kind") == Some("Gateway")
                            && target.get_text("name") == Some(parent)
                    })
            })
        };
        self.plugins.iter().filter(|(plugin, _)| applies(plugin)).map(|(_, f)| *f).collect()
    }

    /// Envoy Gateway tries exact paths, then regular expressions, then prefixes. Istio tries
    /// prefixes before regular expressions.
    fn rank(&self, condition: &Node) -> Rank {
        let path = condition.get("path");
        let kind = match path.and_then(|path| path.get_text("type")) {
            Some("Exact") => 3,
            Some("RegularExpression") if self.platform == Platform::Istio => 1,
            Some("RegularExpression") => 2,
            _ if self.platform == Platform::Istio => 2,
            _ => 1,
        };
        let length = path.and_then(|path| path.get_text("value")).map_or(0, str::len);
        let count = |name: &str| items(Some(condition), name).len();
        (kind, length, condition.get("method").is_some(), count("headers"), count("queryParams"))
    }
}

fn targets<'d>(policy: Object<'d>) -> Vec<&'d Node> {
    let single = policy.spec().and_then(|spec| spec.get("targetRef"));
    items(policy.spec(), "targetRefs").iter().chain(single).collect()
}

/// How specific a policy's target is for a rule of a route. `None` if it targets something else.
fn precedence(target: &Node, policy: Object<'_>, route: Object<'_>, rule: &Node) -> Option<u8> {
    let name = target.get_text("name")?;
    let section = target.get_text("sectionName");
    match target.get_text("kind")? {
        "HTTPRoute" if name == route.name() && policy.namespace() == route.namespace() => {
            match section {
                Some(section) => (rule.get_text("name") == Some(section)).then_some(4),
                None => Some(3),
            }
        }
        "Gateway" => {
            let mut parents = items(route.spec(), "parentRefs").iter();
            let parent = parents.find(|parent| {
                let namespace = parent.get_text("namespace").unwrap_or(route.namespace());
                parent.get_text("name") == Some(name) && namespace == policy.namespace()
            })?;
            match section {
                Some(section) => (parent.get_text("sectionName") == Some(section)).then_some(2),
                None => Some(1),
            }
        }
        _ => None,
    }
}

fn path_condition(condition: &Node) -> PathCondition {
    let Some(path) = condition.get("path") else { return PathCondition::Any };
    let value = path.get_text("value").unwrap_or("/").to_owned();
    match path.get_text("type") {
        Some("Exact") => PathCondition::Exact(value),
        Some("RegularExpression") => PathCondition::Regex(value),
        _ if value == "/" => PathCondition::Any,
        _ => PathCondition::SeparatedPrefix(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;

    fn project(policies: &str) -> Project {
        let routes = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api}
spec:
  parentRefs: [{name: gw, sectionName: https}]
  hostnames: [a.io]
  rules:
  - {matches: [{path: {type: PathPrefix, value: /api}}], backendRefs: [{name: s}]}
  - {name: special, matches: [{path: {type: Exact, value: /api/x}, method: GET}], backendRefs: [{name: s}]}
  - {matches: [{path: {type: RegularExpression, value: "/api/.*"}}], backendRefs: [{name: s}]}
"#;
        Project::new(vec![File::new("x.yaml", format!("{routes}\n{policies}"))])
    }

    fn shown(project: &Project) -> Vec<(String, Vec<&str>)> {
        let names = |route: &Route| {
            route.filters.iter().map(|f| project.filters[*f].name.as_str()).collect()
        };
        project.routes.iter().map(|route| (route.name.clone(), names(route))).collect()
    }

    fn policy(name: &str, target: &str) -> String {
        format!(
            "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicy\nmetadata: \
             {{name: {name}}}\nspec:\n  targetRefs: [{target}]\n  wasm: [{{name: {name}, code: \
             {{type: Image, image: {{url: r/n/cors:1}}}}, config: {{}}}}]\n"
        )
    }

    #[test]
    fn most_specific_policy_of_envoy_gateway_applies() {
        let all = policy("listener", "{kind: Gateway, name: gw, sectionName: https}")
            + &policy("gateway", "{kind: Gateway, name: gw}")
            + &policy("rule", "{kind: HTTPRoute, name: api, sectionName: special}")
            + &policy("other", "{kind: HTTPRoute, name: other}");
        let expected =
            [("api[1]", vec!["rule"]), ("api[2]", vec!["listener"]), ("api[0]", vec!["listener"])];
        let expected = expected.map(|(name, filters)| (name.to_owned(), filters));
        assert_eq!(shown(&project(&all)), expected);
    }

    fn plugin(name: &str, spec: &str) -> String {
        format!(
            "---\napiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: \
             {name}}}\nspec: {{url: \"oci://r/n/cors:1\", pluginConfig: {{}}, {spec}}}\n"
        )
    }

    #[test]
    fn plugins_of_istio_run_by_phase_and_priority() {
        let all = plugin("last", "phase: STATS, priority: 99")
            + &plugin(
                "second",
                "phase: AUTHN, priority: 10, targetRefs: [{kind: Gateway, name: gw}]",
            )
            + &plugin("first", "phase: AUTHN, priority: 20")
            + &plugin("other", "phase: AUTHN, targetRefs: [{kind: Gateway, name: other}]");
        let project = project(&all);
        let filters = vec!["first", "second", "last"];
        // Istio tries prefixes before regular expressions.
        let expected = ["api[1]", "api[0]", "api[2]"].map(|n| (n.to_owned(), filters.clone()));
        assert_eq!(shown(&project), expected);
    }
}
