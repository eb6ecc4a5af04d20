use super::*;

#[test]
fn verifies_rfc_7515_example_a_1() {
    let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z\
                  9CAow";
    let config = format!(
        r#"{{"credentials": [{{"key": "joe", "secret": "{secret}"}}], "secret_is_base64": true}}"#
    );
    let filter = configure(&config).unwrap();
    let line = "Bearer eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEz\
                MDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K\
                27uhbUJU1p1r_wW1gFWFOEjXk";
    let at = |seconds: u64| {
        run_at(&filter, seconds * 1000, &[(b"authorization", line.as_bytes())]).reason
    };
    assert_eq!(at(1_300_819_379), "allowed");
    assert_eq!(at(1_300_819_380), "expired");
}

#[test]
fn key_verifies_only_its_own_algorithm() {
    for configured in ["HS256", "HS384", "HS512"] {
        let filter = configure(&format!(
            r#"{{"credentials": [{{"key": "k", "algorithm": "{configured}",
                                   "secret": {{"env": "SECRET"}}}}]}}"#
        ))
        .unwrap();
        for alg in ["HS256", "HS384", "HS512"] {
            let header = format!(r#"{{"alg": "{alg}"}}"#);
            let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 1);
            let expected = if alg == configured { "allowed" } else { "algorithm_not_allowed" };
            assert_eq!(reason(&filter, &signed(alg, &header, &claims)), expected, "{alg}");
            // Signed with the configured algorithm, but naming another.
            if alg != configured {
                let swapped = signed(configured, &header, &claims);
                assert_eq!(reason(&filter, &swapped), "algorithm_not_allowed");
                let header = format!(r#"{{"alg": "{configured}"}}"#);
                assert_eq!(reason(&filter, &signed(alg, &header, &claims)), "bad_signature");
            }
        }
    }
}

