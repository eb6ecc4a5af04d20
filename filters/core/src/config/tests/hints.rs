//! What faults say about foreign names, misplaced fields, bounds and durations.

use super::*;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    minute: Option<u32>,
    policy: Policy,
    refresh: u32,
    timeout_ms: u32,
    keys: Sensitive<Vec<Key>>,
    rules: Vec<Rule>,
    default: Rule,
    names: Vec<crate::Json>,
    values: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Policy {
    #[default]
    Local,
    Redis,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rule {
    cost: u32,
    redis: RedisAt,
    times: Option<Times>,
}

/// All fields are required. In the other objects they are optional.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Times {
    start: u32,
    end: u32,
    #[serde(default)]
    values: Vec<crate::Json>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RedisAt {
    uri: String,
}

const HINTS: &[(&str, FieldHints)] = &[(
    "",
    FieldHints {
        foreign_names: &[
            ("requests_per_unit rate", "use minute: 100"),
            ("policy=cluster", r#"use "redis""#),
        ],
        numbers: &[
            NumberField { names: "minute cost", min: 1, max: 5_000, unit: NumberUnit::Count },
            NumberField { names: "refresh", min: 1, max: 86_400, unit: NumberUnit::Seconds },
            NumberField {
                names: "timeout_ms",
                min: 0,
                max: u32::MAX,
                unit: NumberUnit::Milliseconds,
            },
        ],
        lists: &[
            ListField { names: "keys", entry: ListEntry::Object(r#"{"name": "k"}"#) },
            ListField { names: "rules", entry: ListEntry::Object(r#"{"cost": 1}"#) },
            ListField {
                names: "names",
                entry: ListEntry::TextOrObject(r#"{"name": "x", "scheme": "y"}"#),
            },
            ListField { names: "times.values", entry: ListEntry::Scalar },
        ],
    },
)];

fn faults(json: &str) -> String {
    match decode::<Limits>(json.as_bytes(), HINTS, &TestHost::default()) {
        Ok((_, errors)) | Err(errors) => errors.to_string(),
    }
}

#[test]
fn valid_configuration_has_no_faults() {
    let json = br#"{"default": {"times": {"start": 1, "end": 2}}}"#;
    let (limits, errors) = decode::<Limits>(json, HINTS, &TestHost::default()).unwrap();
    let times = limits.default.times.map(|times| (times.start, times.end, times.values.len()));
    assert_eq!((times, errors.to_string().as_str()), (Some((1, 2, 0)), ""));
}

#[test]
fn foreign_names_lead_to_the_field() {
    for name in ["requests_per_unit", "requestsPerUnit", "requests-per-unit", "rate"] {
        let fault = format!("{name}: unknown field; use minute: 100");
        assert_eq!(faults(&format!("{{\"{name}\": 1}}")), fault);
    }
    assert_eq!(
        faults(r#"{"rules": [{"rate": 1}]}"#),
        "rules[0].rate: unknown field; use minute: 100"
    );
    assert_eq!(
        faults(r#"{"policy": "cluster"}"#),
        r#"policy: expected one of local, redis, got "cluster"; use "redis""#
    );
}

#[test]
fn misplaced_fields_lead_to_their_object() {
    for (json, fault) in [
        (r#"{"bits": 1}"#, "bits: unknown field; it belongs in keys[]"),
        (r#"{"uri": ""}"#, "uri: unknown field; it belongs in default.redis"),
        (r#"{"End": 1}"#, "End: unknown field; use end in default.times"),
        (r#"{"end": 1}"#, "end: unknown field; it belongs in default.times"),
        (
            r#"{"rules": [{}, {"uri": ""}]}"#,
            "rules[1].uri: unknown field; it belongs in rules[].redis",
        ),
        (
            r#"{"rules": [{"minute": 1}]}"#,
            "rules[0].minute: unknown field; it belongs at the top level",
        ),
        (
            r#"{"rules": [{"redis": {"start": 1}}]}"#,
            "rules[0].redis.start: unknown field; it belongs in rules[].times",
        ),
    ] {
        assert_eq!(faults(json), fault);
    }
}

#[test]
fn fields_of_other_parts_lead_to_the_part() {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Chain {
        limits: Limits,
        key: Option<Key>,
    }
    let hints = HINTS.iter().map(|(_, hints)| ("limits", *hints)).collect::<Vec<_>>();
    let host = TestHost::default();
    let faults = |json: &str| match decode::<Chain>(json.as_bytes(), &hints, &host) {
        Ok((_, errors)) | Err(errors) => errors.to_string(),
    };
    assert_eq!(faults(r#"{"minute": 1}"#), "minute: unknown field; it belongs in limits");
    assert_eq!(
        faults(r#"{"key": {"name": "k", "minute": 1}}"#),
        "key.minute: unknown field; it belongs in limits"
    );
    assert_eq!(
        faults(r#"{"key": {"name": "k", "rate": 1}}"#),
        "key.rate: unknown field; in limits, use minute: 100"
    );
    assert_eq!(
        faults(r#"{"limits": {"minute": "many", "rate": 1}}"#),
        "limits.rate: unknown field; use minute: 100\n\
         limits.minute: expected a whole number from 1 to 5,000, got \"many\""
    );
}

#[test]
fn known_fields_are_listed_once_for_each_object_type() {
    assert_eq!(
        faults(r#"{"aaaa": 1, "bbbb": 1, "rules": [{"cccc": 1}, {"cccc": 1}]}"#),
        "aaaa: unknown field; known fields: minute, policy, refresh, timeout_ms, keys, rules, default, names, values\n\
         bbbb: unknown field; known fields: see aaaa\n\
         rules[0].cccc: unknown field; known fields: cost, redis, times\n\
         rules[1].cccc: unknown field; known fields: see rules[0].cccc"
    );
}

#[test]
fn numbers_have_bounds_and_units() {
    let seconds = "refresh: expected a whole number of seconds from 1 to 86,400, got";
    let milliseconds =
        "timeout_ms: expected a whole number of milliseconds from 0 to 4,294,967,295, got";
    let minute = "minute: expected a whole number from 1 to 5,000, got";
    for (json, fault) in [
        (r#"{"refresh": "5m"}"#, format!(r#"{seconds} "5m"; write 300"#)),
        (r#"{"refresh": "1h30m"}"#, format!(r#"{seconds} "1h30m"; write 5400"#)),
        (r#"{"refresh": "250ms"}"#, format!(r#"{seconds} "250ms""#)),
        (r#"{"refresh": "60"}"#, format!(r#"{seconds} "60"; write 60 without quotes"#)),
        (r#"{"refresh": 0.5}"#, format!("{seconds} 0.5")),
        (r#"{"refresh": 5000000000}"#, format!("{seconds} 5000000000")),
        (r#"{"timeout_ms": "2s"}"#, format!(r#"{milliseconds} "2s"; write 2000"#)),
        (r#"{"minute": "5m"}"#, format!(r#"{minute} "5m""#)),
        (
            r#"{"rules": [{"cost": -1}]}"#,
            "rules[0].cost: expected a whole number from 1 to 5,000, got -1".to_owned(),
        ),
    ] {
        assert_eq!(faults(json), fault, "{json}");
    }
}

#[test]
fn lists_lead_to_the_form_of_their_entries() {
    for (json, fault) in [
        (r#"{"rules": "/x"}"#, r#"rules: expected a list, got "/x"; write [{"cost": 1}]"#),
        (
            r#"{"rules": {"cost": 2}}"#,
            r#"rules: expected a list, got an object; write [{"cost": 1}]"#,
        ),
        (r#"{"rules": 5}"#, r#"rules: expected a list, got 5; write [{"cost": 1}]"#),
        (
            r#"{"rules": ["/x"]}"#,
            r#"rules[0]: expected an object, got a string; write {"cost": 1}"#,
        ),
        (r#"{"keys": "s3cret"}"#, r#"keys: expected a list, got a string; write [{"name": "k"}]"#),
        (r#"{"keys": [53]}"#, r#"keys[0]: expected an object, got a number; write {"name": "k"}"#),
        (r#"{"names": "x"}"#, r#"names: expected a list, got "x"; write ["x"]"#),
        (
            r#"{"names": {"name": "x"}}"#,
            r#"names: expected a list, got an object; write [{"name": "x", "scheme": "y"}]"#,
        ),
        // The same name in two objects.
        (r#"{"values": 5}"#, r#"values: expected a list, got 5; write ["5"]"#),
        (
            r#"{"default": {"times": {"start": 1, "end": 2, "values": 5}}}"#,
            "default.times.values: expected a list, got 5; write [5]",
        ),
        (
            r#"{"default": {"times": {"start": 1, "end": 2, "values": true}}}"#,
            "default.times.values: expected a list, got true; write [true]",
        ),
    ] {
        assert_eq!(faults(json), fault, "{json}");
    }
}

#[test]
fn a_url_as_a_name_or_number_is_not_quoted() {
    let fault = faults(r#"{"refresh": "https://user:s3cret@a.example"}"#);
    assert!(fault.ends_with("got a URL"), "{fault}");
}
