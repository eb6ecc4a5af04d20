//! Policies of Istio.

use proptest::prelude::*;

use super::{Model, Request};

#[derive(Clone, Debug)]
struct Rule {
    /// The condition about the source.
    from: &'static str,
    /// Patterns of paths. Empty for all.
    paths: Vec<&'static str>,
    only_get: bool,
}

#[derive(Clone, Debug)]
struct Policy {
    namespace: &'static str,
    /// The label `app`. `None` for all workloads.
    app: Option<&'static str>,
    is_deny: bool,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Config {
    /// The namespaces of RequestAuthentications.
    authentications: Vec<&'static str>,
    policies: Vec<Policy>,
    /// Whether the labels of workloads are in the input.
    has_services: bool,
    needs_header: bool,
}

const NAMESPACES: [&str; 3] = ["shop", "club", "istio-system"];

fn rule() -> impl Strategy<Value = Rule> {
    let from = prop::sample::select(vec!["", "any", "any", "x", "inside"]);
    let patterns = vec!["/a", "/a*", "/a/*", "/a/b", "*", "/c"];
    let paths = prop_oneof![
        2 => Just(Vec::new()),
        3 => prop::sample::subsequence(patterns, 1..=2),
    ];
    (from, paths, prop::bool::weighted(0.25)).prop_map(|(from, paths, only_get)| Rule {
        from,
        paths,
        only_get,
    })
}

fn denial() -> impl Strategy<Value = Rule> {
    let paths = prop::sample::subsequence(vec!["/a", "/a*", "/a/*", "/c"], 0..=2);
    (prop::sample::select(vec!["none", "none", "inside"]), paths).prop_map(|(from, paths)| {
        let paths = if from == "none" { paths } else { Vec::new() };
        Rule { from, paths, only_get: false }
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let app = prop::sample::select(vec![None, Some("orders"), Some("stock"), Some("other")]);
    let rules = prop_oneof![
        3 => prop::collection::vec(rule(), 1..4).prop_map(|rules| (false, rules)),
        1 => prop::collection::vec(denial(), 1..3).prop_map(|rules| (true, rules)),
    ];
    (prop::sample::select(NAMESPACES.to_vec()), app, rules)
        .prop_map(|(namespace, app, (is_deny, rules))| Policy { namespace, app, is_deny, rules })
}

pub(super) fn files() -> BoxedStrategy<impl Model> {
    let authentications = prop::sample::subsequence(NAMESPACES.to_vec(), 0..=2);
    let policies = prop::collection::vec(policy(), 0..3);
    (authentications, policies, prop::bool::weighted(0.8), prop::bool::weighted(0.2))
        .prop_map(|(authentications, policies, has_services, needs_header)| Config {
            authentications,
            policies,
            has_services,
            needs_header,
        })
        .boxed()
}

fn pattern_matches(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => path.starts_with(start),
        None => pattern == path,
    }
}

impl Rule {
    fn text(&self, is_deny: bool) -> String {
        let source = match self.from {
            "any" => "requestPrincipals: ['*']",
            "x" => "requestPrincipals: ['x/*']",
            "inside" => "ipBlocks: [10.0.0.0/8]",
            "none" => "notRequestPrincipals: ['*']",
            _ => "",
        };
        let mut members = Vec::new();
        if !source.is_empty() {
            members.push(format!("from: [{{source: {{{source}}}}}]"));
        }
        let mut operation = Vec::new();
        if !self.paths.is_empty() {
            let paths: Vec<String> = self.paths.iter().map(|path| format!("'{path}'")).collect();
            let name = if is_deny { "notPaths" } else { "paths" };
            operation.push(format!("{name}: [{}]", paths.join(", ")));
        }
        if self.only_get {
            operation.push("methods: [GET]".to_owned());
        }
        if !operation.is_empty() {
            members.push(format!("to: [{{operation: {{{}}}}}]", operation.join(", ")));
        }
        format!("{{{}}}", members.join(", "))
    }

    fn matches(&self, request: &Request, principal: Option<&str>, is_deny: bool) -> bool {
        let from = match self.from {
            "any" => principal.is_some(),
            "x" => principal == Some("x"),
            "inside" => request.is_inside,
            "none" => principal.is_none(),
            _ => true,
        };
        let is_named = self.paths.iter().any(|pattern| pattern_matches(pattern, request.path));
        let to = self.paths.is_empty() || is_named != is_deny;
        from && to && (!self.only_get || request.method == "GET")
    }
}

impl Config {
    fn applies(&self, policy: &Policy, app: &str) -> bool {
        ["shop", "istio-system"].contains(&policy.namespace)
            && policy.app.is_none_or(|own| own == app)
    }
}

impl Model for Config {
    fn text(&self) -> String {
        let key = |name: &str| {
            format!(
                "'{{\"keys\": [{{\"kty\": \"oct\", \"alg\": \"HS256\", \"kid\": \"{name}\", \"k\": \"c2VjcmV0\"}}]}}'"
            )
        };
        let rules =
            format!("[{{issuer: x, jwks: {}}}, {{issuer: y, jwks: {}}}]", key("x"), key("y"));
        let mut documents = Vec::new();
        for (n, namespace) in self.authentications.iter().enumerate() {
            documents.push(format!(
                "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{name: r{n}, namespace: {namespace}}}\nspec: {{jwtRules: {rules}}}\n"
            ));
        }
        documents.push(format!(
            "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{name: sentinel, namespace: sentinel}}\nspec: {{jwtRules: {rules}}}\n"
        ));
        for (n, policy) in self.policies.iter().enumerate() {
            let rules: Vec<String> =
                policy.rules.iter().map(|rule| rule.text(policy.is_deny)).collect();
            let selector =
                policy.app.map(|app| format!("selector: {{matchLabels: {{app: {app}}}}}, "));
            documents.push(format!(
                "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p{n}, namespace: {}}}\nspec: {{{}action: {}, rules: [{}]}}\n",
                policy.namespace,
                selector.unwrap_or_default(),
                if policy.is_deny { "DENY" } else { "ALLOW" },
                rules.join(", ")
            ));
        }
        for (name, namespace) in [("orders", "shop"), ("stock", "shop"), ("sentinel", "sentinel")] {
            if self.has_services || name == "sentinel" {
                documents.push(format!(
                    "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{selector: {{app: {name}}}}}\n"
                ));
            }
        }
        let header = if self.needs_header { ", headers: {x-kind: {exact: a}}" } else { "" };
        documents.push(format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: v, namespace: shop}}\nspec: {{hosts: [a.io], http: [{{match: [{{uri: {{prefix: /a}}{header}}}], route: [{{destination: {{host: orders}}}}]}}, {{route: [{{destination: {{host: stock}}}}]}}]}}\n"
        ));
        documents.push(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: s, namespace: sentinel}\nspec: {hosts: [sentinel.io], http: [{route: [{destination: {host: sentinel}}]}]}\n".to_owned(),
        );
        documents.join("---\n")
    }

    fn passes(&self, request: &Request) -> bool {
        if request.host != "a.io" {
            return false;
        }
        let is_first = request.path.starts_with("/a") && (!self.needs_header || request.has_header);
        let app = if is_first { "orders" } else { "stock" };
        let verifies =
            self.authentications.iter().any(|own| ["shop", "istio-system"].contains(own));
        if verifies && request.issuer == Some("z") {
            return false;
        }
        let principal = request.issuer.filter(|_| verifies);
        let own: Vec<&Policy> = self.policies.iter().filter(|p| self.applies(p, app)).collect();
        let matches = |policy: &&&Policy| {
            policy.rules.iter().any(|rule| rule.matches(request, principal, policy.is_deny))
        };
        let (deny, allow): (Vec<&Policy>, Vec<&Policy>) =
            own.into_iter().partition(|policy| policy.is_deny);
        let is_denied = deny.iter().any(|policy| matches(&policy));
        !is_denied && (allow.is_empty() || allow.iter().any(|policy| matches(&policy)))
    }
}
