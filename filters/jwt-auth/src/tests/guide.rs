//! The guide agrees with the code.

use super::*;

const GUIDE: &str = include_str!("../../../../docs/reference/jwt-auth.md");

#[test]
fn guide_names_every_field() {
    let faults = configure(
        r#"{"credentials": [{"zzzzzzzz": 1}], "zzzzzzzz": 1,
        "claims_to_headers": [{"zzzzzzzz": 1}], "claims_to_attributes": [{"zzzzzzzz": 1}],
        "required_claims": [{"zzzzzzzz": 1}], "scopes": {"zzzzzzzz": 1},
        "denied_tokens": {"zzzzzzzz": 1}, "skip": [{"zzzzzzzz": 1}],
        "rules": [{"zzzzzzzz": 1, "header": {"zzzzzzzz": 1}}]}"#,
    )
    .unwrap_err();
    let lists = faults.lines().filter_map(|line| line.split("known fields: ").nth(1));
    let fields: Vec<&str> = lists.flat_map(|list| list.split(", ")).collect();
    assert!(fields.len() > 20, "{fields:?}");
    for field in fields {
        assert!(GUIDE.contains(&format!("\n| `{field}` |")), "{field}");
    }
}
