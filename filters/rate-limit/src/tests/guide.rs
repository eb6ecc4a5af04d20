//! The guide documents every field.

use super::*;

const GUIDE: &str = include_str!("../../../../docs/reference/rate-limit.md");

#[test]
fn guide_names_every_field() {
    let faults = errors(
        r#"{"zzzzzzzz": 1, "rules": [{"zzzzzzzz": 1, "claim": {"zzzzzzzz": 1}}],
        "client_ip": {"zzzzzzzz": 1}, "allow": {"zzzzzzzz": 1}, "window": {"zzzzzzzz": 1},
        "redis": {"zzzzzzzz": 1, "breaker": {"zzzzzzzz": 1}}, "lease": {"zzzzzzzz": 1}}"#,
    );
    let lists = faults.lines().filter_map(|line| line.split("known fields: ").nth(1));
    let fields: Vec<&str> = lists.flat_map(|list| list.split(", ")).collect();
    assert!(fields.len() > 55, "{fields:?}");
    for field in fields {
        // In a table cell, or in a small object.
        let named = ["`F`", "{F,", ", F}", "{F:", ", F:"].map(|form| form.replace('F', field));
        assert!(named.iter().any(|name| GUIDE.contains(name)), "{field}");
    }
}
