//! Changes of shipped files, and their effects.

use std::fs;

use super::{Change, compare};
use crate::{found::Project, source::File};

fn read(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn project(text: &str) -> Project {
    Project::new(vec![File::new("x.yaml", text.to_owned())])
}

/// The changes after edits of a file. Each edit must apply.
fn changes(path: &str, edits: &[(&str, &str)]) -> Vec<Change> {
    let old = read(path);
    let mut new = old.clone();
    for (from, to) in edits {
        assert!(new.contains(from), "{path} does not contain {from:?}");
        new = new.replacen(from, to, 1);
    }
    compare(&project(&old), &project(&new))
}

fn shown(changes: &[Change]) -> Vec<String> {
    let line = |c: &Change| {
        format!("{} {} {}: {}", c.effect.name(), c.subject, c.field, c.message).replace("  ", " ")
    };
    changes.iter().map(line).collect()
}

const GATEWAY: &str = "host-config/envoy/gateway.yaml";
const ALL: &str = "host-config/envoy/all.yaml";
const TRAEFIK: &str = "host-config/traefik/dynamic.yaml";

/// A file, a change of it, and the lines that describe the effect.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const CASES: &[Case] = &[
    (GATEWAY, &[], &[]),
    // A changed comment has no effect.
    (
        GATEWAY,
        &[
            ("# Probes have no token.", "# No token."),
            ("credentials: true\n", "credentials: true # x\n"),
        ],
        &[],
    ),
    (
        GATEWAY,
        &[("minute: 100\n", "minute: 200\n")],
        &[
            "looser rate-limit : 100 requests a minute become 200",
            "neutral rate-limit : counts start at zero: other limits",
        ],
    ),
    (
        GATEWAY,
        &[("hour: 1000\n", "\n")],
        &[
            "looser rate-limit : the limit of 1000 requests an hour is gone",
            "neutral rate-limit : counts start at zero: other limits",
        ],
    ),
    (
        GATEWAY,
        &[("limit_by: ip\n", "limit_by: host\n")],
        &[
            "looser rate-limit limit_by: \"ip\" becomes \"host\"",
            "neutral rate-limit : counts start at zero: another identity",
        ],
    ),
    (
        GATEWAY,
        &[("vm_id: novasphere\n", "vm_id: other\n")],
        &["neutral rate-limit : counts start at zero: another vm_id"],
    ),
    (
        GATEWAY,
        &[(", \"https://*.novasphere.io\"]", ", \"https://x.io\"]")],
        &[
            "looser cors origins: https://x.io is new",
            "stricter cors origins: https://*.novasphere.io is gone",
        ],
    ),
    (
        GATEWAY,
        &[(
            "- {path: /api/v1/healthz}\n",
            "- {path: /api/v1/healthz}\n                      - {path_prefix: /open}\n",
        )],
        &["looser jwt-auth skip: {\"path_prefix\":\"/open\"} is new"],
    ),
    (
        GATEWAY,
        &[(
            "claims_to_verify: [exp]\n",
            "claims_to_verify: [exp, nbf]\n                      audiences: [api]\n",
        )],
        &[
            "stricter jwt-auth claims_to_verify: nbf is new",
            "stricter jwt-auth audiences: only api is accepted now",
        ],
    ),
    (
        GATEWAY,
        &[("key: novasphere-user ", "key: other "), ("algorithm: HS256", "algorithm: HS512")],
        &[
            "looser jwt-auth credentials: the key other (HS512, variable NOVASPHERE_JWT_SECRET) is new",
            "stricter jwt-auth credentials: the key novasphere-user (HS256, variable NOVASPHERE_JWT_SECRET) is gone: its tokens are rejected",
        ],
    ),
    (
        GATEWAY,
        &[("algorithm: HS256\n", "algorithm: HS256\n                        consumer: {id: a}\n")],
        &[
            "neutral jwt-auth credentials: tokens of novasphere-user (HS256, variable NOVASPHERE_JWT_SECRET) have another consumer: its limits start again",
        ],
    ),
    (
        GATEWAY,
        &[("{claim: sub, header: X-User-Id}", "{claim: email, header: X-User-Id}")],
        &["neutral jwt-auth claims_to_headers: X-User-Id holds another value: identities change"],
    ),
    (
        GATEWAY,
        &[("unlimited: true}", "minute: 7}")],
        &[
            "stricter rate-limit rules.health: has a limit now",
            "stricter rate-limit rules.health: 7 requests a minute are the limit now",
        ],
    ),
    (
        GATEWAY,
        &[("security_headers: true\n", "security_headers: false\n")],
        &["looser header-transform response.security_headers: is off now"],
    ),
    (
        GATEWAY,
        &[("normalize_path: true\n", "\n")],
        &[
            "looser check new finding: NS240: paths can bypass routes and rules: set normalize_path: true",
        ],
    ),
    (
        GATEWAY,
        &[(
            "- match: {path: /api/v1/healthz}\n                route: {cluster: novasphere-api, timeout: 5s}\n",
            "",
        )],
        &["neutral route : is gone: its requests go to \"novasphere-api /api/v1\""],
    ),
    (
        GATEWAY,
        &[(
            "- match: {path_separated_prefix: /api/v1}",
            "- match: {path_separated_prefix: /api/v2}",
        )],
        &[
            "looser route : is new, with jwt-auth for some requests only",
            "stricter route : is gone: its requests have no other route",
        ],
    ),
    (
        ALL,
        &[(
            "route: {cluster: novasphere-api, timeout: 60s}",
            "route: {cluster: novasphere-api, timeout: 60s}\n                typed_per_filter_config: {jwt-auth: {\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}}",
        )],
        &["looser jwt-auth : does not run any more"],
    ),
    // Requests of the events now go to the route of all paths, which has other filters.
    (
        "host-config/envoy/per-route.yaml",
        &[(
            "- match: {safe_regex: {regex: \"/api/v1/wukongs/[^/]+/console/ws\"}}",
            "- match: {safe_regex: {regex: \"/api/v1/wukongs/[^/]+/terminal\"}}",
        )],
        &[
            "looser jwt-auth skip: {\"path\":\"/api/v1/healthz\"} is new",
            "looser jwt-auth uri_param_names: token is new",
            "stricter jwt-auth uri_param_names: token is gone",
            "stricter jwt-auth skip: {\"path\":\"/api/v1/healthz\"} is gone",
            "neutral route : is gone: its requests go to \"novasphere-api /api/v1\"",
            "neutral route : is new: its requests went to \"novasphere-api /api/v1\"",
        ],
    ),
    (
        GATEWAY,
        &[
            ("limit_by: ip\n", "limit_by: service\n"),
            ("cluster: novasphere-api, timeout: 60s", "cluster: admin, timeout: 60s"),
            ("  clusters:\n", "  clusters:\n  - {name: admin, connect_timeout: 1s}\n"),
        ],
        &[
            "looser rate-limit limit_by: \"ip\" becomes \"service\"",
            "neutral rate-limit : counts start at zero: another identity",
            "neutral route : goes to admin, not to novasphere-api",
            "neutral rate-limit : counts start at zero: the service has another name",
        ],
    ),
    (
        TRAEFIK,
        &[("[responses, jwt-auth, rate-limit-minute,", "[responses, rate-limit-minute,")],
        &["looser jwt-auth : does not run any more"],
    ),
];

