use std::{collections::HashMap, mem};

use novasphere_core::{
    Edit, Headers, Policy, Read, RequestHead, ResponseHead, Step, testing::World,
};

use crate::HeaderTransform;

type Lines<'a> = &'a [(&'a str, &'a [u8])];

fn configured(config: &str) -> HeaderTransform {
    HeaderTransform::configure(config.as_bytes(), &World::default()).unwrap()
}

/// A filter with these rules for responses.
fn rules(rules: &str) -> HeaderTransform {
    configured(&format!("{{\"response\": {rules}}}"))
}

fn headers<'a>(lines: Lines<'a>) -> Headers<'a> {
    Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), *v)))
}

fn edits<'p>(filter: &'p HeaderTransform, lines: Lines<'_>) -> Vec<Edit<'p>> {
    filter.on_response((), &ResponseHead { headers: headers(lines) })
}

/// What becomes of a response.
fn transformed(config: &str, lines: Lines<'_>) -> Vec<String> {
    let filter = rules(config);
    let mut result = headers(lines);
    result.apply(edits(&filter, lines));
    result.lines().map(|(n, v)| format!("{}: {}", n.escape_ascii(), v.escape_ascii())).collect()
}

#[test]
fn remove_takes_all_lines() {
    let config = r#"{"remove": {"headers": ["X-A"]}}"#;
    assert_eq!(transformed(config, &[("x-a", b"1"), ("x-b", b"2"), ("X-a", b"3")]), ["x-b: 2"]);
    assert_eq!(transformed(config, &[("x-b", b"2")]), ["x-b: 2"]);
}

#[test]
fn rename_moves_all_lines_and_overwrites() {
    let config = r#"{"rename": {"headers": ["X-A:X-B"]}}"#;
    assert_eq!(
        transformed(config, &[("x-a", b"1"), ("x-b", b"2"), ("X-A", b"\xe9")]),
        ["x-b: 1", r"x-b: \xe9"]
    );
    assert_eq!(transformed(config, &[("x-b", b"2")]), ["x-b: 2"]);
    assert_eq!(transformed(config, &[("x-a", b"")]), ["x-b: "]);
}

#[test]
fn rename_to_itself_keeps_the_header() {
    let config = r#"{"rename": {"headers": ["x-a:X-A"]}}"#;
    assert_eq!(edits(&rules(config), &[("x-a", b"1"), ("x-a", b"2")]), []);
}

#[test]
fn renames_follow_one_another() {
    let chain = r#"{"rename": {"headers": ["a:b", "b:c"]}}"#;
    assert_eq!(transformed(chain, &[("a", b"1"), ("b", b"2")]), ["c: 1"]);
    let there_and_back = r#"{"rename": {"headers": ["a:b", "b:a"]}}"#;
    assert_eq!(transformed(there_and_back, &[("a", b"1"), ("b", b"2")]), ["a: 1"]);
    assert_eq!(transformed(there_and_back, &[("b", b"2")]), ["a: 2"]);
    let merge = r#"{"rename": {"headers": ["a:c", "b:c"]}}"#;
    assert_eq!(transformed(merge, &[("a", b"1"), ("b", b"2")]), ["c: 2"]);
    assert_eq!(transformed(merge, &[("a", b"1")]), ["c: 1"]);
}

#[test]
fn what_may_not_be_sent_is_not_moved() {
    let config = r#"{"rename": {"headers": ["a:b"]}}"#;
    assert_eq!(transformed(config, &[("a", b"1\r\nx: y"), ("a", b"2")]), ["b: 2"]);
    assert_eq!(transformed(config, &[("a", b"1\0"), ("b", b"2")]), ["b: 2"]);
}

#[test]
fn replace_makes_one_line_of_those_present() {
    let config = r#"{"replace": {"headers": ["X-A: new"]}}"#;
    assert_eq!(transformed(config, &[("x-a", b"1"), ("x-a", b"2")]), ["x-a: new"]);
    assert_eq!(transformed(config, &[("x-a", b"")]), ["x-a: new"]);
    assert_eq!(transformed(config, &[]), [""; 0]);
    assert_eq!(edits(&rules(config), &[("x-a", b"new")]), []);
}

#[test]
fn add_needs_absence_and_an_empty_line_is_present() {
    let config = r#"{"add": {"headers": ["X-A:v"]}}"#;
    assert_eq!(transformed(config, &[]), ["x-a: v"]);
    assert_eq!(transformed(config, &[("x-A", b"1")]), ["x-A: 1"]);
    assert_eq!(transformed(config, &[("x-a", b"")]), ["x-a: "]);
}

