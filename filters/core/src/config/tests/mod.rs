//! Decoding, and the texts of faults.

mod hints;
mod lists;
mod shapes;

use serde::Deserialize;

use super::*;
use crate::testing::TestHost;

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Config {
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

fn read(json: &str) -> (Option<Config>, String) {
    read_on(json, &TestHost::default())
}

fn read_on(json: &str, host: &TestHost) -> (Option<Config>, String) {
    match decode(json.as_bytes(), &[], host) {
        Ok((config, errors)) => (Some(config), errors.to_string()),
        Err(errors) => (None, errors.to_string()),
    }
}

#[test]
fn accepts_empty_object_as_empty_list() {
    let (config, errors) = read(r#"{"names": {}, "keys": {}}"#);
    assert_eq!((config, errors.as_str()), (Some(Config::default()), ""));
    let (_, errors) = read(r#"{"names": {"a": 1}}"#);
    assert!(errors.starts_with("names: "), "{errors}");
    let (_, errors) = read(r#"{"minute": {}}"#);
    assert!(errors.starts_with("minute: "), "{errors}");
}

#[test]
fn decodes_valid_configuration() {
    let (config, errors) = read(
        r#"{"minute": 5.0, "limit_by": "header", "names": ["a"], "keys": [{"name": "k", "bits": 8}],
            "flag": false}"#,
    );
    assert_eq!(errors, "");
    let key = Key { name: "k".into(), bits: 8 };
    assert_eq!(
        config,
        Some(Config {
            minute: Some(5),
            limit_by: LimitBy::Header,
            names: vec!["a".into()],
            keys: Sensitive(vec![key]),
            flag: false,
        })
    );
    assert_eq!(read(" ").0, Some(Config::default()));
}

#[test]
fn finds_all_faults_at_once() {
    let (config, errors) = read(
        r#"{"minut": 5, "minute": "many", "limit_by": "heder", "names": ["a", 7, {}, "b"],
            "keys": [{"bits": 8}, {"name": "k", "bits": -1, "color": 1}], "flag": "yes", "zz": 1}"#,
    );
    let mut lines: Vec<&str> = errors.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "flag: expected true or false, got \"yes\"",
            "keys[0].name: is required",
            "keys[1].bits: expected a whole number from 0 to 4,294,967,295, got a number",
            "keys[1].color: unknown field; known fields: name, bits",
            "limit_by: expected one of ip, header, got \"heder\"; did you mean \"header\"?",
            "minut: unknown field; did you mean \"minute\"?",
            "minute: expected a whole number from 0 to 4,294,967,295, got \"many\"",
            "names[1]: expected a string, got 7; write it in quotes: \"7\"",
            "names[2]: expected a string, got an object; write a single string, such as \"…\"",
            "zz: unknown field; known fields: minute, limit_by, names, keys, flag",
        ]
    );
    let config = config.unwrap();
    assert_eq!(config.names, ["a", "b"]);
    assert_eq!(config.keys.0, [Key { name: "k".into(), bits: 0 }]);
}

#[test]
fn rejects_null_fields_and_items() {
    let (config, errors) = read(r#"{"names": null, "minute": 1, "zz": null, "keys": [null]}"#);
    let mut lines: Vec<&str> = errors.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "keys[0]: expected an object, got null; write {\"name\": …}",
            "names: expected a value, got null; remove the field to get its default",
            "zz: expected a value, got null; remove the field to get its default"
        ]
    );
    assert_eq!(config.unwrap().minute, Some(1));
}

#[test]
fn does_not_quote_values_of_sensitive_parts() {
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
fn rejects_other_values_than_objects() {
    let form = "; write {\"minute\": …}";
    assert_eq!(read("[1]").1, format!("configuration: expected an object, got a list{form}"));
    assert_eq!(read("null").1, format!("configuration: expected an object, got null{form}"));
    assert_eq!(
        read("{").1,
        "configuration: is not JSON: EOF while parsing an object at line 1 column 1"
    );
    assert!(read(r#"{"minute": 1, "minute": 2}"#).1.contains("occurs twice"));
}

#[test]
fn omits_follow_up_faults_of_the_meaning() {
    let (_, mut errors) =
        decode::<Config>(br#"{"minute": "many"}"#, &[], &TestHost::default()).unwrap();
    errors.add("minute", "is needed");
    errors.add("", "needs a limit");
    errors.add("names", "is empty");
    errors.add("names", "is too short");
    assert_eq!(
        errors.to_string(),
        "minute: expected a whole number from 0 to 4,294,967,295, got \"many\"\nnames: is empty\nnames: is too short"
    );
}

#[test]
fn nulls_are_kept_in_parts_decoded_as_json() {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Outer {
        part: Option<crate::Json>,
    }
    let config = br#"{"part": {"a": null, "b": [null]}}"#;
    let (outer, errors) = decode::<Outer>(config, &[], &TestHost::default()).unwrap();
    assert_eq!(errors.to_string(), "");
    assert_eq!(outer.part.unwrap().to_string(), r#"{"a":null,"b":[null]}"#);
}

#[test]
fn decodes_values_passed_as_text_if_the_host_does_so() {
    let text = r#"{"minute": "5", "flag": "true", "names": ["5", "true"], "limit_by": "header",
        "keys": [{"name": "1", "bits": "8.000000"}]}"#;
    let host = TestHost { values_are_text: true, ..TestHost::default() };
    let (config, errors) = read_on(text, &host);
    assert_eq!(errors, "");
    let key = Key { name: "1".into(), bits: 8 };
    assert_eq!(
        config,
        Some(Config {
            minute: Some(5),
            limit_by: LimitBy::Header,
            names: vec!["5".into(), "true".into()],
            keys: Sensitive(vec![key]),
            flag: true,
        })
    );
    let (_, errors) = read(text);
    assert_eq!(errors.lines().count(), 3, "{errors}");
}

#[test]
fn rejects_text_that_does_not_look_like_the_value() {
    let host = TestHost { values_are_text: true, ..TestHost::default() };
    let (config, errors) = read_on(r#"{"names": "", "keys": "", "flag": "false"}"#, &host);
    assert_eq!((config, errors.as_str()), (Some(Config::default()), ""));
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

#[test]
fn numbers_out_of_range_get_the_range() {
    assert_eq!(read(r#"{"minute": 4294967295}"#).1, "");
    let (_, errors) = read(r#"{"minute": 4294967296}"#);
    assert_eq!(errors, "minute: expected a whole number from 0 to 4,294,967,295, got 4294967296");
    let (_, errors) = read(r#"{"minute": -1}"#);
    assert_eq!(errors, "minute: expected a whole number from 0 to 4,294,967,295, got -1");
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Positive {
        cost: Option<std::num::NonZeroU32>,
    }
    for value in ["0", "\"many\""] {
        let json = format!("{{\"cost\": {value}}}");
        let (positive, errors) =
            decode::<Positive>(json.as_bytes(), &[], &TestHost::default()).unwrap();
        assert_eq!(positive.cost, None);
        let expected =
            format!("cost: expected a whole number from 1 to 4,294,967,295, got {value}");
        assert_eq!(errors.to_string(), expected);
    }
}
