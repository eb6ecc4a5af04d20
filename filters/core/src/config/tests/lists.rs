//! Lists from which decoding leaves out an item.

use super::*;

#[test]
fn faults_after_a_left_out_item_have_the_index_as_written() {
    let json = br#"{"names": ["a", 7, "bad"], "keys": [{"name": 1}]}"#;
    let (config, mut errors) = decode::<Config>(json, &[], &TestHost::default()).unwrap();
    assert_eq!(config.names, ["a", "bad"]);
    errors.add("names[1]", "is bad");
    errors.add("names[0]", "is bad");
    errors.add("names", "is too short");
    errors.add("minute", "is bad");
    assert_eq!(
        errors.to_string(),
        "names[1]: expected a string, got 7; write it in quotes: \"7\"\n\
         keys[0].name: expected a string, got a number\n\
         names[2]: is bad\n\
         names[0]: is bad\n\
         minute: is bad"
    );
    // A left-out field does not shift the items of a list.
    let json = br#"{"keys": [{"name": "k", "color": 1}, {"name": "l", "bits": "x"}]}"#;
    let (_, mut errors) = decode::<Config>(json, &[], &TestHost::default()).unwrap();
    errors.add("keys[0].name", "is bad");
    errors.add("keys[1].name", "is bad");
    errors.add("keys[1].bits", "are bad");
    assert_eq!(
        errors.to_string(),
        "keys[0].color: unknown field; known fields: name, bits\n\
         keys[1].bits: expected a whole number from 0 to 4,294,967,295, got a string\n\
         keys[0].name: is bad\n\
         keys[1].name: is bad"
    );
}

#[test]
fn wrong_items_do_not_hide_the_faults_of_other_items() {
    let json = br#"{"names": [1, "ok", {}, 2], "keys": [7, {"name": "k", "bits": -1}, {"nam": "l"},
        "s3cret", {"name": "m", "color": "red"}]}"#;
    let (config, errors) = decode::<Config>(json, &[], &TestHost::default()).unwrap();
    let mut lines: Vec<&str> = errors.faults().iter().map(|fault| &*fault.path).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "keys[0]",
            "keys[1].bits",
            "keys[2].nam",
            "keys[2].name",
            "keys[3]",
            "keys[4].color",
            "names[0]",
            "names[2]",
            "names[3]",
        ]
    );
    assert_eq!(config.names, ["ok"]);
    assert_eq!(config.keys.0.iter().map(|key| &*key.name).collect::<Vec<_>>(), ["k", "m"]);
}

#[test]
fn faults_and_warnings_have_the_index_as_written() {
    let host = TestHost::default();
    let json = br#"{"keys": [7, {"name": "k"}, 8, {"name": "k"}]}"#;
    let (config, errors) = decode::<Config>(json, &[], &host).unwrap();
    assert_eq!(config.keys.0.len(), 2);
    let mut cx = BuildContext::new(&host, errors);
    cx.fault("keys[1].name", "is bad");
    cx.warn("keys[1].name", "is short");
    cx.warn("", "nothing is limited");
    let errors = cx.finish(()).unwrap_err();
    assert_eq!(
        errors.faults().last().map(ToString::to_string).as_deref(),
        Some("keys[3].name: is bad")
    );
    assert_eq!(*host.warnings.borrow(), ["keys[3].name: is short", "nothing is limited"]);
}

#[test]
fn faults_and_warnings_of_a_part_have_the_index_as_written() {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Chain {
        part: Config,
    }
    let host = TestHost::default();
    let json = br#"{"part": {"names": [1, "a", "b"], "keys": [[], {"name": "k"}]}}"#;
    let (_, errors) = decode::<Chain>(json, &[], &host).unwrap();
    let mut cx = BuildContext::new(&host, errors);
    cx.within("part", JwtAuthPlace::Elsewhere, |cx| {
        cx.warn("keys[0].name", "is short");
        cx.fault("names[0]", "is bad");
    });
    let errors = cx.finish(()).unwrap_err();
    assert_eq!(errors.faults().last().map(|fault| &*fault.path), Some("part.names[1]"));
    assert_eq!(*host.warnings.borrow(), ["part.keys[1].name: is short"]);
}
