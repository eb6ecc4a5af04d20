//! Arbitrary rules on arbitrary messages, compared with a model that applies one entry at a time.

mod plain;
mod strategies;

use std::collections::BTreeSet;

use novasphere_core::{
    Decision, Filter, HeaderMutation, HeaderName, Headers, RequestHead, ResponseHead, header_value,
    testing::TestHost,
};
use proptest::{prelude::*, strategy::ValueTree};

use self::{
    plain::{Line, Plain},
    strategies::{lines, operations, target},
};
use super::visible_headers;
use crate::HeaderTransform;

const OPERATIONS: [&str; 5] = ["remove", "rename", "replace", "add", "append"];
/// Names in rules. Rules reject two spellings of one header.
const NAMES: [&str; 7] = ["a", "b", "c", "d", "x-a", "X-A", "x_b-c"];
/// Names in messages.
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
/// The number of `VALUES` that never depend on the message.
const FIXED: usize = 3;
const CONDITIONS: [&str; 4] = ["", "", "yes", "no"];

/// One operation: entries for headers, entries for query parameters, and the condition.
type Operation = (Vec<String>, Vec<String>, &'static str);

/// A filter with these rules for one message. `None` if the configuration is rejected, for example
/// for a contradiction. Rules for responses have no query parameters.
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

/// The request after the filter.
fn request(filter: &HeaderTransform, lines: &[Line]) -> Vec<Line> {
    let lines = borrowed(lines);
    let head = RequestHead { headers: visible_headers(&lines, filter.request_headers()) };
    let Decision::Continue { mutations, .. } =
        filter.on_request(&head, &mut (), &TestHost::default().env())
    else {
        panic!("did not continue")
    };
    applied(&lines, mutations)
}

/// The response after the filter.
fn response(filter: &HeaderTransform, lines: &[Line]) -> Vec<Line> {
    let lines = borrowed(lines);
    let Decision::Continue { carry, .. } =
        filter.on_request(&RequestHead::default(), &mut (), &TestHost::default().env())
    else {
        panic!("did not continue")
    };
    let head = ResponseHead { headers: visible_headers(&lines, filter.response_headers()) };
    applied(&lines, filter.on_response(carry, &head))
}

fn applied(lines: &[(&str, &[u8])], mutations: Vec<HeaderMutation<'_>>) -> Vec<Line> {
    mutations.iter().for_each(assert_is_valid);
    let mut headers = Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), *v)));
    headers.apply(&mutations);
    let text = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
    headers.lines().map(|(name, value)| (text(name), value.to_vec())).collect()
}

/// RFC 9110 sections 5.1 and 5.5.
fn assert_is_valid(mutation: &HeaderMutation<'_>) {
    match mutation {
        HeaderMutation::Set(name, value) | HeaderMutation::Add(name, value) => {
            assert_eq!(HeaderName::parse(name.as_str()).as_ref(), Ok(*name));
            assert_eq!(header_value(value), Ok(&**value));
        }
        HeaderMutation::Remove(_) => {}
        HeaderMutation::Target(target) => assert!(target.starts_with(b"/")),
    }
}

/// The lines of each name, in order. Hosts differ in the order of names.
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
    fn requests_match_the_model(
        operations in operations(VALUES.len(), CONDITIONS.len()),
        target in target(),
        lines in lines(),
    ) {
        let Some(filter) = configured(&operations, "request") else { return Ok(()) };
        let lines = with_target(&target, lines);
        let result = request(&filter, &lines);
        let expected = Plain::new(&lines, true).apply(&operations);
        prop_assert_eq!(by_name(&result), by_name(&expected));
    }

    #[test]
    fn responses_match_the_model(
        operations in operations(FIXED, CONDITIONS.len()),
        mut lines in lines(),
    ) {
        let Some(filter) = configured(&operations, "response") else { return Ok(()) };
        lines.push((":status".into(), b"200".to_vec()));
        let result = response(&filter, &lines);
        let expected = Plain::new(&lines, false).apply(&operations);
        prop_assert_eq!(by_name(&result), by_name(&expected));
    }

    /// See "Applying the filter twice" in the guide for the conditions.
    #[test]
    fn filter_is_idempotent(
        mut operations in operations(FIXED, 1),
        target in target(),
        lines in lines(),
    ) {
        operations[4] = Operation::default();
        // No other rule names the headers of a rename.
        let folded = |name: &str| name.to_ascii_lowercase().replace('_', "-");
        let names = |entry: &String, rule: usize| -> Vec<String> {
            entry.split(':').take(if rule == 1 { 2 } else { 1 }).map(folded).collect()
        };
        let are_shared = |lists: [&[String]; 4]| {
            let all = lists.iter().enumerate().flat_map(|(rule, list)| {
                list.iter().enumerate().map(move |(i, entry)| (rule, i, names(entry, rule)))
            });
            let all: Vec<_> = all.collect();
            let is_same = |a: &String, b: &String| match b.strip_suffix('*') {
                Some(stem) => a.starts_with(stem),
                None => a == b,
            };
            all.iter().filter(|(rule, ..)| *rule == 1).any(|(rule, i, renamed)| {
                let others = all.iter().filter(|(r, j, _)| (r, j) != (rule, i));
                let mut others = others.flat_map(|(.., others)| others);
                others.any(|other| renamed.iter().any(|name| is_same(name, other)))
            })
        };
        let [remove, rename, replace, add, _] = &operations[..] else { panic!() };
        prop_assume!(!are_shared([&remove.0, &rename.0, &replace.0, &add.0]));
        prop_assume!(!are_shared([&remove.1, &rename.1, &replace.1, &add.1]));
        // No name gets two values.
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
        // A parameter that is removed and added moves to the end of the query.
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

/// All sets of rules for two names, on all messages with up to two lines of each.
#[test]
fn all_small_sets_match_the_model() {
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
        // The configuration may be rejected because a rule has no effect.
        let Some(filter) = configured(&chosen, "response") else { continue };
        for (a, b) in fields.iter().flat_map(|a| fields.iter().map(move |b| (a, b))) {
            let line = |name: &'static str| move |v: &&[u8]| (name.to_owned(), v.to_vec());
            let mut lines: Vec<Line> =
                a.iter().map(line("a")).chain(b.iter().map(line("b"))).collect();
            lines.push((":status".into(), b"200".to_vec()));
            let expected = Plain::new(&lines, false).apply(&chosen);
            assert_eq!(by_name(&response(&filter, &lines)), by_name(&expected), "{chosen:?}");
            compared += 1;
        }
    }
    assert!(compared > 5000, "{compared}");
}

/// The properties skip rejected configurations.
#[test]
fn accepts_enough_of_the_generated_rules() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let accepted = (0..500).filter(|_| {
        let operations = operations(VALUES.len(), CONDITIONS.len()).new_tree(&mut runner).unwrap();
        configured(&operations.current(), "request").is_some()
    });
    let accepted = accepted.count();
    assert!(accepted > 100, "{accepted} of 500");
}
