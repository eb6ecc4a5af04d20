//! Header maps, as proxies pass them to WebAssembly modules.

use novasphere_proxy_wasm::inspect::{lines, serialise};

/// Every line is a part of the map, in order, and no part belongs to two lines. The lines can be written
/// and read again. Accepts a map that consists of its lines only.
pub(crate) fn check(input: &[u8]) -> bool {
    let read: Vec<(&[u8], &[u8])> = lines(input).collect();
    let mut end = input.as_ptr();
    for text in read.iter().flat_map(|(name, value)| [name, value]) {
        let part = text.as_ptr_range();
        assert!(part.start >= end && part.end <= input.as_ptr_range().end, "{read:?}");
        end = part.end;
    }
    let map = serialise(&read);
    assert!(lines(&map).eq(read.iter().copied()), "{read:?} became {map:?}");
    map == input
}
