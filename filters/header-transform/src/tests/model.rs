//! Any rules on any message, against the rules carried out one by one on plain lists.

mod plain;

use std::collections::BTreeSet;

use novasphere_core::{
    Decision, Filter, HeaderMutation, HeaderName, Headers, RequestHead, ResponseHead, header_value,
    testing::TestHost,
};
use proptest::{prelude::*, strategy::ValueTree};

use self::plain::{Line, Plain};
use super::visible_headers;
use crate::HeaderTransform;

const OPERATIONS: [&str; 5] = ["remove", "rename", "replace", "add", "append"];
/// Of headers and query parameters, in rules; two spellings of one are refused there.
const NAMES: [&str; 7] = ["a", "b", "c", "d", "x-a", "X-A", "x_b-c"];
/// In messages.
const LINE_NAMES: [&str; 10] = ["a", "B", "c", "d", "x-a", "X-A", "x_a", "x-b-c", "X_B_C", "x_b-c"];
const VALUES: [&str; 8] = [
    "1",
    "2",
    "$$(host)",
    "$(headers.x-a)",
    "<$(headers.a | d)>",
    "$(query.b)$(headers.b | )",
    "$(path.1 | /)",
    "$(query_params.x-a | e e)",
];
/// Where nothing is missing and nothing is refused.
const FIXED: usize = 3;
const CONDITIONS: [&str; 4] = ["", "", "yes", "no"];

/// One operation: its entries, and for which methods or statuses.
type Operation = (Vec<String>, Vec<String>, &'static str);

fn entry(operation: usize, values: usize) -> BoxedStrategy<String> {
    let name = prop::sample::select(&NAMES[..]);
    match operation {
        0 => {
            let stems = prop::sample::select(vec!["x-*", "x-a*", "b*", "X-B*"]);
            prop_oneof![4 => name.prop_map(str::to_owned), 1 => stems.prop_map(str::to_owned)]
                .boxed()
        }
        1 => (name.clone(), name).prop_map(|(old, new)| format!("{old}:{new}")).boxed(),
        _ => (name, prop::sample::select(&VALUES[..values]))
            .prop_map(|(name, value)| format!("{name}: {value}"))
            .boxed(),
    }
}

fn operations(values: usize, conditions: usize) -> impl Strategy<Value = Vec<Operation>> {
    let entries = |operation| prop::collection::vec(entry(operation, values), 0..3);
    let one = |operation| {
        let condition = prop::sample::select(&CONDITIONS[..conditions]);
        (entries(operation), entries(operation), condition)
    };
    [0, 1, 2, 3, 4].map(one).prop_map(Vec::from)
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let values: Vec<&[u8]> =
        vec![b"1", b"2", b"", b"v w", b"a\r\nb: c", b"caf\xc3\xa9", b"\0", b"\t", &[b'l'; 5000]];
    let value = prop_oneof![
        8 => prop::sample::select(values).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    let name = prop::sample::select(&LINE_NAMES[..]).prop_map(str::to_owned);
    prop::collection::vec((name, value), 0..7)
}

fn target() -> impl Strategy<Value = Vec<u8>> {
    let pairs = vec![
        "a=1", "a", "%61=%0d", "b=", "b=b%20b", "b=b+b%2B", "+=b", "b=%ff", "x-a=x", "x_a", "",
        "=", "%zz", "X-A=2=2",
    ];
    let pairs = prop::collection::vec(prop::sample::select(pairs), 0..5);
    let path = prop::sample::select(vec!["/", "/p/q", "/p%2Fq", "*", "//x", "/p?"]);
    let query = (path, pairs).prop_map(|(path, pairs)| match pairs.is_empty() {
        true => path.as_bytes().to_vec(),
        false => format!("{path}?{}", pairs.join("&")).into_bytes(),
    });
    prop_oneof![8 => query, 1 => prop::collection::vec(any::<u8>(), 0..12)]
}

/// The configuration for requests, or without query parameters for responses; `None` where it is
/// refused for a contradiction.
fn configured(operations: &[Operation], message: &str) -> Option<HeaderTransform> {
    let mut rules = serde_json::Map::new();
    for (name, (headers, query, condition)) in OPERATIONS.into_iter().zip(operations) {
        let mut rule = serde_json::json!({"headers": headers});
        let fields = rule.as_object_mut().unwrap();
        let is_request = message == "request";
        if is_request {
            fields.insert("querystring".into(), query.clone().into());
        }
        let idle = headers.is_empty() && (query.is_empty() || !is_request);
        if !condition.is_empty() && !idle {
            let (field, values) = match (is_request, *condition) {
                (true, "yes") => ("if_method", ["PUT", "GET"]),
                (true, _) => ("if_method", ["PUT", "POST"]),
                (false, "yes") => ("if_status", ["404", "2xx"]),
                (false, _) => ("if_status", ["404", "3xx"]),
            };
            fields.insert(field.into(), values.to_vec().into());
        }
        rules.insert(name.into(), rule);
    }
    let config = serde_json::json!({ message: rules }).to_string();
    HeaderTransform::from_json(config.as_bytes(), &TestHost::default()).ok()
}

fn borrowed(lines: &[Line]) -> Vec<(&str, &[u8])> {
    lines.iter().map(|(name, value)| (&**name, &**value)).collect()
}

/// What is left of a request, and the mutations that did it.
fn request(filter: &HeaderTransform, lines: &[Line]) -> Vec<Line> {
    let lines = borrowed(lines);
    let head = RequestHead { headers: visible_headers(&lines, filter.request_headers()) };
    let Decision::Continue { mutations, .. } =
        filter.on_request(&head, &mut (), &TestHost::default().env())
    else {
        panic!("not passed")
    };
    applied(&lines, mutations)
}

fn response(filter: &HeaderTransform, lines: &[Line]) -> Vec<Line> {
    let lines = borrowed(lines);
    let Decision::Continue { carry, .. } =
        filter.on_request(&RequestHead::default(), &mut (), &TestHost::default().env())
    else {
        panic!("not passed")
    };
    let head = ResponseHead { headers: visible_headers(&lines, filter.response_headers()) };
    applied(&lines, filter.on_response(carry, &head))
}

fn applied(lines: &[(&str, &[u8])], mutations: Vec<HeaderMutation<'_>>) -> Vec<Line> {
    mutations.iter().for_each(is_fit_to_send);
    let mut headers = Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), *v)));
    headers.apply(mutations);
    let text = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
    headers.lines().map(|(name, value)| (text(name), value.to_vec())).collect()
}

