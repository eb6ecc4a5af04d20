//! Limits of HTTPRoutes, beyond which the API server rejects them.

use super::*;

/// The HTTPRoutes of a Kong service with these members and routes.
fn http_routes(service: &str, routes: &str) -> Vec<Value> {
    let text = format!(
        "_format_version: '3.0'\nservices:\n- {{name: s, {service}, routes: [{routes}], plugins: [{{name: cors}}]}}\n"
    );
    let objects = output(Source::Kong, Target::EnvoyGateway, &text).into_iter();
    objects.filter(|object| object["kind"] == json!("HTTPRoute")).collect()
}

fn is_blocked(route: &Value) -> bool {
    route["spec"]["rules"][0]["filters"][0]["extensionRef"]["name"] == json!("blocked")
}

/// The upstream must not get a path outside of the base path.
#[test]
fn base_path_that_cannot_be_written_blocks_the_route() {
    let rules = |route: &str| {
        let routes = http_routes("url: 'http://s:80/public'", route);
        (is_blocked(&routes[0]), routes[0]["spec"]["rules"][0]["filters"][0]["urlRewrite"].clone())
    };
    for paths in ["paths: [/a], strip_path: false", "paths: ['~/a/[0-9]+']", "paths: ['~/a$']"] {
        assert!(rules(&format!("{{name: r, {paths}}}")).0, "{paths}");
    }
    let (is_blocked, rewrite) = rules("{name: r, paths: [/], strip_path: false}");
    let expected = json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/public"});
    assert!(!is_blocked);
    assert_eq!(rewrite["path"], expected);
}

/// The upstream would get `/a` instead of `/`.
#[test]
fn exact_path_that_blocks_blocks_the_route() {
    let blocks = |strip: bool| {
        let route = format!("{{name: r, paths: ['~/a$'], strip_path: {strip}}}");
        is_blocked(&http_routes("url: 'http://s:80'", &route)[0])
    };
    assert!(blocks(true) && !blocks(false));
}

#[test]
fn many_hosts_and_paths_become_several_routes() {
    let hosts: Vec<String> = (0..20).map(|n| format!("h{n}.io")).collect();
    let paths: Vec<String> = (0..70).map(|n| format!("/p{n}")).collect();
    let route = format!(
        "{{name: r, strip_path: false, hosts: [{}], paths: [{}], methods: [GET, POST]}}",
        hosts.join(", "),
        paths.join(", ")
    );
    let routes = http_routes("url: 'http://s:80'", &route);
    let mut found: Vec<String> = Vec::new();
    for route in &routes {
        let hosts = route["spec"]["hostnames"].as_array().unwrap();
        let matches = route["spec"]["rules"][0]["matches"].as_array().unwrap();
        assert!(hosts.len() <= 16 && matches.len() <= 64, "{route}");
        for (host, entry) in hosts.iter().flat_map(|h| matches.iter().map(move |m| (h, m))) {
            found.push(format!("{host} {entry}"));
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 20 * 70 * 2);
    let mut names: Vec<&Value> = routes.iter().map(|route| &route["metadata"]["name"]).collect();
    names.dedup();
    assert_eq!(names.len(), routes.len());
}

/// The wider route would serve its requests.
#[test]
fn methods_that_http_routes_lack_block_wider_routes() {
    let wide = "{name: wide, paths: [/], strip_path: false}";
    let routes = |methods: &str| {
        let route =
            format!("{{name: r, paths: [/r], strip_path: false, methods: {methods}}}, {wide}");
        http_routes("url: 'http://s:80'", &route)
    };
    let names = |routes: &[Value]| -> Vec<(String, bool)> {
        let name = |route: &Value| route["metadata"]["name"].as_str().unwrap().to_owned();
        routes.iter().map(|route| (name(route), is_blocked(route))).collect()
    };
    let blocked = ("wide".to_owned(), true);
    assert_eq!(names(&routes("[PROPFIND]")), std::slice::from_ref(&blocked));
    let both = routes("[GET, PROPFIND]");
    assert_eq!(names(&both), [("r".to_owned(), false), blocked]);
    let matches = both[0]["spec"]["rules"][0]["matches"].as_array().unwrap();
    assert_eq!((matches.len(), &matches[0]["method"]), (1, &json!("GET")));
    assert_eq!(names(&routes("[GET]"))[1], ("wide".to_owned(), false));
}
