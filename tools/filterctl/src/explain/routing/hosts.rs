//! Routes and remarks of Traefik, Kong and Envoy Gateway.

use super::*;
use crate::source::File;

fn project(texts: &[&str]) -> Project {
    Project::new(texts.iter().map(|text| File::new("x.yaml", (*text).to_owned())).collect())
}

fn routed(texts: &[&str], target: &str) -> Routed {
    let mut request = Request::new("GET", target, "");
    find_route(&project(texts), None, &mut request).unwrap().unwrap()
}

const ENTRY_POINTS: &str = r#"
http:
  routers:
    http: {entryPoints: [web], rule: Host(`api.test`), middlewares: [redirect]}
    https: {entryPoints: [websecure], rule: Host(`api.test`), middlewares: [auth], tls: {}}
  middlewares:
    redirect: {redirectScheme: {scheme: https}}
    auth: {plugin: {novasphere-jwt-auth: {leeway: 5}}}
"#;

const ENTRY_POINTS_OF_INGRESS_ROUTES: &str = r#"
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: http}
spec: {entryPoints: [web], routes: [{match: Host(`api.test`), services: [{name: s}]}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: https}
spec:
  entryPoints: [websecure]
  routes: [{match: Host(`api.test`), middlewares: [{name: auth}], services: [{name: s}]}]
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: auth}
spec: {plugin: {novasphere-jwt-auth: {leeway: 5}}}
"#;

#[test]
fn route_of_the_entry_point_with_filters_is_selected() {
    for (text, index) in [(ENTRY_POINTS, ""), (ENTRY_POINTS_OF_INGRESS_ROUTES, "[0]")] {
        let routed = routed(&[text], "/a");
        assert_eq!(routed.name, Some(format!("https{index}")));
        assert_eq!(routed.filters, [0]);
        let remark = format!("on the entry point web, the request is for the route http{index}");
        assert_eq!(routed.remarks, [remark]);
    }
}
