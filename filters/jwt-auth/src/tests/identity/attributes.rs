use super::super::*;

const CLAIMS: &str = r#", "claims_to_attributes": [
    {"claim": "sub", "attribute": "user"}, {"claim": "a.b", "attribute": "tenant.id"}]"#;

fn attributes(outcome: &Outcome) -> Vec<(String, String)> {
    let set = outcome.host.attributes.borrow();
    set.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

#[test]
fn claims_are_told_as_they_would_be_in_a_header() {
    let policy = policy(CLAIMS);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (claims, expected) in [
        ("", vec![]),
        (r#", "sub": "alice""#, vec![pair("user", "alice")]),
        (
            r#", "sub": "ü", "a": {"b": [1, "x"]}"#,
            vec![pair("tenant.id", "1,x"), pair("user", "%C3%BC")],
        ),
    ] {
        let outcome = bearer(&policy, &token(claims));
        assert_eq!(outcome.reason, "allowed");
        assert_eq!(attributes(&outcome), expected, "{claims}");
    }
}

#[test]
fn nothing_is_told_of_a_token_that_is_refused() {
    let policy = policy(CLAIMS);
    for claims in [r#", "sub": "a\nb""#, r#", "sub": "alice", "a": {"b": {}}"#] {
        let outcome = bearer(&policy, &token(claims));
        assert_eq!(outcome.reason, "unusable_claim", "{claims}");
        assert_eq!(attributes(&outcome), []);
    }
    let forged = format!("{}AAA", token(r#", "sub": "root""#));
    assert_eq!(attributes(&bearer(&policy, &forged)), []);
}