/// No produced name or value is ever invalid (RFC 9110 sections 5.1 and 5.5).
fn is_fit_to_send(edit: &HeaderMutation<'_>) {
    match edit {
        HeaderMutation::Set(name, value) | HeaderMutation::Add(name, value) => {
            assert_eq!(HeaderName::parse(name.as_str()).as_ref(), Ok(*name));
            assert_eq!(header_value(value), Ok(&**value));
        }
        HeaderMutation::Remove(_) => {}
        HeaderMutation::Target(target) => assert!(target.starts_with(b"/")),
    }
}

/// The lines of each name in order; a host may mix the names.
fn by_name(lines: &[Line]) -> Vec<(String, Vec<Vec<u8>>)> {
    let lower = |line: &Line| line.0.to_ascii_lowercase();
    let names: BTreeSet<String> = lines.iter().map(lower).collect();
    let values =
        |name: &str| lines.iter().filter(|l| lower(l) == name).map(|l| l.1.clone()).collect();
    names.into_iter().map(|name| (name.clone(), values(&name))).collect()
}

fn with_target(target: &[u8], mut lines: Vec<Line>) -> Vec<Line> {
    let pseudo = [(":method", &b"GET"[..]), (":path", target), (":authority", b"h")];
    lines.splice(0..0, pseudo.map(|(name, value)| (name.to_owned(), value.to_vec())));
    lines
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 6000,
        max_global_rejects: 100_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn requests_are_as_if_rules_were_carried_out_one_by_one(
        operations in operations(VALUES.len(), CONDITIONS.len()),
        target in target(),
        lines in lines(),
    ) {
        let Some(filter) = configured(&operations, "request") else { return Ok(()) };
        let lines = with_target(&target, lines);
        let made = request(&filter, &lines);
        let expected = Plain::new(&lines, true).carried_out(&operations);
        prop_assert_eq!(by_name(&made), by_name(&expected));
    }

    #[test]
    fn responses_are_as_if_rules_were_carried_out_one_by_one(
        operations in operations(FIXED, CONDITIONS.len()),
        mut lines in lines(),
    ) {
        let Some(filter) = configured(&operations, "response") else { return Ok(()) };
        lines.push((":status".into(), b"200".to_vec()));
        let made = response(&filter, &lines);
        let expected = Plain::new(&lines, false).carried_out(&operations);
        prop_assert_eq!(by_name(&made), by_name(&expected));
    }

    /// The README says when.
    #[test]
    fn a_second_time_changes_nothing(
        mut operations in operations(FIXED, 1),
        target in target(),
        lines in lines(),
    ) {
        operations[4] = Operation::default();
        // What a renaming names, no other rule does.
        let folded = |name: &str| name.to_ascii_lowercase().replace('_', "-");
        let names = |entry: &String, rule: usize| -> Vec<String> {
            entry.split(':').take(if rule == 1 { 2 } else { 1 }).map(folded).collect()
        };
        let shared = |lists: [&[String]; 4]| {
            let all = lists.iter().enumerate().flat_map(|(rule, list)| {
                list.iter().enumerate().map(move |(i, entry)| (rule, i, names(entry, rule)))
            });
            let all: Vec<_> = all.collect();
            let same = |a: &String, b: &String| match b.strip_suffix('*') {
                Some(stem) => a.starts_with(stem),
                None => a == b,
            };
            all.iter().filter(|(rule, ..)| *rule == 1).any(|(rule, i, renamed)| {
                let others = all.iter().filter(|(r, j, _)| (r, j) != (rule, i));
                let mut others = others.flat_map(|(.., others)| others);
                others.any(|other| renamed.iter().any(|name| same(name, other)))
            })
        };
        let [remove, rename, replace, add, _] = &operations[..] else { panic!() };
        prop_assume!(!shared([&remove.0, &rename.0, &replace.0, &add.0]));
        prop_assume!(!shared([&remove.1, &rename.1, &replace.1, &add.1]));
        // Nor does one name get two values.
        let clash = |given: &[String], added: &[String]| {
            let clashes = |one: &String, other: &String| {
                let ((name, value), (other, another)) =
                    (one.split_once(':').unwrap(), other.split_once(':').unwrap());
                name.eq_ignore_ascii_case(other) && value != another
            };
            given.iter().any(|one| added.iter().any(|other| clashes(one, other)))
        };
        prop_assume!(!clash(&replace.0, &add.0) && !clash(&replace.1, &add.1));
        let Some(filter) = configured(&operations, "request") else { return Ok(()) };
        let once = request(&filter, &with_target(&target, lines));
        // What is removed and added goes to the end of the query.
        let sorted = |lines: Vec<Line>| {
            let sort = |(name, value): Line| {
                let mut pairs: Vec<_> = value.split(|b| b"?&".contains(b)).collect();
                pairs.sort_unstable();
                let is_target = name == ":path";
                (name, if is_target { pairs.join(&b'&') } else { value })
            };
            by_name(&lines.into_iter().map(sort).collect::<Vec<_>>())
        };
        prop_assert_eq!(sorted(request(&filter, &once)), sorted(once));
    }
}

