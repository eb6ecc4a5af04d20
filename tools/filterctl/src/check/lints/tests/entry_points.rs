//! Routers on several entry points of Traefik.

use super::{check, codes};

const ROUTERS: &str = r#"
http:
  routers:
    api: {rule: PathPrefix(`/api`), service: s}
    all: {rule: PathPrefix(`/`), service: s}
  middlewares:
    auth: {plugin: {novasphere-jwt-auth: {credentials: [{key: a, secret: 0123456789abcdef0123456789abcdef}]}}}
    headers: {headers: {frameDeny: true}}
    https: {redirectScheme: {scheme: https}}
"#;

/// Which of these codes the findings have.
fn found(entry_points: &str, routers: &str, meant: &[&'static str]) -> Vec<&'static str> {
    let files = [("traefik.yaml", entry_points), ("dynamic.yaml", routers)];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let mut found = codes(&check(files.to_vec()));
    found.retain(|code| meant.contains(code));
    found
}

#[test]
fn router_is_not_open_on_an_entry_point_that_only_redirects() {
    let with_web = |web: &str| {
        let secure = "websecure: {http: {middlewares: [auth@file], tls: {}}}";
        found(&format!("entryPoints:\n  web: {web}\n  {secure}\n"), ROUTERS, &["NS140", "NS407"])
    };
    assert!(with_web("{http: {redirections: {entryPoint: {to: websecure}}}}").is_empty());
    assert_eq!(with_web("{}"), ["NS140", "NS407"]);
}
