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
    let names =
        |route: &Route| route.filters.iter().map(|f| project.filters[*f].name.as_str()).collect();
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
        + &plugin("second", "phase: AUTHN, priority: 10, targetRefs: [{kind: Gateway, name: gw}]")
        + &plugin("first", "phase: AUTHN, priority: 20")
        + &plugin("other", "phase: AUTHN, targetRefs: [{kind: Gateway, name: other}]");
    let project = project(&all);
    let filters = vec!["first", "second", "last"];
    // Istio tries prefixes before regular expressions.
    let expected = ["api[1]", "api[0]", "api[2]"].map(|n| (n.to_owned(), filters.clone()));
    assert_eq!(shown(&project), expected);
}

#[test]
fn policies_select_targets_by_label() {
    let gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, \
                   labels: {edge: public}}\nspec: {}\n";
    let selecting = |name: &str, selector: &str| {
        let target = format!("targetSelectors: [{selector}]");
        policy(name, "").replace("targetRefs: []", &target)
    };
    let by_label = "{group: g, kind: Gateway, matchLabels: {edge: public}}";
    let other = "{group: g, kind: Gateway, matchLabels: {edge: private}}";
    let by_route = "{kind: HTTPRoute, matchExpressions: [{key: team, operator: DoesNotExist}]}";
    let filters = |policies: &[String]| -> Vec<String> {
        let project = project(&[&[gateway.to_owned()], policies].concat().concat());
        shown(&project)[0].1.iter().map(|name| (*name).to_owned()).collect()
    };
    let public = selecting("public", by_label);
    assert_eq!(filters(&[public.clone(), selecting("other", other)]), ["public"]);
    assert_eq!(filters(&[public, selecting("route", by_route)]), ["route"]);
    assert!(filters(&[selecting("other", other)]).is_empty());
}

#[test]
fn envoy_gateway_generates_the_names_of_routes() {
    let names = |project: &Project| -> Vec<Option<String>> {
        project.routes.iter().map(|route| route.name_for("a.io")).collect()
    };
    let start = "httproute/default/api/rule";
    let expected = ["1/match/0", "2/match/0", "0/match/0"];
    let expected = expected.map(|end| Some(format!("{start}/{end}/a_io")));
    let gateway = policy("gateway", "{kind: Gateway, name: gw}");
    assert_eq!(names(&project(&gateway)), expected);
    let open = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: \
                open, namespace: x}\nspec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: \
                s}]}]}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: \
                {name: gw, namespace: x}\nspec: {listeners: [{name: http}]}\n";
    let found = names(&project(&(open.to_owned() + &gateway)));
    let name = |end: &str| Some(format!("httproute/x/open/rule/0/match/{end}"));
    assert!(found.contains(&name("0/*")), "{found:?}");
    let null = open.replace("rules: [{", "rules: [{matches: null, ");
    let found = names(&project(&(null + &gateway)));
    assert!(found.contains(&name("0/*")), "{found:?}");
    let empty = open.replace("rules: [{", "rules: [{matches: [], ");
    let found = names(&project(&(empty + &gateway)));
    assert!(found.contains(&name("-1/*")), "{found:?}");
    let wildcard = open.replace("spec: {parentRefs", "spec: {hostnames: ['*.io'], parentRefs");
    let found = names(&project(&(wildcard.clone() + &gateway)));
    assert!(found.contains(&name("0/*_io")), "{found:?}");
    // The name may have the hostname of the listener.
    let listener = wildcard.replace("{name: http}", "{name: http, hostname: a.io}");
    let found = names(&project(&(listener + &gateway)));
    assert!(found.contains(&None), "{found:?}");
    // Istio gives the name of the rule.
    assert_eq!(names(&project(&plugin("p", "phase: AUTHN")))[0].as_deref(), Some("special"));
}
