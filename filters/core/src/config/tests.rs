use serde::Deserialize;

use super::*;
use crate::testing::TestHost;

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Wire {
    minute: Option<u32>,
    limit_by: LimitBy,
    names: Vec<String>,
    keys: Sensitive<Vec<Key>>,
    flag: bool,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum LimitBy {
    #[default]
    Ip,
    Header,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    #[serde(default)]
    bits: u32,
}

fn read(json: &str) -> (Option<Wire>, String) {
    read_on(json, &TestHost::default())
}

fn read_on(json: &str, host: &TestHost) -> (Option<Wire>, String) {
    match decode(json.as_bytes(), host) {
        Ok((wire, errors)) => (Some(wire), errors.to_string()),
        Err(errors) => (None, errors.to_string()),
    }
}

#[test]
fn an_empty_object_is_an_empty_list() {
    let (wire, errors) = read(r#"{"names": {}, "keys": {}}"#);
    assert_eq!((wire, errors.as_str()), (Some(Wire::default()), ""));
    let (_, errors) = read(r#"{"names": {"a": 1}}"#);
    assert!(errors.starts_with("names: "), "{errors}");
    let (_, errors) = read(r#"{"minute": {}}"#);
    assert!(errors.starts_with("minute: "), "{errors}");
}

#[test]
fn a_right_configuration_is_read() {
    let (wire, errors) = read(
        r#"{"minute": 5.0, "limit_by": "header", "names": ["a"], "keys": [{"name": "k", "bits": 8}],
            "flag": false}"#,
    );
    assert_eq!(errors, "");
    let key = Key { name: "k".into(), bits: 8 };
    assert_eq!(
        wire,
        Some(Wire {
            minute: Some(5),
            limit_by: LimitBy::Header,
            names: vec!["a".into()],
            keys: Sensitive(vec![key]),
            flag: false,
        })
    );
    assert_eq!(read(" ").0, Some(Wire::default()));
}

#[test]
fn all_faults_are_found_at_once() {
    let (wire, errors) = read(
        r#"{"minut": 5, "minute": "many", "limit_by": "heder", "names": ["a", 7, {}, "b"],
            "keys": [{"bits": 8}, {"name": "k", "bits": -1, "color": 1}], "flag": "yes", "zz": 1}"#,
    );
    let mut lines: Vec<&str> = errors.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "flag: must be true or false, not \"yes\"",
            "keys[0].name: is required",
            "keys[1].bits: must be a whole number from 0, not a number",
            "keys[1].color: is not a known field; known here: name, bits",
            "limit_by: must be one of ip, header, not \"heder\", did you mean \"header\"?",
            "minut: is not a known field, did you mean \"minute\"?",
            "minute: must be a whole number from 0, not \"many\"",
            "names[1]: must be a string, not 7",
            "names[2]: must be a string, not an object",
            "zz: is not a known field; known here: minute, limit_by, names, keys, flag",
        ]
    );
    let wire = wire.unwrap();
    assert_eq!(wire.names, ["a", "b"]);
    assert_eq!(wire.keys.0, [Key { name: "k".into(), bits: 0 }]);
}

#[test]
fn a_value_left_blank_is_not_a_default() {
    let (wire, errors) = read(r#"{"names": null, "minute": 1, "zz": null, "keys": [null]}"#);
    let mut lines: Vec<&str> = errors.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "keys[0]: must be an object, not null",
            "names: is null: give it a value, or leave it out",
            "zz: is null: give it a value, or leave it out"
        ]
    );
    assert_eq!(wire.unwrap().minute, Some(1));
}

#[test]
fn secrets_are_not_quoted() {
    for json in [
        r#"{"keys": "s3cret"}"#,
        r#"{"keys": ["s3cret"]}"#,
        r#"{"keys": [{"name": "k", "bits": "s3cret"}]}"#,
        r#"{"keys": {"name": "s3cret"}}"#,
        r#"{"keys": 53}"#,
    ] {
        let (_, errors) = read(json);
        assert!(errors.starts_with("keys"), "{errors}");
        assert!(!errors.contains("s3cret") && !errors.contains("53"), "{errors}");
    }
}

