//! Properties of `filterctl convert kong` over generated files: no panic, no secret in output or
//! report, and each plugin is in the report.

// Clippy permits these in test functions, but not in the functions that they call.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use filterctl::{
    check,
    convert::{Source, Target, convert},
    found::Project,
    source::{File, Node},
};
use novasphere_explain::Environment;
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Value, json};

/// A part of every secret.
const SECRET: &str = "DO-NOT-SHOW";

const TARGETS: [Target; 5] =
    [Target::Envoy, Target::Kong, Target::EnvoyGateway, Target::Traefik, Target::Filters];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,6}",
        1 => "[ -~]{0,12}",
        1 => "[a-zé*.{}$()\\\\/:#'\"|-]{0,12}",
    ]
}

fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(word(), 0..4)
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,5}\\.io", Just("*.x.io".to_owned()), Just("x.*".to_owned())]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "/[a-z0-9/._-]{0,8}",
        1 => "~/[a-z(|)\\[\\]+.$]{0,8}",
        1 => Just("~/(?<id>[0-9]+)/x$".to_owned()),
    ]
}

/// Entries of transformers, some with credentials.
fn entry() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Za-z-]{1,8}:[a-z$().]{0,8}",
        1 => word(),
        1 => Just(format!("Authorization:Bearer {SECRET}")),
        1 => Just(format!("X-Api-Key:{SECRET}")),
    ]
}

fn entries() -> impl Strategy<Value = Value> {
    (prop::collection::vec(entry(), 0..3), words(), words()).prop_map(
        |(headers, query, body)| json!({"headers": headers, "querystring": query, "body": body}),
    )
}

fn names() -> impl Strategy<Value = Value> {
    prop::collection::vec("[A-Za-z_-]{0,6}:[A-Za-z_-]{0,6}", 0..3)
        .prop_map(|names| json!({"headers": names}))
}

fn origin() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        "https://[a-z]{1,4}\\.io",
        Just("https://[^.]+\\.x\\.io".to_owned()),
        word(),
    ]
}

fn config(name: &'static str) -> BoxedStrategy<Value> {
    let flag = any::<bool>;
    match name {
        "jwt" => (words(), prop::sample::subsequence(vec!["exp", "nbf"], 0..=2), flag(), 0..90_000_i64, word())
            .prop_map(|(names, claims, base64, expiration, realm)| {
                json!({
                    "uri_param_names": names, "claims_to_verify": claims, "realm": realm,
                    "secret_is_base64": base64, "maximum_expiration": expiration,
                })
            })
            .boxed(),
        "rate-limiting" => (-1..50_i64, 0..50_i64, "consumer|ip|header|path|service|credential", word(), "local|redis|cluster")
            .prop_map(|(minute, hour, limit_by, header, policy)| {
                json!({
                    "minute": minute, "hour": hour, "limit_by": limit_by, "header_name": header,
                    "path": format!("/{header}"), "policy": policy, "redis_password": SECRET,
                    "redis": {"password": SECRET},
                })
            })
            .boxed(),
        "cors" => (prop::collection::vec(origin(), 0..4), words(), words(), flag(), flag(), -5..5_i64)
            .prop_map(|(origins, methods, headers, credentials, continues, age)| {
                json!({
                    "origins": origins, "methods": methods, "headers": headers, "max_age": age,
                    "credentials": credentials, "preflight_continue": continues,
                    "private_network": continues,
                })
            })
            .boxed(),
        "request-transformer" | "response-transformer" => (entries(), names(), entries(), entries())
            .prop_map(|(remove, rename, add, append)| {
                json!({"remove": remove, "rename": rename, "add": add, "append": append})
            })
            .boxed(),
        "ip-restriction" => {
            let address = prop_oneof!["10\\.0\\.[0-9]\\.[0-9]", Just("::1/64".to_owned()), word()];
            prop::collection::vec(address, 0..3)
                .prop_map(|allow| json!({"allow": allow, "message": SECRET}))
                .boxed()
        }
        "acl" => words().prop_map(|groups| json!({"allow": groups})).boxed(),
        _ => Just(json!({
            "http_endpoint": format!("http://u:{SECRET}@h/"), "headers": {"X": SECRET}, "path": SECRET,
        }))
        .boxed(),
    }
}

