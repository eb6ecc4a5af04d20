//! The README says what is.

use super::*;

const README: &str = include_str!("../../README.md");

/// Any variable is set, each to another value.
struct Anything;

impl Host for Anything {
    fn variable(&self, name: &str) -> Option<String> {
        Some(name.repeat(8))
    }

    fn variable_remedy(&self, _: &str) -> String {
        String::new()
    }

    fn warn(&self, message: &str) {
        panic!("{message}");
    }
}

#[test]
fn its_examples_are_accepted() {
    let examples: Vec<&str> =
        README.split("```json").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        if let Err(faults) = JwtAuth::configure(example.as_bytes(), &Anything) {
            panic!("{example}\n{faults}");
        }
    }
}

#[test]
fn it_names_every_decision() {
    let table = README.split("| decision | |").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut named: Vec<&str> =
        table.split('`').skip(1).step_by(2).filter(|name| !name.is_empty()).collect();
    let mut all = DECISIONS.to_vec();
    named.sort_unstable();
    all.sort_unstable();
    assert_eq!(named, all);
}

#[test]
fn it_names_every_field() {
    let faults = configure(
        r#"{"credentials": [{"zzzzzzzz": 1}], "zzzzzzzz": 1,
        "claims_to_headers": [{"zzzzzzzz": 1}]}"#,
    )
    .unwrap_err();
    let lists = faults.lines().filter_map(|line| line.split("known here: ").nth(1));
    let fields: Vec<&str> = lists.flat_map(|list| list.split(", ")).collect();
    assert!(fields.len() > 20, "{fields:?}");
    for field in fields {
        assert!(README.contains(&format!("\n| `{field}` |")), "{field}");
    }
}