#[test]
fn what_is_no_object_is_refused() {
    assert_eq!(read("[1]").1, "configuration: must be an object, not a list");
    assert_eq!(read("null").1, "configuration: must be an object, not null");
    assert_eq!(
        read("{").1,
        "configuration: is not JSON: EOF while parsing an object at line 1 column 1"
    );
    assert!(read(r#"{"minute": 1, "minute": 2}"#).1.contains("occurs twice"));
}

#[test]
fn checks_of_the_meaning_do_not_repeat_faults_of_the_form() {
    let (_, mut errors) = decode::<Wire>(br#"{"minute": "many"}"#, &TestHost::default()).unwrap();
    errors.add("minute", "is needed");
    errors.add("", "needs a limit");
    errors.add("names", "is empty");
    errors.add("names", "is too short");
    assert_eq!(
        errors.to_string(),
        "minute: must be a whole number from 0, not \"many\"\nnames: is empty\nnames: is too short"
    );
}

#[test]
fn faults_behind_a_left_out_item_keep_the_index_as_written() {
    let json = br#"{"names": ["a", 7, "bad"], "keys": [{"name": 1}]}"#;
    let (wire, mut errors) = decode::<Wire>(json, &TestHost::default()).unwrap();
    assert_eq!(wire.names, ["a", "bad"]);
    errors.add("names[1]", "is bad");
    errors.add("names[0]", "is bad");
    errors.add("names", "is too short");
    errors.add("minute", "is bad");
    assert_eq!(
        errors.to_string(),
        "names[1]: must be a string, not 7\n\
         keys[0].name: must be a string, not a number\n\
         names[2]: is bad\n\
         names[0]: is bad\n\
         minute: is bad"
    );
    // A field that is left out moves nothing.
    let json = br#"{"keys": [{"name": "k", "color": 1}, {"name": "l", "bits": "x"}]}"#;
    let (_, mut errors) = decode::<Wire>(json, &TestHost::default()).unwrap();
    errors.add("keys[0].name", "is bad");
    errors.add("keys[1].name", "is bad");
    errors.add("keys[1].bits", "are bad");
    assert_eq!(
        errors.to_string(),
        "keys[0].color: is not a known field; known here: name, bits\n\
         keys[1].bits: must be a whole number from 0, not this string\n\
         keys[0].name: is bad\n\
         keys[1].name: is bad"
    );
}

#[test]
fn a_part_read_as_json_keeps_its_nulls() {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Outer {
        part: Option<crate::Json>,
    }
    let config = br#"{"part": {"a": null, "b": [null]}}"#;
    let (outer, errors) = decode::<Outer>(config, &TestHost::default()).unwrap();
    assert_eq!(errors.to_string(), "");
    assert_eq!(outer.part.unwrap().to_string(), r#"{"a":null,"b":[null]}"#);
}

#[test]
fn values_may_be_text_where_the_host_says_so() {
    let config = r#"{"minute": "5", "flag": "true", "names": ["5", "true"], "limit_by": "header",
        "keys": [{"name": "1", "bits": "8.000000"}]}"#;
    let host = TestHost { values_are_text: true, ..TestHost::default() };
    let (wire, errors) = read_on(config, &host);
    assert_eq!(errors, "");
    let key = Key { name: "1".into(), bits: 8 };
    assert_eq!(
        wire,
        Some(Wire {
            minute: Some(5),
            limit_by: LimitBy::Header,
            names: vec!["5".into(), "true".into()],
            keys: Sensitive(vec![key]),
            flag: true,
        })
    );
    let (_, errors) = read(config);
    assert_eq!(errors.lines().count(), 3, "{errors}");
}

#[test]
fn text_is_a_value_only_if_it_looks_like_one() {
    let host = TestHost { values_are_text: true, ..TestHost::default() };
    let (wire, errors) = read_on(r#"{"names": "", "keys": "", "flag": "false"}"#, &host);
    assert_eq!((wire, errors.as_str()), (Some(Wire::default()), ""));
    for config in [
        r#"{"minute": "many"}"#,
        r#"{"minute": ""}"#,
        r#"{"minute": "-1"}"#,
        r#"{"minute": "1.5"}"#,
        r#"{"minute": "true"}"#,
        r#"{"flag": "yes"}"#,
        r#"{"flag": "1"}"#,
        r#"{"flag": ""}"#,
        r#"{"names": "a"}"#,
        r#"{"keys": "[]"}"#,
        r#"{"minut": ""}"#,
    ] {
        let (_, errors) = read_on(config, &host);
        assert_eq!(errors.lines().count(), 1, "{config}: {errors}");
    }
}
