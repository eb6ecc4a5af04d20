//! Routers of Traefik with several entry points or providers.

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

/// The headers whose client copies jwt-auth removes.
const OWNED: [&str; 7] = [
    "X-User-Id",
    "X-User-Name",
    "X-Consumer-Id",
    "X-Consumer-Custom-Id",
    "X-Consumer-Username",
    "X-Credential-Identifier",
    "X-Anonymous-Consumer",
];

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

/// The redirect covers the router on `web` only, where it has other middlewares.
#[test]
fn router_is_reported_if_it_is_covered_on_all_entry_points() {
    let entry_points =
        "entryPoints:\n  web: {}\n  websecure: {http: {middlewares: [headers@file], tls: {}}}\n";
    let (_, middlewares) = ROUTERS.split_once("  middlewares:\n").unwrap();
    let with = |covering: &str, own: &str| {
        let covering = format!(
            "{{entryPoints: {covering}, rule: PathPrefix(`/`), priority: 1000, middlewares: [https]}}"
        );
        let api = format!("{{{own}rule: PathPrefix(`/`), middlewares: [auth], service: s}}");
        let routers = format!("http:\n  routers:\n    redirect: {covering}\n    api: {api}\n");
        found(entry_points, &format!("{routers}  middlewares:\n{middlewares}"), &["NS131"])
    };
    for own in ["", "entryPoints: [web, websecure], "] {
        assert!(with("[web]", own).is_empty(), "{own}");
        assert_eq!(with("[web, websecure]", own), ["NS131"], "{own}");
    }
}

/// The object names the middlewares of a file, which protect one route and clean the other.
#[test]
fn middlewares_of_files_are_found_for_objects() {
    let object = |first: &str| {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r}}\nspec:\n  \
             routes:\n  - {{match: PathPrefix(`/api`), middlewares: [{{name: auth@file}}], services: \
             [{{name: s}}]}}\n  - {{match: PathPrefix(`/`), middlewares: [{{name: {first}@file}}], \
             services: [{{name: s}}]}}\n"
        )
    };
    let (_, middlewares) = ROUTERS.split_once("  middlewares:\n").unwrap();
    let empty = OWNED.map(|name| format!("{name}: ''")).join(", ");
    let middlewares = format!(
        "http:\n  middlewares:\n    clean: {{headers: {{customRequestHeaders: \
         {{{empty}}}}}}}\n{middlewares}"
    );
    assert!(found(&object("clean"), &middlewares, &["NS407"]).is_empty());
    assert_eq!(found(&object("headers"), &middlewares, &["NS407"]), ["NS407"]);
}