#[test]
fn changes_have_their_effects() {
    for (path, edits, expected) in CASES {
        assert_eq!(shown(&changes(path, edits)), *expected, "{edits:?}");
    }
}

/// The exempt route of the file has no jwt-auth, that of the objects one that skips it.
#[test]
fn files_and_objects_of_traefik_are_compared() {
    let files = ["deploy/traefik/ingressroute.yaml", "deploy/traefik/middlewares.yaml"];
    let files = files.map(|path| File::new(path, read(path)));
    let found = compare(&project(&read(TRAEFIK)), &Project::new(files.to_vec()));
    let skip = "looser jwt-auth skip: {\"path\":\"/api/v1/healthz\"} is new";
    assert_eq!(shown(&found), [skip, "stricter jwt-auth : runs now"]);
}

#[test]
fn equivalent_files_have_no_changes() {
    // Four filters, and the same as a gateway.
    for (one, other) in [
        (ALL, GATEWAY),
        ("host-config/kong/kong.yml", "host-config/kong/gateway.yml"),
        ("host-config/kong/gateway.yml", "host-config/kong/plugins.yml"),
    ] {
        let found = compare(&project(&read(one)), &project(&read(other)));
        assert_eq!(shown(&found), [""; 0], "{one} {other}");
    }
}

#[test]
fn changes_of_several_routes_are_listed_once() {
    let found = changes(GATEWAY, &[("minute: 100\n", "minute: 200\n")]);
    assert_eq!(found[0].routes.len(), 3, "{found:?}");
}

#[test]
fn secrets_are_never_shown() {
    let old =
        "{\"credentials\": [{\"key\": \"a\", \"secret\": \"s3cret-s3cret-s3cret-s3cret-s3cret\"}]}";
    let new = old.replace("s3cret-", "t0psec-");
    let bare = |text: &str| {
        let file = File::new("x.json", text.to_owned());
        let kind = novasphere_explain::FilterKind::JwtAuth;
        Project::bare(vec![file], kind, novasphere_explain::ProxyKind::Envoy)
    };
    let found = compare(&bare(old), &bare(&new));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(!format!("{found:?}").contains("s3cret"), "{found:?}");
    assert!(!format!("{found:?}").contains("t0psec"), "{found:?}");
}
