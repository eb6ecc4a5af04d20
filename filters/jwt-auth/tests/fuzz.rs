//! Checks the property of the fuzz target on its seeds and variations of them. This is the part of
//! fuzzing that `make test` runs.

use std::{fs, path::Path};

use proptest::prelude::*;

#[path = "../fuzz/property.rs"]
mod property;

/// The seeds by name.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/token");
    let mut seeds: Vec<_> = fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_string_lossy().into_owned(), fs::read(&path).ok()?))
        })
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "no seeds in {}", dir.display());
    seeds
}

#[test]
fn property_holds_for_seeds() {
    for (name, seed) in seeds() {
        println!("{name}");
        property::check(&seed);
    }
}

proptest! {
    // Failures become seeds instead.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn property_holds_for_varied_seeds(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        splice in prop::collection::vec(any::<u8>(), 0..12),
        at in any::<prop::sample::Index>(),
    ) {
        let seeds = seeds();
        let mut input = seeds[which.index(seeds.len())].1.clone();
        for (index, byte) in changes {
            // The first byte stays, because it selects the kind of input.
            let index = index.index(input.len());
            if index > 0 {
                input[index] = byte;
            }
        }
        let at = at.index(input.len()) + 1;
        input.splice(at..at, splice);
        property::check(&input);
    }
}
