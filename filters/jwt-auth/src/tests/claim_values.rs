//! Values of required claims on hosts that change the types of values.

use super::*;

#[test]
fn refuses_ambiguous_text_in_required_claims() {
    let host = TestHost { values_are_text: true, ..TestHost::default() };
    let config = |test: &str| {
        let config = format!(
            r#"{{"credentials": [{{"key": "k", "secret": "0123456789-0123456789-0123456789"}}],
                 "leeway": "5", "run_on_preflight": "false", "skip": "",
                 "required_claims": [{{"claim": "a", {test}}}]}}"#
        );
        JwtAuth::from_json(config.as_bytes(), &host).map(|_| ()).map_err(|e| e.to_string())
    };
    for test in [r#""equals": "5""#, r#""one_of": ["a", "true"]"#, r#""contains": "-1.5e3""#] {
        let faults = config(test).unwrap_err();
        assert!(faults.contains("a number or boolean that the proxy wrote as text"), "{faults}");
    }
    for test in [r#""equals": "five""#, r#""one_of": ["a", "True"]"#, r#""matches": "5""#] {
        assert_eq!(config(test), Ok(()), "{test}");
    }
}

/// As Envoy's YAML reader passes values.
#[test]
fn refuses_values_of_guessed_types_in_required_claims() {
    let config = |test: &str| {
        let config = format!(
            r#"{{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}],
                 "required_claims": [{{"claim": "a", {test}}}]}}"#
        );
        let host = TestHost { guesses_types: true, ..host() };
        let faults = JwtAuth::from_json(config.as_bytes(), &host).err();
        (faults.map(|faults| faults.to_string()), host.warnings.take())
    };
    for number in [
        "1.5",
        "-1.5",
        "+1.5",
        ".5",
        "5.",
        "5.0",
        "1e3",
        "1E+3",
        "-1.5e-3",
        "1_000",
        "1_000.5",
        "9007199254740991",
        "-9007199254740991",
        "99999999999999999999999",
    ] {
        for test in [format!(r#""equals": "{number}""#), format!(r#""one_of": ["a", "{number}"]"#)]
        {
            let (faults, _) = config(&test);
            let faults = faults.unwrap_or_default();
            assert!(faults.contains(&format!("{number:?} is ambiguous")), "{test}: {faults}");
        }
    }
    for text in [
        "five",
        "5",
        "007",
        "1.2.3",
        ".",
        "-",
        "+",
        "e",
        "e3",
        "1e",
        "1e+",
        "_",
        "1.5x",
        "2026-11-29",
        "0x1F",
        "9007199254740990",
        "1.5 ",
        "",
        "no",
        "true",
    ] {
        let test = format!(r#""equals": "{text}""#);
        assert_eq!(config(&test), (None, Vec::new()), "{test}");
    }
    assert_eq!(config(r#""equals": 1.5"#), (None, Vec::new()), "from a control plane");
    assert_eq!(config(r#""matches": "1\\.5""#), (None, Vec::new()));
    for test in [r#""one_of": [false]"#, r#""one_of": [false, "se"]"#, r#""contains": true"#] {
        let (faults, _) = config(test);
        let faults = faults.unwrap_or_default();
        assert!(faults.contains("is ambiguous: the proxy's YAML reads"), "{test}: {faults}");
    }
    assert_eq!(config(r#""one_of": [true, "true"]"#), (None, Vec::new()));
    let (faults, warnings) = config(r#""equals": false"#);
    assert_eq!(faults, None);
    assert_eq!(
        warnings,
        ["required_claims[0].equals: is the boolean false; the proxy's YAML reads n, no and off \
             as false too: write text in quotes"]
    );
}
