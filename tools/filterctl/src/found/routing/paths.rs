//! Paths that Kong and Traefik change before they select a route.

use super::*;
use crate::source::File;

fn of(text: &str) -> Project {
    Project::new(vec![File::new("x.yaml", text.to_owned())])
}

/// `/public` is open, `/api` is not.
const PATHS: [(&str, Option<&str>, &str); 8] = [
    ("/api/x", Some("api"), "/api/x"),
    ("/api/../public/x", Some("public"), "/public/x"),
    ("/public/../api/x?y=/../z", Some("api"), "/api/x?y=/../z"),
    ("/public/%2e%2e/api/x", Some("api"), "/api/x"),
    ("/%61pi/x", Some("api"), "/api/x"),
    ("//api/x", Some("api"), "/api/x"),
    ("/public%2F..%2fapi", Some("public"), "/public%2F..%2Fapi"),
    ("/x/..%2Fapi", None, ""),
];

#[test]
fn kong_compares_normalized_paths_and_keeps_the_target() {
    let project =
        of("_format_version: '3.0'\nservices:\n- name: s\n  filter_chains: [{filters: [{name: \
         novasphere_cors}]}]\n  routes:\n  - {name: api, paths: [/api]}\n  - {name: public, \
         paths: [/public]}\n");
    for (target, expected, _) in PATHS {
        let found = project.route_for("x", "GET", target);
        assert_eq!(found.as_ref().map(|f| f.route.name.as_str()), expected, "{target}");
        assert!(found.is_none_or(|found| found.target == target), "{target}");
    }
}

#[test]
fn traefik_changes_the_target_unless_that_is_off() {
    let routers = "http:\n  routers:\n    api: {rule: PathPrefix(`/api`), middlewares: [cors]}\n    \
                   public: {rule: PathPrefix(`/public`)}\n  middlewares: {cors: {plugin: \
                   {novasphere-jwt-auth: {}}}}\n";
    let changed = of(routers);
    for (target, expected, passed_on) in PATHS {
        let found = changed.route_for("x", "GET", target);
        let found = found.map(|found| (found.route.name.clone(), found.target));
        assert_eq!(found, expected.map(|n| (n.to_owned(), passed_on.to_owned())), "{target}");
    }
    assert_eq!(changed.refusal("/api#x"), Some(Refusal::BadPath));
    let off = "entryPoints: {web: {http: {sanitizePath: false}}, traefik: {}}";
    let kept = of(&format!("{off}\n---\n{routers}"));
    let found = kept.route_for("x", "GET", "/public/../api").unwrap();
    assert_eq!((found.route.name.as_str(), found.target.as_str()), ("public", "/public/../api"));
    assert!(kept.route_for("x", "GET", "//api").is_none());
}
