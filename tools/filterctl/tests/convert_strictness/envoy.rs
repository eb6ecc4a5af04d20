//! Files of Envoy with jwt_authn and rbac.

use proptest::prelude::*;

use super::{Model, PATHS, Request};

/// A condition about the path.
#[derive(Clone, Debug)]
struct Path {
    kind: &'static str,
    path: &'static str,
}

fn path() -> impl Strategy<Value = Path> {
    let kinds = vec!["path", "prefix", "prefix", "path_separated_prefix"];
    (prop::sample::select(kinds), prop::sample::select(PATHS.to_vec())).prop_map(|(kind, path)| {
        match (kind, path) {
            // Envoy rejects these.
            ("path_separated_prefix", path) if path.ends_with('/') => Path { kind: "prefix", path },
            (kind, path) => Path { kind, path },
        }
    })
}

impl Path {
    fn matches(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.path);
        match self.kind {
            "path" => path == self.path,
            "prefix" => rest.is_some(),
            _ => rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }

    fn text(&self) -> String {
        format!("{}: {}", self.kind, self.path)
    }
}

#[derive(Clone, Debug)]
struct Route {
    path: Path,
    needs_header: bool,
    only_get: bool,
    action: &'static str,
    /// The override of jwt_authn.
    own: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Config {
    /// The routes of `a.io` and of all other hosts.
    hosts: [Vec<Route>; 2],
    rules: Vec<(Path, &'static str)>,
    rbac: &'static str,
}

/// The requirements by name.
const REQUIREMENTS: [&str; 5] = ["none", "x", "y", "any", "optional"];

fn route() -> impl Strategy<Value = Route> {
    let actions = vec![
        "route: {cluster: c}",
        "route: {cluster: c}",
        "route: {cluster: c}",
        "route: {cluster_header: x-cluster}",
        "direct_response: {status: 200, body: {inline_string: ok}}",
        "redirect: {https_redirect: true}",
    ];
    let own = prop_oneof![
        4 => Just(None),
        1 => prop::sample::select(REQUIREMENTS.to_vec()).prop_map(Some),
        1 => Just(Some("disabled")),
    ];
    let flag = || prop::bool::weighted(0.15);
    (path(), flag(), flag(), prop::sample::select(actions), own).prop_map(
        |(path, needs_header, only_get, action, own)| Route {
            path,
            needs_header,
            only_get,
            action,
            own,
        },
    )
}

pub(super) fn files() -> BoxedStrategy<impl Model> {
    let routes = || prop::collection::vec(route(), 0..4);
    let rule = (path(), prop::sample::select(REQUIREMENTS.to_vec()));
    let rbac = prop::sample::select(vec!["off", "off", "allow", "deny", "header"]);
    let config = (routes(), routes(), prop::collection::vec(rule, 0..4), rbac);
    config.prop_map(|(one, other, rules, rbac)| Config { hosts: [one, other], rules, rbac }).boxed()
}

fn requirement(name: &str) -> &'static str {
    match name {
        "x" => "{provider_name: x}",
        "y" => "{provider_name: y}",
        "any" => "{requires_any: {requirements: [{provider_name: x}, {provider_name: y}]}}",
        "optional" => "{requires_any: {requirements: [{provider_name: x}, {allow_missing: {}}]}}",
        _ => "{}",
    }
}

fn meets(requirement: &str, issuer: Option<&str>) -> bool {
    match requirement {
        "x" => issuer == Some("x"),
        "y" => issuer == Some("y"),
        "any" => matches!(issuer, Some("x" | "y")),
        "optional" => matches!(issuer, None | Some("x")),
        _ => true,
    }
}

impl Route {
    fn text(&self) -> String {
        let mut headers = Vec::new();
        if self.needs_header {
            headers.push("{name: x-kind, string_match: {exact: a}}");
        }
        if self.only_get {
            headers.push("{name: ':method', string_match: {exact: GET}}");
        }
        let own = match self.own {
            None => String::new(),
            Some("disabled") => {
                ", typed_per_filter_config: {jwt: {'@type': x.PerRouteConfig, disabled: true}}"
                    .to_owned()
            }
            Some(name) => format!(
                ", typed_per_filter_config: {{jwt: {{'@type': x.PerRouteConfig, requirement_name: {name}}}}}"
            ),
        };
        format!(
            "              - {{match: {{{}, headers: [{}]}}, {}{own}}}\n",
            self.path.text(),
            headers.join(", "),
            self.action
        )
    }

