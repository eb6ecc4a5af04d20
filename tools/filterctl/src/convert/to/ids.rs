//! Ids that stay the same from one conversion to the next.

use sha2::{Digest, Sha256};

/// A UUID of version 8 (RFC 9562 section 5.8) for an entity that has none.
pub(super) fn id(kind: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("novasphere {kind} {name}"));
    let mut hex: Vec<char> = digest
        .iter()
        .flat_map(|byte| format!("{byte:02x}").chars().collect::<Vec<_>>())
        .take(32)
        .collect();
    if let Some(version) = hex.get_mut(12) {
        *version = '8';
    }
    if let Some(variant) = hex.get_mut(16) {
        *variant = 'a';
    }
    let mut id = String::new();
    for (n, digit) in hex.into_iter().enumerate() {
        if matches!(n, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_and_stable() {
        let first = id("service", "api");
        assert_eq!(first, id("service", "api"));
        assert_ne!(first, id("route", "api"));
        let groups: Vec<usize> = first.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
    }
}
