use super::super::*;

const CLAIMS: &str = r#", "claims_to_attributes": [
    {"claim": "sub", "attribute": "user"}, {"claim": "a.b", "attribute": "tenant.id"}]"#;

fn attributes(outcome: &Outcome) -> Vec<(String, String)> {
    let set = outcome.host.attributes.borrow();
    let of_claims = set.iter().filter(|(name, _)| *name != "jwt_auth_detail");
    of_claims.map(|(name, value)| (name.clone(), text(value))).collect()
}

#[test]
fn attributes_are_encoded_like_headers() {
    let filter = filter(CLAIMS);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (claims, expected) in [
        ("", vec![]),
        (r#", "sub": "alice""#, vec![pair("user", "alice")]),
        (
            r#", "sub": "ü", "a": {"b": [1, "x"]}"#,
            vec![pair("tenant.id", "1,x"), pair("user", "%C3%BC")],
        ),
    ] {
        let outcome = bearer(&filter, &token(claims));
        assert_eq!(outcome.reason, "allowed");
        assert_eq!(attributes(&outcome), expected, "{claims}");
    }
}

#[test]
fn attributes_can_be_json() {
    let filter = filter(
        r#", "claims_to_attributes": [{"claim": "act", "attribute": "actor", "as": "json"}]"#,
    );
    let outcome = bearer(&filter, &token(r#", "act": {"sub": "ü", "n": 1.5}"#));
    assert_eq!(outcome.reason, "allowed");
    let value = r#"{"sub":"\u00fc","n":1.5}"#.to_owned();
    assert_eq!(attributes(&outcome), [("actor".to_owned(), value)]);
}

#[test]
fn refused_token_sets_no_attribute() {
    let filter = filter(CLAIMS);
    for claims in [r#", "sub": "a\nb""#, r#", "sub": "alice", "a": {"b": {}}"#] {
        let outcome = bearer(&filter, &token(claims));
        assert_eq!(outcome.reason, "unusable_claim", "{claims}");
        assert_eq!(attributes(&outcome), []);
    }
    let forged = format!("{}AAA", token(r#", "sub": "root""#));
    assert_eq!(attributes(&bearer(&filter, &forged)), []);
}