/// Every set of rules about two names, on every message with up to two lines of each.
#[test]
fn all_small_sets_are_as_if_carried_out_one_by_one() {
    let choices: [&[&[&str]]; 5] = [
        &[&[], &["a"], &["b"], &["a", "b"]],
        &[&[], &["a:b"], &["b:a"], &["a:b", "c:d"], &["b:a", "c:b"]],
        &[&[], &["a: 1"], &["a: 9"], &["b: 1"]],
        &[&[], &["a: 1"], &["b: 8", "a: 8"]],
        &[&[], &["a: 1"], &["a: 7", "a: 1"], &["b: 1"]],
    ];
    let fields: [&[&[u8]]; 4] = [&[], &[b"1"], &[b""], &[b"1", b"2"]];
    let total: usize = choices.iter().map(|entries| entries.len()).product();
    let mut compared = 0;
    for number in 0..total {
        let mut rest = number;
        let chosen = choices.map(|entries| {
            let entry = entries[rest % entries.len()];
            rest /= entries.len();
            (entry.iter().map(|e| (*e).to_owned()).collect(), Vec::new(), "")
        });
        // Some are refused since a rule has no effect.
        let Some(filter) = configured(&chosen, "response") else { continue };
        for (a, b) in fields.iter().flat_map(|a| fields.iter().map(move |b| (a, b))) {
            let line = |name: &'static str| move |v: &&[u8]| (name.to_owned(), v.to_vec());
            let mut lines: Vec<Line> =
                a.iter().map(line("a")).chain(b.iter().map(line("b"))).collect();
            lines.push((":status".into(), b"200".to_vec()));
            let expected = Plain::new(&lines, false).carried_out(&chosen);
            assert_eq!(by_name(&response(&filter, &lines)), by_name(&expected), "{chosen:?}");
            compared += 1;
        }
    }
    assert!(compared > 5000, "{compared}");
}

/// Otherwise the properties say nothing.
#[test]
fn most_rules_are_accepted() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let accepted = (0..500).filter(|_| {
        let operations = operations(VALUES.len(), CONDITIONS.len()).new_tree(&mut runner).unwrap();
        configured(&operations.current(), "request").is_some()
    });
    let accepted = accepted.count();
    assert!(accepted > 100, "{accepted} of 500");
}
