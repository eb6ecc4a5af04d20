//! The property of the fuzz target, over its seeds and variations of them: what `make test` has of
//! fuzzing.

use std::{fs, path::Path};

use proptest::prelude::*;

#[path = "../fuzz/property.rs"]
mod property;

/// The inputs kept, by name.
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
fn it_holds_of_the_seeds() {
    for (name, seed) in seeds() {
        println!("{name}");
        property::check(&seed);
    }
}

proptest! {
    // A failure that has been found becomes a seed.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_holds_of_varied_seeds(
        which in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        splice in prop::collection::vec(any::<u8>(), 0..12),
        at in any::<prop::sample::Index>(),
    ) {
        let seeds = seeds();
        let mut input = seeds[which.index(seeds.len())].1.clone();
        for (place, byte) in places {
            // The first byte stays: it says how the others are read.
            let place = place.index(input.len());
            if place > 0 {
                input[place] = byte;
            }
        }
        let at = at.index(input.len()) + 1;
        input.splice(at..at, splice);
        property::check(&input);
    }
}
