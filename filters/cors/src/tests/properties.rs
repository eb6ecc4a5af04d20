//! Properties of every configuration, request and response: an origin is allowed only if the
//! configuration allows it, `*` never comes with credentials, and nothing panics.

use novasphere_core::{Decision, Filter, Headers, RequestHead, ResponseHead, testing::TestHost};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::model::{self, Entry};
use crate::Cors;

type Lines = Vec<(String, Vec<u8>)>;

#[derive(Clone, Debug)]
struct Policy {
    entries: Vec<Entry>,
    credentials: bool,
}

impl Policy {
    fn allows(&self, origin: &[u8]) -> bool {
        self.entries.iter().any(|entry| entry.allows(origin))
    }

    /// Whether the response is a constant `*`.
    fn is_constant(&self) -> bool {
        matches!(self.entries.as_slice(), [Entry::Any])
    }

    fn config(&self) -> Value {
        let reflect = self.entries.contains(&Entry::Reflected);
        let mut config = json!({
            "origins": self.entries.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "credentials": self.credentials,
            "reflect_any_origin": reflect,
        });
        if !reflect {
            config.as_object_mut().unwrap().remove("reflect_any_origin");
        }
        config
    }
}

/// Policies. Their configuration may be rejected.
fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let origins = prop::collection::vec(model::entry(), 1..4);
    let entries = prop_oneof![
        8 => origins,
        1 => Just(vec![Entry::Any]),
        1 => Just(vec![Entry::Reflected]),
        1 => Just(vec![Entry::Reflected, Entry::Null]),
        1 => Just(vec![Entry::Null]),
    ];
    let policy =
        (entries, any::<bool>()).prop_map(|(entries, credentials)| Policy { entries, credentials });
    prop::collection::vec(policy, 1..4)
}

fn configuration(policies: &[Policy], block: bool, forward: bool) -> Value {
    let (last, first) = policies.split_last().unwrap();
    let mut config = last.config();
    let members = config.as_object_mut().unwrap();
    if !first.is_empty() {
        members.insert("policies".into(), first.iter().map(Policy::config).collect());
    }
    members.insert("block_disallowed".into(), block.into());
    members.insert("preflight_continue".into(), forward.into());
    members.insert("exposed_headers".into(), json!(["X-A"]));
    config
}

fn request() -> impl Strategy<Value = Lines> {
    let method = prop::sample::select(vec!["GET", "POST", "OPTIONS", "options", ""]);
    let origins = prop::collection::vec(model::origin(), 0..3);
    let more = prop::collection::vec(
        (
            prop::sample::select(vec![
                "access-control-request-method",
                "access-control-request-headers",
                "access-control-request-private-network",
                "upgrade",
                ":scheme",
                ":authority",
                "host",
            ]),
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..12),
                prop::sample::select(vec![
                    b"PUT".to_vec(),
                    b"https".to_vec(),
                    b"x-a, x-b".to_vec()
                ]),
                model::origin(),
            ],
        ),
        0..4,
    );
    (method, origins, more).prop_map(|(method, origins, more)| {
        let mut lines = vec![(":method".to_owned(), method.as_bytes().to_vec())];
        lines.extend(origins.into_iter().map(|origin| ("origin".to_owned(), origin)));
        lines.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        lines
    })
}

fn upstream_response() -> impl Strategy<Value = Lines> {
    let names = vec![
        "Access-Control-Allow-Origin",
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-expose-headers",
        "access-control-allow-methods",
        "vary",
    ];
    let values = prop_oneof![
        prop::sample::select(vec![b"*".to_vec(), b"true".to_vec(), b"Accept, Origin".to_vec()]),
        model::origin(),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    let line = (prop::sample::select(names), values);
    prop::collection::vec(line.prop_map(|(name, value)| (name.to_owned(), value)), 0..5)
}

fn headers(lines: &Lines) -> Headers<'_> {
    Headers::borrowed(lines.iter().map(|(name, value)| (name.as_bytes(), &value[..])))
}

