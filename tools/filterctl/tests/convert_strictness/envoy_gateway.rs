//! Policies of Envoy Gateway.

use proptest::prelude::*;

use super::{Model, Request};

#[derive(Clone, Debug)]
struct Route {
    host: Option<&'static str>,
    kind: &'static str,
    path: &'static str,
    needs_header: bool,
    only_get: bool,
    has_label: bool,
}

#[derive(Clone, Debug)]
struct Policy {
    /// The index of a route, `gateway`, or routes with the label.
    target: &'static str,
    checks: Vec<&'static str>,
}

#[derive(Clone, Debug)]
struct Config {
    routes: Vec<Route>,
    policies: Vec<Policy>,
}

fn route() -> impl Strategy<Value = Route> {
    let flag = || prop::bool::weighted(0.2);
    let path = prop::sample::select(vec!["/", "/a", "/a/b", "/c"]);
    let kind = prop::sample::select(vec!["Exact", "PathPrefix", "PathPrefix"]);
    (prop::sample::select(vec![None, Some("a.io")]), kind, path, flag(), flag(), any::<bool>())
        .prop_map(|(host, kind, path, needs_header, only_get, has_label)| Route {
            host,
            kind,
            path,
            needs_header,
            only_get,
            has_label,
        })
}

fn policy() -> impl Strategy<Value = Policy> {
    let target = prop::sample::select(vec!["r0", "r1", "label", "gateway"]);
    let checks = vec!["jwt", "optional", "inside", "outside", "basic"];
    (target, prop::sample::subsequence(checks, 1..=2)).prop_map(|(target, checks)| {
        let mut checks = checks;
        // Both have the same field.
        if checks.contains(&"jwt") {
            checks.retain(|check| *check != "optional");
        }
        if checks.contains(&"inside") {
            checks.retain(|check| *check != "outside");
        }
        Policy { target, checks }
    })
}

pub(super) fn files() -> BoxedStrategy<impl Model> {
    let config = (prop::collection::vec(route(), 1..4), prop::collection::vec(policy(), 0..3));
    config.prop_map(|(routes, policies)| Config { routes, policies }).boxed()
}

impl Route {
    fn matches(&self, request: &Request) -> bool {
        let rest = request.path.strip_prefix(self.path.trim_end_matches('/'));
        let path = match self.kind {
            "Exact" => request.path == self.path,
            _ => rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        path && (!self.needs_header || request.has_header)
            && (!self.only_get || request.method == "GET")
    }

    /// The order in which Envoy Gateway tries routes.
    fn rank(&self) -> (bool, usize, bool, bool) {
        (self.kind == "Exact", self.path.len(), self.only_get, self.needs_header)
    }
}

impl Policy {
    fn text(&self, name: &str) -> String {
        let target = match self.target {
            "gateway" => "targetRefs: [{kind: Gateway, name: g}]".to_owned(),
            "label" => "targetSelectors: [{kind: HTTPRoute, matchLabels: {tier: gold}}]".to_owned(),
            route => format!("targetRefs: [{{kind: HTTPRoute, name: {route}}}]"),
        };
        let jwt = "providers: [{name: x, issuer: x, localJWKS: {inline: '{\"keys\": [{\"kty\": \"oct\", \"alg\": \"HS256\", \"kid\": \"x\", \"k\": \"c2VjcmV0\"}]}'}}]";
        let checks = self.checks.iter().map(|check| match *check {
            "jwt" => format!("jwt: {{{jwt}}}"),
            "optional" => format!("jwt: {{optional: true, {jwt}}}"),
            "inside" => "authorization: {defaultAction: Deny, rules: [{action: Allow, principal: {clientCIDRs: [10.0.0.0/8]}}]}".to_owned(),
            "outside" => "authorization: {defaultAction: Allow, rules: [{action: Deny, principal: {clientCIDRs: [10.0.0.0/8]}}]}".to_owned(),
            _ => "basicAuth: {users: {name: u}}".to_owned(),
        });
        format!(
            "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{{target}, {}}}\n",
            checks.collect::<Vec<_>>().join(", ")
        )
    }

    fn passes(&self, request: &Request) -> bool {
        self.checks.iter().all(|check| match *check {
            "jwt" => request.issuer == Some("x"),
            "optional" => matches!(request.issuer, None | Some("x")),
            "inside" => request.is_inside,
            "outside" => !request.is_inside,
            // The model has no passwords.
            _ => false,
        })
    }
}

impl Model for Config {
    fn text(&self) -> String {
        let mut documents = vec![
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: sentinel, namespace: shop}\nspec: {parentRefs: [{name: g}], hostnames: [sentinel.io], rules: [{backendRefs: [{name: s, port: 80}]}]}\n".to_owned(),
        ];
        documents.push(Policy { target: "sentinel", checks: vec!["jwt"] }.text("sentinel"));
        for (n, route) in self.routes.iter().enumerate() {
            let host = route.host.map(|host| format!("hostnames: [{host}], ")).unwrap_or_default();
            let labels = if route.has_label { ", labels: {tier: gold}" } else { "" };
            let header =
                if route.needs_header { ", headers: [{name: x-kind, value: a}]" } else { "" };
            let method = if route.only_get { ", method: GET" } else { "" };
            documents.push(format!(
                "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{n}, namespace: shop{labels}}}\nspec: {{parentRefs: [{{name: g}}], {host}rules: [{{matches: [{{path: {{type: {}, value: {}}}{header}{method}}}], backendRefs: [{{name: s, port: 80}}]}}]}}\n",
                route.kind, route.path
            ));
        }
        for (n, policy) in self.policies.iter().enumerate() {
            documents.push(policy.text(&format!("p{n}")));
        }
        documents.join("---\n")
    }

    fn passes(&self, request: &Request) -> bool {
        let host = self.routes.iter().any(|route| route.host == Some(request.host));
        let name = host.then_some(request.host);
        let of_host = |route: &Route| route.host == name;
        let routes = self.routes.iter().enumerate();
        let mut matching: Vec<(usize, &Route)> =
            routes.filter(|(_, route)| of_host(route) && route.matches(request)).collect();
        let Some(best) = matching.iter().map(|(_, route)| route.rank()).max() else { return false };
        matching.retain(|(_, route)| route.rank() == best);
        // Equal routes apply in an order that the files do not tell.
        matching.iter().any(|(n, route)| {
            let name = format!("r{n}");
            let is_own = |policy: &&Policy| {
                policy.target == name || (policy.target == "label" && route.has_label)
            };
            let own: Vec<&Policy> = self.policies.iter().filter(is_own).collect();
            let of_gateway: Vec<&Policy> =
                self.policies.iter().filter(|policy| policy.target == "gateway").collect();
            let policies = if own.is_empty() { of_gateway } else { own };
            // The oldest of several policies applies, and the files do not tell it.
            policies.is_empty() || policies.iter().any(|policy| policy.passes(request))
        })
    }
}