#[test]
fn refuses_crit_b64_and_unknown_algorithms() {
    let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 1);
    for (header, expected) in [
        (r#"{"alg": "HS256", "typ": "at+jwt", "jku": "https://evil.example"}"#, "allowed"),
        // Members that the filter does not use may have any value.
        (r#"{"alg": "HS256", "cty": "twilio-fpa;v=1"}"#, "allowed"),
        (r#"{"alg": "HS256", "x5t": "", "jku": null, "x5u": 1, "x5c": []}"#, "allowed"),
        // A `typ` must be a string, even if any is accepted.
        (r#"{"alg": "HS256", "typ": ""}"#, "allowed"),
        (r#"{"alg": "HS256", "typ": null}"#, "malformed_token"),
        (r#"{"alg": "HS256", "typ": 1}"#, "malformed_token"),
        (r#"{"alg": "HS256", "typ": ["JWT"]}"#, "malformed_token"),
        (r#"{"alg": "none"}"#, "algorithm_not_allowed"),
        (r#"{"alg": "None"}"#, "algorithm_not_allowed"),
        (r#"{"alg": "hs256"}"#, "algorithm_not_allowed"),
        (r#"{"alg": "RS256"}"#, "algorithm_not_allowed"),
        (r#"{"alg": ["HS256"]}"#, "algorithm_not_allowed"),
        (r#"{"alg": null}"#, "algorithm_not_allowed"),
        ("{}", "algorithm_not_allowed"),
        (r#"{"alg": "HS256", "crit": ["exp"]}"#, "critical_header"),
        (r#"{"alg": "HS256", "crit": []}"#, "critical_header"),
        (r#"{"alg": "HS256", "crit": null}"#, "critical_header"),
        (r#"{"alg": "HS256", "b64": true}"#, "critical_header"),
        (r#"{"alg": "HS256", "b64": false, "crit": ["b64"]}"#, "critical_header"),
        (r#"{"alg": "HS256", "alg": "HS256"}"#, "malformed_token"),
        (r#"{"alg": "HS256", "x": {"a": 1, "a": 2}}"#, "malformed_token"),
        (r#"["HS256"]"#, "malformed_token"),
        (r#"{"alg": "HS256""#, "malformed_token"),
        (r#"{"alg": "HS256"} x"#, "malformed_token"),
        ("", "malformed_token"),
    ] {
        assert_eq!(reason(&filter(""), &signed("HS256", header, &claims)), expected, "{header}");
    }
}

#[test]
fn payload_must_be_an_object_without_duplicate_members() {
    let exp = NOW + 60;
    for (claims, expected) in [
        (format!(r#"{{"iss": "k", "exp": {exp}, "exp": {exp}}}"#), "malformed_token"),
        (format!(r#"{{"iss": "k", "exp": {exp}, "\u0065xp": 1}}"#), "malformed_token"),
        (format!(r#"{{"iss": "k", "exp": {exp}, "a": 1e999}}"#), "malformed_token"),
        ("\"k\"".to_owned(), "malformed_token"),
        (String::new(), "malformed_token"),
        (
            format!(
                r#"{{"iss": "k", "exp": {exp}, "a": {}1{}}}"#,
                "[".repeat(200),
                "]".repeat(200)
            ),
            "malformed_token",
        ),
        (format!(r#"{{"exp": {exp}}}"#), "unknown_issuer"),
        (format!(r#"{{"iss": "j", "exp": {exp}}}"#), "unknown_issuer"),
        (format!(r#"{{"iss": 1, "exp": {exp}}}"#), "unknown_issuer"),
        (format!(r#"{{"iss": ["k"], "exp": {exp}}}"#), "unknown_issuer"),
        (format!(r#"{{"iss": "K", "exp": {exp}}}"#), "unknown_issuer"),
    ] {
        let token = signed("HS256", r#"{"alg": "HS256"}"#, &claims);
        assert_eq!(reason(&filter(""), &token), expected, "{claims}");
    }
}

#[test]
fn refuses_malformed_compact_serialization() {
    let filter = filter("");
    let good = token("");
    assert_eq!(reason(&filter, &good), "allowed");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let short = signature.get(..20).unwrap();
    // The last character of 32 encoded bytes has two bits that must be 0.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let sibling = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let trailing = good.strip_suffix(last).unwrap().to_owned() + &sibling.to_string();
    for (bad, expected) in [
        (format!("{good}="), "malformed_token"),
        (format!("{good}."), "malformed_token"),
        (format!(".{good}"), "malformed_token"),
        (format!("{good}.{signature}"), "malformed_token"),
        (signed.to_owned(), "malformed_token"),
        (format!("{signed}."), "bad_signature"),
        (format!("{signed}.{short}"), "bad_signature"),
        (format!("{signed}.{signature}AAAA"), "bad_signature"),
        (format!("{signed}.{short}+/"), "malformed_token"),
        (trailing, "malformed_token"),
        (good.replace('.', " . "), "malformed_token"),
        (format!("{good} x"), "malformed_token"),
        (format!("{good}, {good}"), "malformed_token"),
        ("..".to_owned(), "malformed_token"),
        (".".to_owned(), "malformed_token"),
        ("x".to_owned(), "malformed_token"),
    ] {
        assert_eq!(reason(&filter, &bad), expected, "{bad}");
    }
}

#[test]
fn refuses_token_above_max_token_bytes() {
    let large = |size: usize| {
        let empty = token(r#", "p": """#).len();
        let mut padding = (size - empty) * 3 / 4;
        loop {
            let token = token(&format!(r#", "p": "{}""#, "x".repeat(padding)));
            if token.len() >= size {
                return token;
            }
            padding += 1;
        }
    };
    for (config, max) in [
        ("", 16_384),
        (r#", "max_token_bytes": 1024"#, 1024),
        (r#", "max_token_bytes": 65536"#, 65_536),
    ] {
        let filter = filter(config);
        assert_eq!(reason(&filter, &large(max - 2)), "allowed", "{config}");
        assert_eq!(reason(&filter, &large(max + 1)), "token_too_large", "{config}");
        assert_eq!(reason(&filter, &"x".repeat(max + 1)), "token_too_large", "{config}");
    }
}

#[test]
fn tries_all_credentials_of_a_key() {
    let config = r#"{"credentials": [
        {"key": "k", "secret": "an-older-secret-of-more-than-32-bytes-012345"},
        {"key": "j", "secret": "the-secret-of-another-issuer-012345678901234"},
        {"key": "k", "secret": {"env": "SECRET"}, "consumer": {"id": "new"}},
        {"key": "k", "algorithm": "HS512",
         "secret": "for-another-algorithm-0123456789012345678901234567890123456789012345"}]}"#;
    let filter = configure(config).unwrap();
    let outcome = bearer(&filter, &token(""));
    assert_eq!(outcome.reason, "allowed");
    assert!(outcome.lines.contains(&"x-consumer-id: new".to_owned()), "{:?}", outcome.lines);

    let claims = format!(r#"{{"iss": "j", "exp": {}}}"#, NOW + 1);
    let foreign = signed("HS256", r#"{"alg": "HS256"}"#, &claims);
    assert_eq!(reason(&filter, &foreign), "bad_signature");
    assert_eq!(reason(&filter, &foreign.replace("HS256", "HS384")), "bad_signature");
}

#[test]
fn kid_excludes_credentials() {
    let config = r#"{"credentials": [{"key": "k", "kid": "2026", "secret": {"env": "SECRET"}}]}"#;
    let filter = configure(config).unwrap();
    let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 1);
    for (header, expected) in [
        (r#"{"alg": "HS256", "kid": "2026"}"#, "allowed"),
        (r#"{"alg": "HS256"}"#, "allowed"),
        (r#"{"alg": "HS256", "kid": "2025"}"#, "unknown_kid"),
        (r#"{"alg": "HS256", "kid": 2026}"#, "unknown_kid"),
        (r#"{"alg": "HS256", "kid": null}"#, "unknown_kid"),
    ] {
        assert_eq!(reason(&filter, &signed("HS256", header, &claims)), expected, "{header}");
    }
}

#[test]
fn key_claim_is_read_from_payload_then_header() {
    let filter = filter(r#", "key_claim_name": "kid""#);
    let exp = NOW + 1;
    for (header, claims, expected) in [
        (r#"{"alg": "HS256", "kid": "k"}"#, format!(r#"{{"exp": {exp}}}"#), "allowed"),
        (r#"{"alg": "HS256"}"#, format!(r#"{{"exp": {exp}, "kid": "k"}}"#), "allowed"),
        (
            r#"{"alg": "HS256", "kid": "k"}"#,
            format!(r#"{{"exp": {exp}, "kid": "j"}}"#),
            "unknown_issuer",
        ),
        (r#"{"alg": "HS256"}"#, format!(r#"{{"exp": {exp}, "iss": "k"}}"#), "unknown_issuer"),
    ] {
        assert_eq!(reason(&filter, &signed("HS256", header, &claims)), expected, "{header}");
    }
}