fn plugin() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "jwt",
        "rate-limiting",
        "cors",
        "request-transformer",
        "response-transformer",
        "acl",
        "ip-restriction",
        "http-log",
        "file-log",
        "key-auth",
        "prometheus",
        "unknown",
    ]);
    names.prop_flat_map(|name| (Just(name), config(name), prop::bool::weighted(0.9))).prop_map(
        |(name, config, enabled)| json!({"name": name, "config": config, "enabled": enabled}),
    )
}

fn plugins() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(plugin(), 0..4)
}

fn route() -> impl Strategy<Value = Value> {
    (prop::collection::vec(host(), 0..3), prop::collection::vec(path(), 0..3), any::<bool>(), plugins(), word())
        .prop_map(|(hosts, paths, strip, plugins, name)| {
            json!({"name": name, "hosts": hosts, "paths": paths, "strip_path": strip, "plugins": plugins})
        })
}

fn service() -> impl Strategy<Value = Value> {
    (word(), prop::collection::vec(route(), 0..3), plugins(), any::<bool>()).prop_map(
        |(name, routes, plugins, has_path)| {
            let path = if has_path { "/base" } else { "" };
            let url = format!("http://u:{SECRET}@up.internal:8080{path}");
            json!({"name": name, "url": url, "routes": routes, "plugins": plugins})
        },
    )
}

fn consumer() -> impl Strategy<Value = Value> {
    (word(), word(), "HS256|HS384|RS256|none", words(), plugins()).prop_map(
        |(username, key, algorithm, groups, plugins)| {
            let groups: Vec<Value> = groups.iter().map(|group| json!({"group": group})).collect();
            json!({
                "username": username, "acls": groups, "plugins": plugins,
                "keyauth_credentials": [{"key": SECRET}],
                "jwt_secrets": [{"key": key, "algorithm": algorithm, "secret": SECRET,
                    "rsa_public_key": format!("-----BEGIN PRIVATE KEY-----{SECRET}")}],
            })
        },
    )
}

fn file() -> impl Strategy<Value = Value> {
    let lists = (
        prop::collection::vec(service(), 0..3),
        plugins(),
        prop::collection::vec(consumer(), 0..3),
    );
    lists.prop_map(|(services, plugins, consumers)| {
        json!({
            "_format_version": "3.0", "services": services, "plugins": plugins,
            "consumers": consumers,
        })
    })
}

/// The entries of all lists of plugins.
fn plugin_nodes(node: &Node) -> Vec<&Node> {
    let mut found = Vec::new();
    node.walk(&mut |node| found.extend(node.get("plugins").map(Node::items).unwrap_or_default()));
    found
}

proptest! {
    // A fixed seed: a rare case must not fail the build of an unrelated change.
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(300),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_file_converts_without_secrets(value in file()) {
        let text = serde_json::to_string_pretty(&value).unwrap();
        let project = Project::new(vec![File::new("kong.json", text)]);
        let environment = Environment { assume_missing: true, ..Environment::default() };
        for target in TARGETS {
            let conversion = match convert(Source::Kong, target, &project) {
                Ok(conversion) => conversion,
                Err(error) => {
                    prop_assert!(error.to_string().starts_with("nothing to convert"), "{error}");
                    return Ok(());
                }
            };
            let mut report = Vec::new();
            conversion.report.write(&project, &mut report).unwrap();
            let report = String::from_utf8(report).unwrap();
            prop_assert!(!conversion.text.contains(SECRET), "{}", conversion.text);
            prop_assert!(!report.contains(SECRET), "{report}");
            for plugin in plugin_nodes(&project.files[0].documents[0]) {
                let is_here = |span: &std::ops::Range<usize>| plugin.span.contains(&span.start);
                let mut entries = conversion.report.entries.iter();
                let is_reported = entries.any(|e| e.place.as_ref().is_some_and(|p| is_here(&p.span)));
                prop_assert!(is_reported, "{:?} is not in\n{report}", plugin.get_text("name"));
            }
            if target == Target::Filters {
                continue;
            }
            let output = Project::new(vec![File::new("out", conversion.text.clone())]);
            prop_assert!(output.files[0].error.is_none(), "{}", conversion.text);
            if !output.filters.is_empty() {
                let findings = check::findings(&output, &environment);
                let errors = findings.iter().filter(|f| check::has_errors(std::slice::from_ref(f)));
                let errors: Vec<&str> = errors.map(|finding| finding.message.as_str()).collect();
                prop_assert!(errors.is_empty(), "{errors:?}\n{}", conversion.text);
            }
        }
    }
}