#[test]
fn append_adds_lines_in_order() {
    let config = r#"{"append": {"headers": ["X-A:1", "x-a:2", "x-a:1"]}}"#;
    assert_eq!(transformed(config, &[("x-a", b"0")]), ["x-a: 0", "x-a: 1", "x-a: 2", "x-a: 1"]);
    assert_eq!(transformed(config, &[]), ["x-a: 1", "x-a: 2", "x-a: 1"]);
}

#[test]
fn set_cookie_lines_stay_apart() {
    let cookies: Lines<'_> = &[("set-cookie", b"a=1, b"), ("set-cookie", b"c=2")];
    assert_eq!(
        transformed(r#"{"append": {"headers": ["Set-Cookie:d=3"]}}"#, cookies),
        ["set-cookie: a=1, b", "set-cookie: c=2", "set-cookie: d=3"]
    );
    assert_eq!(
        transformed(r#"{"rename": {"headers": ["Set-Cookie:X-Set-Cookie"]}}"#, cookies),
        ["x-set-cookie: a=1, b", "x-set-cookie: c=2"]
    );
}

#[test]
fn presence_is_judged_on_what_earlier_rules_left() {
    let set = r#"{"remove": {"headers": ["a"]}, "add": {"headers": ["a:new"]}}"#;
    assert_eq!(transformed(set, &[("a", b"1"), ("a", b"2")]), ["a: new"]);
    assert_eq!(transformed(set, &[]), ["a: new"]);
    let all = r#"{"remove": {"headers": ["a"]}, "rename": {"headers": ["b:a"]},
        "replace": {"headers": ["a:r"]}, "add": {"headers": ["a:d", "b:d"]},
        "append": {"headers": ["a:p"]}}"#;
    assert_eq!(transformed(all, &[("a", b"1"), ("b", b"2")]), ["a: r", "a: p", "b: d"]);
    assert_eq!(transformed(all, &[("a", b"1")]), ["a: d", "a: p", "b: d"]);
}

#[test]
fn a_value_is_what_follows_the_first_colon() {
    let config = r#"{"add": {"headers": ["a: http://x:80/ ", "b:\u00e9"]}}"#;
    assert_eq!(transformed(config, &[]), ["a: http://x:80/", r"b: \xc3\xa9"]);
}

#[test]
fn only_needed_edits_are_made() {
    let count = |config: &str, lines: Lines<'_>| edits(&rules(config), lines).len();
    let config = r#"{"remove": {"headers": ["a"]}, "add": {"headers": ["b:1"]}}"#;
    assert_eq!(count(config, &[("b", b"2")]), 0);
    assert_eq!(count(config, &[("a", b"1")]), 2);
    assert_eq!(count(r#"{"rename": {"headers": ["a:b"]}}"#, &[("b", b"2")]), 0);
    let same = r#"{"remove": {"headers": ["a"]}, "append": {"headers": ["a:1", "b:1"]},
        "add": {"headers": ["a:1"]}}"#;
    assert_eq!(count(same, &[("a", b"1"), ("a", b"1")]), 1);
}

#[test]
fn requests_and_responses_have_rules_of_their_own() {
    let filter = configured(
        r#"{"request": {"add": {"headers": ["X-Forwarded-By:novasphere"]}},
            "response": {"remove": {"headers": ["Server"]}}}"#,
    );
    let step = filter.on_request(&RequestHead::default(), &mut (), &World::default().env());
    let Step::Continue { edits: made, decision, .. } = step else { panic!("answered") };
    assert!(matches!(&*made, [Edit::Add(name, value)]
        if name.as_str() == "x-forwarded-by" && **value == *b"novasphere"));
    assert!(HeaderTransform::DECISIONS.contains(&decision));
    let response = edits(&filter, &[]);
    assert!(matches!(&*response, [Edit::Remove(name)] if name.as_str() == "server"));
}

#[test]
fn only_what_depends_on_a_message_reads_it() {
    let needs = |request: &str, response: &str| {
        let filter = configured(&format!(r#"{{"request": {request}, "response": {response}}}"#));
        let looks = |read| match read {
            Read::Nothing => false,
            Read::Named(_) | Read::Whole => true,
        };
        (looks(filter.needs().request), looks(filter.needs().response))
    };
    let unseen = r#"{"remove": {"headers": ["a"]}, "append": {"headers": ["a:1", "b:1"]}}"#;
    assert_eq!(needs(unseen, "{}"), (false, false));
    for seen in ["rename", "replace", "add"] {
        let seen = format!(r#"{{"{seen}": {{"headers": ["a:b"]}}}}"#);
        assert_eq!(needs(&seen, unseen), (true, false));
        assert_eq!(needs("{}", &seen), (false, true));
    }
}

/// Unread messages are transformed as read ones are.
#[test]
fn rules_that_do_not_look_are_right_for_every_message() {
    let config = r#"{"remove": {"headers": ["a", "b"]}, "append": {"headers": ["a:1", "a:2"]}}"#;
    for lines in [&[][..], &[("a", &b"0"[..]), ("c", b"3")], &[("b", b"0"), ("a", b"1")]] {
        let filter = rules(config);
        let (mut read, mut unread) = (headers(lines), headers(lines));
        read.apply(edits(&filter, lines));
        unread.apply(edits(&filter, &[]));
        assert!(read.lines().eq(unread.lines()));
    }
}

/// Every set of rules about two names, on every message with up to two lines of each, against the
/// rules carried out one by one on a plain list.
#[test]
fn edits_amount_to_the_rules_carried_out_one_by_one() {
    let choices: [(&str, &[&[&str]]); 5] = [
        ("remove", &[&[], &["a"], &["b"], &["a", "b"]]),
        ("rename", &[&[], &["a:b"], &["b:a"], &["a:b", "b:a"], &["b:a", "a:c"]]),
        ("replace", &[&[], &["a:1"], &["a:9"], &["b:1"]]),
        ("add", &[&[], &["a:1"], &["b:8", "a:8"]]),
        ("append", &[&[], &["a:1"], &["a:7", "a:1"], &["b:1"]]),
    ];
    let fields: [&[&[u8]]; 4] = [&[], &[b"1"], &[b""], &[b"1", b"2"]];
    let total: usize = choices.iter().map(|(_, entries)| entries.len()).product();
    let mut compared = 0;
    for number in 0..total {
        let mut rest = number;
        let chosen: Vec<(&str, &[&str])> = choices
            .iter()
            .map(|(rule, entries)| {
                let entry = entries[rest % entries.len()];
                rest /= entries.len();
                (*rule, entry)
            })
            .collect();
        let members = chosen.iter().map(|(rule, e)| format!(r#""{rule}": {{"headers": {e:?}}}"#));
        let config = format!(r#"{{"response": {{{}}}}}"#, members.collect::<Vec<_>>().join(", "));
        // Some are refused since a rule has no effect.
        let Ok(filter) = HeaderTransform::configure(config.as_bytes(), &World::default()) else {
            continue;
        };
        for a in fields {
            for b in fields {
                let lines: Vec<(&str, &[u8])> =
                    a.iter().map(|v| ("a", *v)).chain(b.iter().map(|v| ("b", *v))).collect();
                let mut made = headers(&lines);
                made.apply(edits(&filter, &lines));
                let expected = one_by_one(&chosen, &lines);
                for name in ["a", "b", "c"] {
                    let values: Vec<&[u8]> = made.get_all(name).collect();
                    assert_eq!(values, expected[name], "{config} {lines:?} {name}");
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 5000, "{compared}");
}

fn one_by_one<'a>(
    rules: &[(&str, &'a [&'a str])],
    lines: &[(&'a str, &'a [u8])],
) -> HashMap<&'a str, Vec<&'a [u8]>> {
    let mut fields = HashMap::from([("a", vec![]), ("b", vec![]), ("c", vec![])]);
    for (name, value) in lines {
        fields.get_mut(name).unwrap().push(*value);
    }
    for (rule, entry) in rules.iter().flat_map(|(r, entries)| entries.iter().map(move |e| (*r, e)))
    {
        let (name, value) = entry.split_once(':').unwrap_or((entry, ""));
        let field = fields.get_mut(name).unwrap();
        match rule {
            "remove" => field.clear(),
            "rename" if !field.is_empty() => {
                let moved = mem::take(field);
                *fields.get_mut(value).unwrap() = moved;
            }
            "replace" if !field.is_empty() => *field = vec![value.as_bytes()],
            "add" if field.is_empty() => field.push(value.as_bytes()),
            "append" => field.push(value.as_bytes()),
            _ => {}
        }
    }
    fields
}

#[test]
fn values_do_not_leak_into_faults() {
    for config in [
        r#"{"request": {"add": "Authorization:s3cret"}}"#,
        r#"{"request": {"add": {"headers": "Authorization:s3cret"}}}"#,
        r#"{"request": {"add": {"headers": ["Authorization s3cret"]}}}"#,
        r#"{"request": {"add": {"headers": ["Authorization s3cret:x"]}}}"#,
        r#"{"request": {"add": {"headers": ["Authorization:s3cret\u0000"]}}}"#,
        r#"{"request": {"add": {"headers": ["Authorization:$(s3cret)"]}}}"#,
        r#"{"request": {"add": {"headers": ["Host:s3cret"]}}}"#,
        r#"{"request": {"replace": {"headers": ["a:s3cret", "a:s3cret"]}}}"#,
        r#"{"request": {"append": {"headers": {"Authorization": "s3cret"}}}}"#,
    ] {
        let faults = HeaderTransform::configure(config.as_bytes(), &World::default()).unwrap_err();
        assert!(!faults.to_string().contains("s3cret"), "{faults}");
    }
}