    fn matches(&self, request: &Request) -> bool {
        self.path.matches(request.path)
            && (!self.needs_header || request.has_header)
            && (!self.only_get || request.method == "GET")
    }
}

fn rbac(kind: &str) -> String {
    let inside = "{remote_ip: {address_prefix: 10.0.0.0, prefix_len: 8}}";
    let (action, principal) = match kind {
        "allow" => ("ALLOW", inside),
        "deny" => ("DENY", inside),
        "header" => ("DENY", "{header: {name: x-kind, string_match: {exact: a}}}"),
        _ => return String::new(),
    };
    format!(
        "          - {{name: rbac, typed_config: {{'@type': x.RBAC, rules: {{action: {action}, policies: {{p: {{permissions: [{{any: true}}], principals: [{principal}]}}}}}}}}}}\n"
    )
}

impl Model for Config {
    fn text(&self) -> String {
        let provider = |name: &str| {
            format!(
                "                {name}: {{issuer: {name}, local_jwks: {{inline_string: '{{\"keys\": [{{\"kty\": \"oct\", \"alg\": \"HS256\", \"kid\": \"{name}\", \"k\": \"c2VjcmV0\"}}]}}'}}}}\n"
            )
        };
        let list = |routes: &[Route]| match routes {
            [] => "[]\n".to_owned(),
            routes => format!("\n{}", routes.iter().map(Route::text).collect::<String>()),
        };
        let rules = self.rules.iter().map(|(path, name)| {
            format!("{{match: {{{}}}, requires: {}}}", path.text(), requirement(name))
        });
        let named: Vec<String> =
            REQUIREMENTS.iter().map(|name| format!("{name}: {}", requirement(name))).collect();
        format!(
            "static_resources:
  listeners:
  - address: {{socket_address: {{address: 0.0.0.0, port_value: 8000}}}}
    filter_chains:
    - filters:
      - typed_config:
          use_remote_address: true
          route_config:
            virtual_hosts:
            - name: sentinel
              domains: [sentinel.io]
              routes:
              - {{match: {{prefix: /}}, route: {{cluster: c}}, typed_per_filter_config: {{jwt: {{'@type': x.PerRouteConfig, requirement_name: x}}, rbac: {{'@type': x.RBACPerRoute}}}}}}
            - name: one
              domains: [a.io]
              routes: {}            - name: other
              domains: ['*']
              routes: {}          http_filters:
          - name: jwt
            typed_config:
              '@type': x.JwtAuthentication
              providers:
{}{}              rules: [{}]
              requirement_map: {{{}}}
{}          - {{name: router, typed_config: {{'@type': x.Router}}}}
  clusters:
  - {{name: c, load_assignment: {{endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: c, port_value: 80}}}}}}}}]}}]}}}}
",
            list(&self.hosts[0]),
            list(&self.hosts[1]),
            provider("x"),
            provider("y"),
            rules.collect::<Vec<_>>().join(", "),
            named.join(", "),
            rbac(self.rbac),
        )
    }

    fn passes(&self, request: &Request) -> bool {
        let host = usize::from(request.host != "a.io");
        let Some(route) = self.hosts[host].iter().find(|route| route.matches(request)) else {
            return false;
        };
        let general = || self.rules.iter().find(|(path, _)| path.matches(request.path));
        let requirement = match route.own {
            Some("disabled") => "none",
            Some(name) => name,
            None => general().map_or("none", |(_, name)| name),
        };
        let is_granted = match self.rbac {
            "allow" => request.is_inside,
            "deny" => !request.is_inside,
            "header" => !request.has_header,
            _ => true,
        };
        route.action.starts_with("route") && meets(requirement, request.issuer) && is_granted
    }
}