/// The response header lines that the client gets.
fn outcome(cors: &Cors, request: &Lines, upstream: &Lines) -> Lines {
    let host = TestHost::default();
    let head = RequestHead { headers: headers(request) };
    match cors.on_request(&head, &mut (), &host.env()) {
        Decision::Respond { response, .. } => {
            let lines = response.headers.iter();
            lines.map(|(name, value)| (name.to_string(), value.to_vec())).collect()
        }
        Decision::Continue { carry, .. } => {
            let mut mutated = headers(upstream);
            let head = ResponseHead { headers: headers(upstream) };
            let mutations = cors.on_response(carry, &head);
            mutated.apply(&mutations);
            let lines = mutated.lines();
            lines.map(|(n, v)| (String::from_utf8_lossy(n).to_lowercase(), v.to_vec())).collect()
        }
        Decision::Pause { .. } | Decision::Call(_) => panic!("neither continued nor responded"),
    }
}

fn values<'l>(lines: &'l Lines, name: &str) -> Vec<&'l [u8]> {
    lines.iter().filter(|(n, _)| n == name).map(|(_, value)| &value[..]).collect()
}

fn varies(lines: &Lines) -> bool {
    values(lines, "vary").iter().flat_map(|line| line.split(|b| *b == b',')).any(|member| {
        let member = member.trim_ascii();
        member == b"*" || member.eq_ignore_ascii_case(b"origin")
    })
}

fn check(policies: &[Policy], forward: bool, request: &Lines, got: &Lines) {
    let origins = values(request, "origin");
    let allowed = values(got, "access-control-allow-origin");
    let credentials = values(got, "access-control-allow-credentials");
    assert!(allowed.len() <= 1, "{allowed:?}");
    let deciding = match origins.as_slice() {
        [origin] => policies.iter().find(|policy| policy.is_constant() || policy.allows(origin)),
        _ => None,
    };
    match allowed.as_slice() {
        [] => assert!(credentials.is_empty(), "{credentials:?}"),
        [b"*"] => {
            assert!(policies.iter().any(Policy::is_constant), "a star without one");
            assert!(credentials.is_empty(), "a star with credentials");
        }
        [allowed] => {
            assert_eq!(origins, [*allowed], "another origin than the request's");
            let policy =
                deciding.unwrap_or_else(|| panic!("{} is not allowed", allowed.escape_ascii()));
            assert!(!policy.is_constant());
            assert!(credentials.is_empty() || policy.credentials);
        }
        more => panic!("{more:?}"),
    }
    let is_constant = matches!(policies, [only] if only.is_constant());
    assert!(is_constant || varies(got), "no Vary: {got:?}");
    // Conversely, the response must allow an allowed origin, unless the upstream responds to a
    // preflight.
    if let (Some(policy), false) = (deciding, forward) {
        assert_eq!(allowed.len(), 1, "{origins:?} is not allowed");
        assert_eq!(policy.credentials && !policy.is_constant(), !credentials.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        max_global_rejects: 400_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn allows_only_configured_origins(
        policies in policies(),
        (block, forward) in (any::<bool>(), any::<bool>()),
        requests in prop::collection::vec((request(), upstream_response()), 1..12),
    ) {
        let config = configuration(&policies, block, forward).to_string();
        let cors = Cors::from_json(config.as_bytes(), &TestHost::default());
        prop_assume!(cors.is_ok());
        let cors = cors.unwrap();
        for (request, upstream) in &requests {
            check(&policies, forward, request, &outcome(&cors, request, upstream));
        }
    }

    /// Single entries, and origins that resemble them.
    #[test]
    fn matches_origins_like_the_model(
        entry in model::entry(),
        origins in prop::collection::vec(model::origin(), 1..40),
    ) {
        let policies = [Policy { entries: vec![entry], credentials: false }];
        let config = configuration(&policies, false, false).to_string();
        let cors = Cors::from_json(config.as_bytes(), &TestHost::default()).unwrap();
        for origin in origins {
            let request = vec![("origin".to_owned(), origin)];
            check(&policies, false, &request, &outcome(&cors, &request, &Vec::new()));
        }
    }

    #[test]
    fn no_configuration_causes_a_panic(text in "\\PC{0,60}", entry in "[a-z~*.:/\\[\\]()0-9@-]{0,40}") {
        let _ = Cors::from_json(text.as_bytes(), &TestHost::default());
        let config = json!({"origins": [entry, text], "credentials": true}).to_string();
        let _ = Cors::from_json(config.as_bytes(), &TestHost::default());
    }
}
