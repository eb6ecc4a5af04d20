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
        assert!(faults.contains("a number or boolean that the proxy passed as text"), "{faults}");
    }
    for test in [r#""equals": "five""#, r#""one_of": ["a", "True"]"#, r#""matches": "5""#] {
        assert_eq!(config(test), Ok(()), "{test}");
    }
}

/// The faults and warnings of a test of a required claim, as Envoy's YAML reader passes it.
fn guessed(test: &str) -> (String, Vec<String>) {
    let config = format!(
        r#"{{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}],
             "required_claims": [{{"claim": "a", {test}}}]}}"#
    );
    let host = TestHost { guesses_types: true, ..host() };
    let faults = JwtAuth::from_json(config.as_bytes(), &host).err();
    (faults.map(|faults| faults.to_string()).unwrap_or_default(), host.warnings.take())
}

#[test]
fn refuses_text_that_was_a_number() {
    let numbers = "1.5 -1.5 +1.5 .5 5. 5.0 1e3 1E+3 -1.5e-3 1_000 1_000.5 9007199254740991 \
                   -9007199254740991 99999999999999999999999";
    for number in numbers.split(' ') {
        for test in [format!(r#""equals": "{number}""#), format!(r#""one_of": ["a", "{number}"]"#)]
        {
            let (faults, _) = guessed(&test);
            assert!(faults.contains(&format!("{number:?} is ambiguous")), "{test}: {faults}");
        }
    }
    let texts = "five,5,007,1.2.3,.,-,+,e,e3,1e,1e+,_,1.5x,2026-11-29,0x1F,9007199254740990,1.5 ,,\
                 no,true";
    for text in texts.split(',') {
        let test = format!(r#""equals": "{text}""#);
        assert_eq!(guessed(&test), Default::default(), "{test}");
    }
    assert_eq!(guessed(r#""equals": 1.5"#), Default::default(), "from a control plane");
    assert_eq!(guessed(r#""matches": "1\\.5""#), Default::default());
}

#[test]
fn refuses_booleans_that_may_have_been_text() {
    for test in [r#""one_of": [false]"#, r#""one_of": [false, "se"]"#, r#""contains": true"#] {
        let (faults, _) = guessed(test);
        assert!(faults.contains("is ambiguous: the proxy's YAML reads"), "{test}: {faults}");
    }
    assert_eq!(guessed(r#""one_of": [true, "true"]"#), Default::default());
    let warning = "required_claims[0].equals: is the boolean false; the proxy's YAML reads n, no \
                   and off as false too: write strings in quotes";
    assert_eq!(guessed(r#""equals": false"#), (String::new(), vec![warning.to_owned()]));
}
