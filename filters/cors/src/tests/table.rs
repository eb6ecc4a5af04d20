//! Checks every line of `origins.txt`.

use super::*;

/// Decodes `\xNN`.
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
fn every_origin_matches_as_in_the_table() {
    let mut filters = Vec::new();
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (number, line) in include_str!("origins.txt").lines().enumerate() {
        let line = line.split("  # ").next().unwrap();
        let Some((mark, rest)) = line.split_once(' ').filter(|(mark, _)| *mark != "#") else {
            continue;
        };
        if mark == "=" {
            filters = both_ways(&rest.split(' ').collect::<Vec<_>>());
            continue;
        }
        let origin = bytes(rest);
        checked += 1;
        for filter in &filters {
            if allows(filter, &origin) != (mark == "+") {
                wrong.push(format!("line {}: {line}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked >= 300, "{checked}");
}

/// Two filters: the entries alone, and after a policy for another origin.
fn both_ways(entries: &[&str]) -> Vec<Cors> {
    let entries = entries.iter().map(|entry| format!("{entry:?}")).collect::<Vec<_>>().join(", ");
    let first = r#"{"policies": [{"origins": ["https://other.example"]}], "#;
    ["{", first].map(|start| cors(&format!(r#"{start}"origins": [{entries}]}}"#))).into()
}
