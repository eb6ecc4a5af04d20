use super::*;

fn docs(field: &str) -> Result<String> {
    let mut out = Vec::new();
    run(&Args { field: field.to_owned() }, &mut out)?;
    Ok(String::from_utf8(out)?)
}

#[test]
fn field_has_type_range_default_and_example() {
    let expected = "jwt-auth.leeway\n  Tolerated clock difference in seconds, 0 to 3600.\n\n  \
                    type     integer\n  range    0 to 3,600\n  default  0\n  example  leeway: 30\n";
    for name in ["jwt-auth.leeway", "leeway", "jwt_auth.leeway", "gateway.jwt_auth.leeway"] {
        assert_eq!(docs(name).unwrap(), expected, "{name}");
    }
}

#[test]
fn inner_fields_and_lists_are_described() {
    let text = docs("jwt-auth.rules.scopes.all_of").unwrap();
    assert!(text.starts_with("jwt-auth.rules.scopes.all_of\n"), "{text}");
    assert!(text.contains("type     list: string\n"), "{text}");
    let text = docs("jwt-auth.rules[].scopes").unwrap();
    assert!(text.contains("fields   all_of, any_of\n"), "{text}");
    let text = docs("credentials.key").unwrap();
    assert!(text.contains("default  none, the field is required\n"), "{text}");
    let text = docs("jwt-auth.error_format").unwrap();
    assert!(text.contains("type     one of kong, problem+json, template\n"), "{text}");
    assert!(text.contains("           problem+json: Problem details (RFC 9457).\n"), "{text}");
    let text = docs("rate-limit.rules.limit_by").unwrap();
    assert!(text.contains("type     one of ip, header, "), "{text}");
    let text = docs("jwt-auth.credentials.secret").unwrap();
    assert!(text.contains("type     string or object\n"), "{text}");
    let text = docs("gateway.order").unwrap();
    assert!(text.contains("default  cors, jwt_auth, rate_limit, header_transform\n"), "{text}");
}

#[test]
fn many_fields_are_listed() {
    let text = docs("path_prefix").unwrap();
    assert!(text.lines().count() >= 3 || text.contains("jwt-auth.skip.path_prefix"), "{text}");
    let text = docs("headers").unwrap();
    assert!(text.lines().any(|line| line.starts_with("cors.headers ")), "{text}");
    assert!(docs("gateway").unwrap().contains("gateway.order "));
    let text = docs("rate-limit").unwrap();
    assert!(text.contains("rate-limit.limit_by") && !text.contains("redis.uri"), "{text}");
}

#[test]
fn unknown_names_have_a_suggestion() {
    for (name, expected) in [
        ("leway", "did you mean jwt-auth.leeway?"),
        ("jwt-auth.claim_to_headers", "did you mean jwt-auth.claims_to_headers?"),
        ("cors.allow_origins", "in cors, use origins"),
        ("xyzzy", "list the fields of a filter"),
    ] {
        let error = docs(name).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn every_field_can_be_described() {
    let all = index::all().unwrap();
    assert!(all.len() > 250, "{}", all.len());
    for field in &all {
        let mut out = Vec::new();
        text::describe(field, &all, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("  type     ") && !text.contains("type     \n"), "{text}");
        let found = index::find(&all, &field.name());
        assert_eq!(found.first().map(|found| found.name()), Some(field.name()));
    }
}
