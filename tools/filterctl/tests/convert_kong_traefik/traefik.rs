//! Sources of Traefik: a static and a dynamic file.

use filterctl::{convert::Source, source::File};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    check, compare,
    output::SECRET,
    requests::SENT,
    traefik_model::{Gateway, MIDDLEWARES, Router, Rule},
};

fn rule() -> impl Strategy<Value = Rule> {
    let matcher = prop_oneof![
        3 => prop_oneof![Just("a.io"), Just("x.a.io"), Just("z.io")].prop_map(Rule::Host),
        2 => prop_oneof![Just("/a"), Just("/a/b"), Just("/b")].prop_map(Rule::Path),
        4 => prop_oneof![Just("/"), Just("/a"), Just("/a/b")].prop_map(Rule::PathPrefix),
        1 => prop_oneof![Just("GET"), Just("POST")].prop_map(Rule::Method),
        1 => Just(Rule::Header),
    ];
    matcher.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            4 => (inner.clone(), inner.clone())
                .prop_map(|(one, two)| Rule::And(Box::new(one), Box::new(two))),
            3 => (inner.clone(), inner.clone())
                .prop_map(|(one, two)| Rule::Or(Box::new(one), Box::new(two))),
            1 => inner.prop_map(|rule| Rule::Not(Box::new(rule))),
        ]
    })
}

fn middlewares(max: usize) -> impl Strategy<Value = Vec<&'static str>> {
    let common =
        prop::sample::select(vec!["auth", "inside", "limit", "headers", "compress", "chain"]);
    let any = prop::sample::select(MIDDLEWARES.to_vec());
    prop::collection::vec(prop_oneof![4 => common, 1 => any], 0..=max)
}

fn router() -> impl Strategy<Value = Router> {
    (
        rule(),
        prop_oneof![2 => Just(0), 1 => 1..90_usize],
        prop::sample::subsequence(vec!["web", "websecure", "internal"], 0..=2),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
        middlewares(3),
        prop::bool::weighted(0.9),
    )
        .prop_map(
            |(
                rule,
                priority,
                entry_points,
                has_tls,
                needs_certificate,
                middlewares,
                has_service,
            )| {
                Router {
                    rule,
                    priority,
                    entry_points,
                    has_tls,
                    needs_certificate,
                    middlewares,
                    has_service,
                }
            },
        )
}

fn gateway() -> impl Strategy<Value = Gateway> {
    let of_entry_points = prop_oneof![3 => Just(Vec::new()), 1 => middlewares(1)];
    (prop::collection::vec(router(), 1..6), of_entry_points, any::<bool>()).prop_map(
        |(routers, of_entry_points, is_web_default)| Gateway {
            routers,
            of_entry_points,
            is_web_default,
        },
    )
}

/// The static configuration.
fn entry_points(gateway: &Gateway) -> Value {
    let qualified = |name: &&str| match name.contains('@') {
        true => (*name).to_owned(),
        false => format!("{name}@file"),
    };
    let http: Vec<String> = gateway.of_entry_points.iter().map(qualified).collect();
    let public = |port: &str| json!({"address": port, "asDefault": gateway.is_web_default, "http": {"middlewares": http}});
    json!({"entryPoints": {
        "web": public(":80"), "websecure": public(":443"), "internal": {"address": ":8081"},
    }})
}

/// The dynamic configuration.
fn document(gateway: &Gateway) -> Value {
    let router = |(n, router): (usize, &Router)| {
        let service = if router.has_service { "s" } else { "missing" };
        let mut entity = json!({
            "rule": router.rule.text(), "middlewares": router.middlewares, "service": service,
        });
        if router.priority > 0 {
            entity["priority"] = json!(router.priority);
        }
        if !router.entry_points.is_empty() {
            entity["entryPoints"] = json!(router.entry_points);
        }
        if router.has_tls {
            let options = if router.needs_certificate { "mutual" } else { "modern" };
            entity["tls"] = json!({"options": options});
        }
        (format!("r{n}"), entity)
    };
    let routers: serde_json::Map<String, Value> =
        gateway.routers.iter().enumerate().map(router).chain([always(gateway)]).collect();
    json!({
        "http": {
            "routers": routers,
            "middlewares": {
                "auth": {"plugin": {"jwt": {"secret": SECRET, "algorithm": "HS256"}}},
                "inside": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}},
                "users": {"basicAuth": {"users": ["a:b"]}},
                "limit": {"rateLimit": {"average": 2, "period": "1m", "burst": 2}},
                "flight": {"inFlightReq": {"amount": 5}},
                "headers": {"headers": {"customRequestHeaders": {"x-a": "b"}}},
                "compress": {"compress": {}},
                "chain": {"chain": {"middlewares": ["auth", "inside"]}},
                "outer": {"chain": {"middlewares": ["chain", "limit"]}},
                "cycle": {"chain": {"middlewares": ["cycle"]}},
                "small": {"buffering": {"maxRequestBodyBytes": 1000}},
                "tls": {"redirectScheme": {"scheme": "https"}},
            },
            "services": {"s": {"loadBalancer": {"servers": [{"url": "http://s:80"}]}}},
        },
        "tls": {"options": {
            "mutual": {"clientAuth": {"clientAuthType": "RequireAndVerifyClientCert"}},
            "modern": {"minVersion": "VersionTLS13"},
        }},
    })
}

/// A router whose filter makes the others visible to the routing.
fn always(gateway: &Gateway) -> (String, Value) {
    let mut router = json!({
        "rule": "Host(`always.io`)", "middlewares": ["headers"], "service": "s",
        "entryPoints": ["web"],
    });
    if gateway.is_tls() {
        router["tls"] = json!({});
    }
    ("always".to_owned(), router)
}

#[test]
fn traefik_refuses_no_request_that_passes_the_output() {
    check(&gateway(), |gateway| {
        let text = serde_json::to_string_pretty(&document(gateway)).unwrap();
        let fixed = serde_json::to_string_pretty(&entry_points(gateway)).unwrap();
        let files = [File::new("static.json", fixed), File::new("dynamic.json", text)];
        compare(Source::Traefik, &files, |sent| gateway.passes(sent, SENT))
    });
}
