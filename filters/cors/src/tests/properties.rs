//! What holds for every configuration, request and response: no origin is told its name unless the
//! configuration names it, `*` and credentials never meet, and nothing panics.

use novasphere_core::{Decision, Filter, Headers, RequestHead, ResponseHead, testing::TestHost};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::model::{self, Entry};
use crate::Cors;

type Lines = Vec<(String, Vec<u8>)>;

/// A policy of the configuration: for whom, and with credentials or not.
#[derive(Clone, Debug)]
struct Group {
    entries: Vec<Entry>,
    credentials: bool,
}

impl Group {
    fn names(&self, origin: &[u8]) -> bool {
        self.entries.iter().any(|entry| entry.names(origin))
    }

    /// Whether everyone is told `*`.
    fn is_constant(&self) -> bool {
        matches!(self.entries.as_slice(), [Entry::Any])
    }

    fn wire(&self) -> Value {
        let reflect = self.entries.contains(&Entry::Reflected);
        let mut wire = json!({
            "origins": self.entries.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "credentials": self.credentials,
            "reflect_any_origin": reflect,
        });
        if !reflect {
            wire.as_object_mut().unwrap().remove("reflect_any_origin");
        }
        wire
    }
}

/// Groups whose configuration may be refused, as it may be for real.
fn groups() -> impl Strategy<Value = Vec<Group>> {
    let named = prop::collection::vec(model::named(), 1..4);
    let entries = prop_oneof![
        8 => named,
        1 => Just(vec![Entry::Any]),
        1 => Just(vec![Entry::Reflected]),
        1 => Just(vec![Entry::Reflected, Entry::Null]),
        1 => Just(vec![Entry::Null]),
    ];
    let group =
        (entries, any::<bool>()).prop_map(|(entries, credentials)| Group { entries, credentials });
    prop::collection::vec(group, 1..4)
}

fn configuration(groups: &[Group], block: bool, forward: bool) -> Value {
    let (last, first) = groups.split_last().unwrap();
    let mut wire = last.wire();
    let members = wire.as_object_mut().unwrap();
    if !first.is_empty() {
        members.insert("policies".into(), first.iter().map(Group::wire).collect());
    }
    members.insert("block_disallowed".into(), block.into());
    members.insert("preflight_continue".into(), forward.into());
    members.insert("exposed_headers".into(), json!(["X-A"]));
    wire
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

fn answer() -> impl Strategy<Value = Lines> {
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

/// What the client gets: the lines of the reply or of the edited response.
fn outcome(cors: &Cors, request: &Lines, answer: &Lines) -> Lines {
    let test_host = TestHost::default();
    let head = RequestHead { headers: headers(request) };
    match cors.on_request(&head, &mut (), &test_host.env()) {
        Decision::Respond { response, .. } => {
            let lines = response.headers.iter();
            lines.map(|(name, value)| (name.to_string(), value.to_vec())).collect()
        }
        Decision::Continue { carry, .. } => {
            let mut edited = headers(answer);
            edited.apply(cors.on_response(carry, &ResponseHead { headers: headers(answer) }));
            let lines = edited.lines();
            lines.map(|(n, v)| (String::from_utf8_lossy(n).to_lowercase(), v.to_vec())).collect()
        }
        Decision::Pause { .. } | Decision::Call(_) => panic!("waits"),
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

fn check(groups: &[Group], forward: bool, request: &Lines, got: &Lines) {
    let origins = values(request, "origin");
    let told = values(got, "access-control-allow-origin");
    let credentials = values(got, "access-control-allow-credentials");
    assert!(told.len() <= 1, "{told:?}");
    let decides = match origins.as_slice() {
        [origin] => groups.iter().find(|group| group.is_constant() || group.names(origin)),
        _ => None,
    };
    match told.as_slice() {
        [] => assert!(credentials.is_empty(), "{credentials:?}"),
        [b"*"] => {
            assert!(groups.iter().any(Group::is_constant), "a star without one");
            assert!(credentials.is_empty(), "a star with credentials");
        }
        [told] => {
            assert_eq!(origins, [*told], "another origin than the request's");
            let group = decides.unwrap_or_else(|| panic!("{} is not named", told.escape_ascii()));
            assert!(!group.is_constant());
            assert!(credentials.is_empty() || group.credentials);
        }
        more => panic!("{more:?}"),
    }
    let is_constant = matches!(groups, [only] if only.is_constant());
    assert!(is_constant || varies(got), "no Vary: {got:?}");
    // The other way round: who is named is told so, unless the upstream answers a preflight.
    if let (Some(group), false) = (decides, forward) {
        assert_eq!(told.len(), 1, "{:?} is not told", origins);
        assert_eq!(group.credentials && !group.is_constant(), !credentials.is_empty());
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
    fn nobody_is_told_who_is_not_named(
        groups in groups(),
        (block, forward) in (any::<bool>(), any::<bool>()),
        requests in prop::collection::vec((request(), answer()), 1..12),
    ) {
        let config = configuration(&groups, block, forward).to_string();
        let cors = Cors::from_json(config.as_bytes(), &TestHost::default());
        prop_assume!(cors.is_ok());
        let cors = cors.unwrap();
        for (request, answer) in &requests {
            check(&groups, forward, request, &outcome(&cors, request, answer));
        }
    }

    /// Entries of a form, and origins that are made to look like what they name.
    #[test]
    fn origins_are_judged_as_the_model_does(
        entry in model::named(),
        origins in prop::collection::vec(model::origin(), 1..40),
    ) {
        let groups = [Group { entries: vec![entry], credentials: false }];
        let config = configuration(&groups, false, false).to_string();
        let cors = Cors::from_json(config.as_bytes(), &TestHost::default()).unwrap();
        for origin in origins {
            let request = vec![("origin".to_owned(), origin)];
            check(&groups, false, &request, &outcome(&cors, &request, &Vec::new()));
        }
    }

    #[test]
    fn no_configuration_panics(text in "\\PC{0,60}", entry in "[a-z~*.:/\\[\\]()0-9@-]{0,40}") {
        let _ = Cors::from_json(text.as_bytes(), &TestHost::default());
        let config = json!({"origins": [entry, text], "credentials": true}).to_string();
        let _ = Cors::from_json(config.as_bytes(), &TestHost::default());
    }
}
