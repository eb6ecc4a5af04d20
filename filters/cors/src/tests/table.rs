//! `origins.txt`: origins and whether entries allow them.

use super::*;

/// The bytes of a text with `\xNN` in it.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(byte, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

#[test]
fn every_origin_is_judged_as_the_table_says() {
    let mut policies = Vec::new();
    let mut judged = 0;
    let mut wrong = Vec::new();
    for (number, line) in include_str!("origins.txt").lines().enumerate() {
        let line = line.split("  # ").next().unwrap();
        let Some((mark, rest)) = line.split_once(' ').filter(|(mark, _)| *mark != "#") else {
            continue;
        };
        if mark == "=" {
            policies = both_ways(&rest.split(' ').collect::<Vec<_>>());
            continue;
        }
        let origin = bytes(rest);
        judged += 1;
        for policy in &policies {
            if allows(policy, &origin) != (mark == "+") {
                wrong.push(format!("line {}: {line}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(judged >= 300, "{judged}");
}

/// The entries as the only ones, and after a policy for somebody else.
fn both_ways(entries: &[&str]) -> Vec<Cors> {
    let entries = entries.iter().map(|entry| format!("{entry:?}")).collect::<Vec<_>>().join(", ");
    let first = r#"{"policies": [{"origins": ["https://somebody.example"]}], "#;
    ["{", first].map(|start| cors(&format!(r#"{start}"origins": [{entries}]}}"#))).into()
}
