//! Sources of Kong.

use filterctl::{convert::Source, source::File};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    check, compare,
    kong_model::{Audience, Gateway, Plugin, Route, Scope},
    output::SECRET,
    requests::{CONSUMERS, SENT},
};

fn plugin() -> impl Strategy<Value = Plugin> {
    let kind = prop_oneof![
        5 => Just(("jwt", json!({"claims_to_verify": ["exp"]}))),
        1 => Just(("jwt", json!({"anonymous": "eva"}))),
        1 => Just(("acl", json!({"allow": ["buyers"]}))),
        1 => Just(("acl", json!({"deny": ["buyers"]}))),
        2 => Just(("ip-restriction", json!({"allow": ["10.0.0.0/8"]}))),
        1 => Just(("ip-restriction", json!({"deny": ["10.0.0.0/8"]}))),
        2 => Just(("request-termination", json!({"status_code": 403}))),
        1 => Just(("key-auth", json!({}))),
        2 => (1..4_i64).prop_map(|n| ("rate-limiting", json!({"minute": n}))),
        1 => (1..4_i64).prop_map(|n| {
            ("rate-limiting", json!({"minute": n, "limit_by": "path", "path": "/a"}))
        }),
        1 => (1..4_i64).prop_map(|n| ("rate-limiting", json!({"minute": n, "limit_by": "ip"}))),
        1 => Just(("cors", json!({"origins": ["https://a.io"]}))),
        1 => Just(("request-transformer", json!({"remove": {"headers": ["x-a"]}}))),
        1 => Just(("file-log", json!({"path": "/dev/stdout"}))),
    ];
    (kind, prop::bool::weighted(0.9)).prop_map(|((name, config), is_enabled)| Plugin {
        name,
        config,
        is_enabled,
    })
}

/// Plugins of the root: a scope, and clients.
fn scoped() -> impl Strategy<Value = (Scope, Plugin)> {
    let audience = prop_oneof![
        3 => Just(Audience::All),
        4 => (0..3_usize).prop_map(|n| Audience::Consumer(CONSUMERS[n])),
        2 => prop_oneof![Just("gold"), Just("silver")].prop_map(Audience::Group),
    ];
    let service = prop::option::weighted(0.4, 0..2_usize);
    let route = prop::option::weighted(0.3, 0..4_usize);
    (service, route, audience, plugin()).prop_filter_map(
        "for all consumers only",
        |(service, route, audience, plugin)| {
            let is_for_all = matches!(plugin.name, "jwt" | "acl" | "key-auth" | "cors");
            let is_valid = audience == Audience::All || !is_for_all;
            is_valid.then_some((Scope { service, route, audience }, plugin))
        },
    )
}

fn route() -> impl Strategy<Value = Route> {
    let host = prop_oneof![
        4 => Just("a.io"),
        4 => Just("*.a.io"),
        1 => Just("z.*"),
        3 => Just("x.a.io"),
    ];
    let path = prop_oneof![
        4 => prop_oneof![Just("/"), Just("/a"), Just("/a/b"), Just("/b")],
        1 => Just("~/a/[0-9]+$"),
        1 => Just("~/a(?=b)"),
    ];
    (
        prop::collection::vec(host, 0..2),
        prop::collection::vec(path, 1..3),
        prop::collection::vec(prop_oneof![Just("GET"), Just("POST")], 0..2),
        prop::bool::weighted(0.1),
        prop::sample::select(vec![0_i64, 0, 5]),
        prop::collection::vec(plugin(), 0..3),
    )
        .prop_map(|(hosts, paths, methods, has_headers, regex_priority, plugins)| Route {
            hosts,
            paths,
            methods,
            has_headers,
            regex_priority,
            plugins,
        })
}

fn gateway() -> impl Strategy<Value = Gateway> {
    (
        prop::collection::vec(route(), 4),
        prop::collection::vec(plugin(), 0..2),
        prop::collection::vec(scoped(), 0..5),
        prop::collection::vec(
            (any::<bool>(), prop::sample::subsequence(vec!["gold", "silver"], 0..=2)),
            3,
        ),
    )
        .prop_map(|(routes, of_service, scoped, members)| Gateway {
            routes,
            of_service,
            scoped,
            members,
        })
}

fn entry(plugin: &Plugin) -> Value {
    json!({"name": plugin.name, "config": plugin.config, "enabled": plugin.is_enabled})
}

/// The gateway as kong.yml.
fn document(gateway: &Gateway) -> Value {
    let route = |(n, route): (usize, &Route)| {
        let mut entity = json!({
            "name": format!("r{n}"), "hosts": route.hosts, "paths": route.paths,
            "methods": route.methods, "regex_priority": route.regex_priority,
            "strip_path": false, "plugins": route.plugins.iter().map(entry).collect::<Vec<_>>(),
        });
        if route.has_headers {
            entity["headers"] = json!({"x-kind": ["a"]});
        }
        entity
    };
    let routes: Vec<Value> = gateway.routes.iter().enumerate().map(route).collect();
    let service = |n: usize| {
        let mut plugins = Vec::new();
        if n == 0 {
            plugins.extend(gateway.of_service.iter().map(entry));
        }
        json!({
            "name": format!("s{n}"), "url": format!("http://s{n}:80"),
            "routes": [routes[2 * n], routes[2 * n + 1]], "plugins": plugins,
        })
    };
    let scoped = gateway.scoped.iter().map(|(scope, plugin)| {
        let mut entity = entry(plugin);
        if let Some(n) = scope.service {
            entity["service"] = json!(format!("s{n}"));
        }
        if let Some(n) = scope.route {
            entity["route"] = json!(format!("r{n}"));
        }
        match scope.audience {
            Audience::All => {}
            Audience::Consumer(name) => entity["consumer"] = json!(name),
            Audience::Group(name) => entity["consumer_group"] = json!(name),
        }
        entity
    });
    let consumers = CONSUMERS.iter().zip(&gateway.members).map(|(name, (is_buyer, groups))| {
        let groups: Vec<Value> = groups.iter().map(|name| json!({"name": name})).collect();
        let acls = if *is_buyer { json!([{"group": "buyers"}]) } else { json!([]) };
        json!({
            "username": name, "acls": acls, "groups": groups,
            "jwt_secrets": [{"key": name, "secret": SECRET}],
        })
    });
    // Its filter makes the routes visible to the routing.
    let always = json!({
        "name": "always", "url": "http://always:80",
        "routes": [{"name": "always", "hosts": ["always.io"]}],
        "plugins": [{"name": "cors", "config": {"origins": ["https://always.io"]}}],
    });
    json!({
        "_format_version": "3.0", "services": [service(0), service(1), always],
        "plugins": scoped.collect::<Vec<_>>(), "consumers": consumers.collect::<Vec<_>>(),
        "consumer_groups": [{"name": "gold"}, {"name": "silver"}],
    })
}

#[test]
fn kong_refuses_no_request_that_passes_the_output() {
    check(&gateway(), |gateway| {
        let text = serde_json::to_string_pretty(&document(gateway)).unwrap();
        let file = File::new("kong.json", text);
        // Of routes of one rank, Kong's choice is not defined.
        compare(Source::Kong, &[file], |sent| gateway.passes(sent, SENT))
    });
}
