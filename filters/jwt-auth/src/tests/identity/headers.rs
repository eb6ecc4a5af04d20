use novasphere_core::Json;

use super::super::*;

const CLAIMS: &str = r#", "uri_param_names": [], "claims_to_headers": [
    {"claim": "sub", "header": "X-User-Id"},
    {"claim": "client_type", "header": "X-Client-Type", "keep_inbound": true},
    {"claim": "realm_access.roles", "header": "X-Roles"}]"#;

/// The request's lines after the mutations, without the token.
fn lines(filter: &JwtAuth, claims: &str, lines: &[(&str, &str)]) -> Vec<String> {
    let bearer = format!("Bearer {}", token(claims));
    let all: Vec<_> = [("authorization", &*bearer)].iter().chain(lines).copied().collect();
    let outcome = run(filter, &all);
    assert_eq!(outcome.reason, "allowed");
    outcome.lines.into_iter().filter(|line| !line.starts_with("authorization")).collect()
}

/// The header that the claim `sub` sets with this JSON value, or the reason of the refusal.
fn user_id(json: &str) -> Result<Option<String>, &'static str> {
    let filter = filter(CLAIMS);
    let outcome = bearer(&filter, &token(&format!(r#", "sub": {json}"#)));
    let line = outcome.lines.iter().find_map(|line| line.strip_prefix("x-user-id: "));
    if outcome.response.is_none() { Ok(line.map(str::to_owned)) } else { Err(outcome.reason) }
}

#[test]
fn claims_become_header_text() {
    for (json, expected) in [
        (r#""alice""#, Some("alice")),
        (r#""Doe, John; \"x\"""#, Some("Doe, John; \"x\"")),
        (r#""Jürgen""#, Some("J%C3%BCrgen")),
        (r#""100%""#, Some("100%25")),
        (r#"" a  b ""#, Some("%20a  b%20")),
        (r#"" ""#, Some("%20")),
        ("7", Some("7")),
        ("-7", Some("-7")),
        ("18446744073709551615", Some("18446744073709551615")),
        ("true", Some("true")),
        (r#"["a", 1, false, "b,c", " d"]"#, Some("a,1,false,b%2Cc,%20d")),
        (r#"["", ""]"#, Some(",")),
        (r#""""#, None),
        ("[]", None),
        ("null", None),
    ] {
        assert_eq!(user_id(json), Ok(expected.map(str::to_owned)), "{json}");
    }
    for json in ["-1.5", "18446744073709551616", "18446744073709551617", "1e3"] {
        assert_eq!(user_id(json), Err("unusable_claim"), "{json}");
    }
}

#[test]
fn refuses_token_with_claim_that_cannot_be_a_header() {
    for json in [
        r#""a\r\nX-Admin: 1""#,
        r#""a\n""#,
        r#""\u0000""#,
        r#""a\tb""#,
        r#""\u007f""#,
        r#"["a", "b\r"]"#,
        "{}",
        "[[]]",
        "[null]",
    ] {
        assert_eq!(user_id(json), Err("unusable_claim"), "{json}");
    }
    let long = |size: usize| user_id(&format!("\"{}\"", "x".repeat(size)));
    assert!(long(4096).is_ok());
    assert_eq!(long(4097), Err("unusable_claim"));
}

#[test]
fn json_forms_take_every_claim() {
    let filter = filter(
        r#", "uri_param_names": [], "claims_to_headers": [
            {"claim": "c", "header": "X-Json", "as": "json"},
            {"claim": "c", "header": "X-Base64", "as": "base64_json"}]"#,
    );
    for (claim, expected) in [
        (r#"{ "a": [1, {"b": null}] }"#, r#"{"a":[1,{"b":null}]}"#),
        ("1.5", "1.5"),
        ("1e3", "1000.0"),
        ("-7", "-7"),
        ("18446744073709551615", "18446744073709551615"),
        ("true", "true"),
        (r#""1.5""#, r#""1.5""#),
        (r#""""#, r#""""#),
        ("[]", "[]"),
        ("{}", "{}"),
        (r#"" a,b% ""#, r#"" a,b% ""#),
        (r#""a\r\nx-admin: 1\u0000\"\\""#, r#""a\r\nx-admin: 1\u0000\"\\""#),
        (r#""\u007f\u00e9\ud83d\ude00""#, r#""\u007f\u00e9\ud83d\ude00""#),
        (r#"{"é": "Jürgen 😀"}"#, r#"{"\u00e9":"J\u00fcrgen \ud83d\ude00"}"#),
    ] {
        let outcome = bearer(&filter, &token(&format!(r#", "c": {claim}"#)));
        let value = |name: &str| outcome.lines.iter().find_map(|line| line.strip_prefix(name));
        assert_eq!(value("x-json: "), Some(expected), "{claim}");
        let encoded = value("x-base64: ").unwrap();
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(encoded).unwrap();
        let (decoded, json) = (Json::parse(&decoded), Json::parse(claim.as_bytes()));
        assert_eq!(decoded.unwrap(), json.unwrap(), "{claim}");
        let json = Json::parse(expected.as_bytes()).unwrap();
        assert_eq!(json, Json::parse(claim.as_bytes()).unwrap(), "{claim}");
    }
    for claims in ["", r#", "c": null"#] {
        let outcome = bearer(&filter, &token(claims));
        assert!(!outcome.lines.iter().any(|line| line.starts_with("x-json")), "{claims}");
    }
}

#[test]
fn max_claim_header_bytes_bounds_the_json() {
    for (form, fits) in [("json", 298), ("base64_json", 223)] {
        let filter = filter(&format!(
            r#", "max_claim_header_bytes": 300, "claims_to_headers": [
                {{"claim": "c", "header": "X-C", "as": "{form}"}}]"#
        ));
        let reason =
            |size: usize| reason(&filter, &token(&format!(r#", "c": "{}""#, "x".repeat(size))));
        assert_eq!((reason(fits), reason(fits + 1)), ("allowed", "unusable_claim"), "{form}");
    }
}

#[test]
fn max_claim_header_bytes_bounds_headers_and_attributes() {
    for field in [
        r#""claims_to_headers": [{"claim": "name", "header": "X-Name"}]"#,
        r#""claims_to_attributes": [{"claim": "name", "attribute": "name"}]"#,
    ] {
        let filter = filter(&format!(r#", "max_claim_header_bytes": 300, {field}"#));
        let reason = |size: usize| {
            reason(&filter, &token(&format!(r#", "name": "{}é""#, "x".repeat(size - 6))))
        };
        assert_eq!(reason(300), "allowed", "{field}");
        assert_eq!(reason(301), "unusable_claim", "{field}");
    }
}

#[test]
fn claim_paths_find_whole_names_before_nested_claims() {
    let roles = |claims: &str| lines(&filter(CLAIMS), claims, &[]).pop().unwrap();
    assert_eq!(roles(r#", "realm_access": {"roles": ["a", "b"]}"#), "x-roles: a,b");
    assert_eq!(
        roles(r#", "realm_access": {"roles": "no"}, "realm_access.roles": "yes""#),
        "x-roles: yes"
    );
    assert_eq!(lines(&filter(CLAIMS), r#", "realm_access": "roles""#, &[]), [""; 0]);
}

#[test]
fn removes_inbound_identity_headers_in_every_spelling() {
    let forged = [
        ("x-user-id", "root"),
        ("X-User-Id", "root"),
        ("x_user_id", "root"),
        ("X-User_ID", "root"),
        ("x_user-id", "root"),
        ("x.user.id", "root"),
        ("X.User_Id", "root"),
        ("x.user.id", "root"),
        ("x!consumer~username", "root"),
        ("x-consumer-id", "root"),
        ("x_consumer_custom-id", "root"),
        ("X-Consumer-Username", "root"),
        ("x-credential-identifier", "root"),
        ("x-anonymous-consumer", "true"),
        ("x-roles", "admin"),
        ("x-user-idx", "stays"),
        ("x-user", "stays"),
    ];
    let filter = filter(CLAIMS);
    let stays = ["x-user-idx: stays", "x-user: stays"];
    let alice = lines(&filter, r#", "sub": "alice""#, &forged);
    assert_eq!(alice, [&stays[..], &["x-user-id: alice"]].concat());
    assert_eq!(lines(&filter, "", &forged), stays);
    assert_eq!(run(&filter, &forged).lines, stays, "on refusal");
}

#[test]
fn keep_inbound_keeps_the_clients_header() {
    let filter = filter(CLAIMS);
    let inbound = [("x-client-type", "web"), ("x_client_type", "web2")];
    let kept = ["x-client-type: web", "x_client_type: web2"];
    assert_eq!(lines(&filter, "", &inbound), kept);
    assert_eq!(lines(&filter, r#", "client_type": null"#, &inbound), kept);
    assert_eq!(
        lines(&filter, r#", "client_type": "app""#, &inbound),
        ["x-client-type: app"],
        "the claim overrides"
    );
    assert_eq!(lines(&filter, r#", "client_type": """#, &inbound), [""; 0], "even if it is empty");
    assert_eq!(run(&filter, &inbound).lines, kept, "on refusal");
}

#[test]
fn sends_the_consumer_of_the_credential() {
    let config = r#"{"credentials": [{"key": "k", "secret": {"env": "SECRET"},
        "consumer": {"id": "17", "username": "Jürgen", "custom_id": ""}}]}"#;
    assert_eq!(
        lines(&configure(config).unwrap(), "", &[("x-consumer-custom-id", "forged")]),
        ["x-consumer-id: 17", "x-consumer-username: J%C3%BCrgen"]
    );
}

#[test]
fn sends_the_name_of_the_credential_on_demand() {
    let forged = [("x-credential-identifier", "root"), ("x_credential_identifier", "root")];
    let sends = filter(r#", "credential_header": true"#);
    assert_eq!(lines(&sends, "", &forged), ["x-credential-identifier: k"]);
    assert_eq!(run(&sends, &forged).lines, [""; 0], "on refusal");
    assert_eq!(lines(&filter(""), "", &forged), [""; 0]);
    let mut in_chain = filter("");
    in_chain.send_credential();
    assert_eq!(lines(&in_chain, "", &forged), ["x-credential-identifier: k"]);
}

#[test]
fn mutates_only_what_differs() {
    let filter = filter(CLAIMS);
    let line = format!("Bearer {}", token(""));
    assert_eq!(run(&filter, &[(":path", "/"), ("authorization", &line)]).mutations, 0);
    assert_eq!(run(&filter, &[(":path", "/"), ("x-client-type", "web")]).mutations, 0);
    let twice = [("x-user-id", "a"), ("x-user-id", "b")];
    assert_eq!(run(&filter, &twice).mutations, 1, "one removal for both lines");
}

#[test]
fn exempt_preflight_passes_without_identity() {
    let preflight = [
        (":method", "OPTIONS"),
        (":path", "/?jwt=x"),
        ("origin", "https://a.example"),
        ("access-control-request-method", "PUT"),
        ("x-user-id", "root"),
    ];
    let off = filter(
        r#", "run_on_preflight": false, "claims_to_headers": [
        {"claim": "sub", "header": "X-User-Id"}]"#,
    );
    let outcome = run(&off, &preflight);
    assert_eq!(outcome.reason, "preflight");
    assert_eq!(outcome.lines[1], ":path: /");
    assert_eq!(outcome.lines.len(), 4);
    assert_eq!(
        run(&off, &preflight[..3]).reason,
        "malformed_token",
        "not every OPTIONS is a preflight"
    );
    assert_eq!(run(&filter(""), &preflight).reason, "malformed_token", "the default");
}
