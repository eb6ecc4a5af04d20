use super::*;

#[test]
fn blocks_are_as_large_as_asked_and_a_quarter_larger_at_most() {
    let mut last = (0, 16);
    for size in 1..=LARGEST {
        let (place, is) = block(size);
        assert!(is >= size && is % ALIGN == 0 && (is <= 64 || is * 4 <= size * 5), "{size}: {is}");
        assert!((place, is) == last || (place == last.0 + 1 && is > last.1), "{size}");
        last = (place, is);
    }
    assert_eq!(last, (SIZES - 1, LARGEST));
}

struct Block(*mut u8, Layout, u8);

impl Block {
    fn is_whole(&self) -> bool {
        // SAFETY: it is one of its layout.
        let bytes = unsafe { std::slice::from_raw_parts(self.0, self.1.size()) };
        bytes.iter().all(|byte| *byte == self.2)
    }

    fn fill(&self) {
        // SAFETY: it is one of its layout.
        unsafe { self.0.write_bytes(self.2, self.1.size()) };
    }
}

/// Blocks of all sizes and alignments come, grow, shrink and go; none touches another.
#[test]
fn blocks_stay_apart_and_keep_what_they_hold() {
    let lists = Lists::new();
    let mut blocks: Vec<Block> = Vec::new();
    let mut random = 7_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % below
    };
    for step in 0..100_000 {
        let size = 1 + if next(8) == 0 { next(3 * LARGEST) } else { next(300) };
        let pick = next(blocks.len().max(1));
        match next(4) {
            0 if !blocks.is_empty() => {
                let block = blocks.swap_remove(pick);
                assert!(block.is_whole());
                // SAFETY: it was allocated there, with that layout.
                unsafe { lists.dealloc(block.0, block.1) };
            }
            1 if !blocks.is_empty() => {
                let block = &mut blocks[pick];
                let layout = Layout::from_size_align(size, block.1.align()).unwrap();
                // SAFETY: it was allocated there, with that layout.
                block.0 = unsafe { lists.realloc(block.0, block.1, size) };
                let kept = Layout::from_size_align(size.min(block.1.size()), 1).unwrap();
                assert!(Block(block.0, kept, block.2).is_whole());
                block.1 = layout;
                block.fill();
            }
            _ => {
                let layout = Layout::from_size_align(size, 1 << next(7)).unwrap();
                // SAFETY: the size is not zero.
                let at = unsafe { lists.alloc(layout) };
                assert_eq!(at as usize % layout.align(), 0);
                blocks.push(Block(at, layout, step as u8));
                blocks[blocks.len() - 1].fill();
            }
        }
    }
    assert!(blocks.iter().all(Block::is_whole));
    for block in blocks {
        // SAFETY: it was allocated there, with that layout.
        unsafe { lists.dealloc(block.0, block.1) };
    }
}

#[test]
fn what_is_given_back_is_used_again() {
    let lists = Lists::new();
    let layout = |size| Layout::from_size_align(size, 8).unwrap();
    // SAFETY: sizes are not zero; blocks are given back once, with their layouts.
    let addresses: Vec<*mut u8> = (0..1000)
        .map(|round| unsafe {
            let at = lists.alloc(layout(100 + round % 12));
            lists.dealloc(at, layout(100 + round % 12));
            at
        })
        .collect();
    assert!(addresses.iter().all(|at| *at == addresses[0]));
    // SAFETY: as above.
    unsafe {
        let at = lists.alloc(layout(97));
        assert_eq!(lists.realloc(at, layout(97), 112), at);
        let moved = lists.realloc(at, layout(112), 113);
        assert_ne!(moved, at);
        assert_eq!(lists.alloc_zeroed(layout(100)), at);
        assert!(std::slice::from_raw_parts(at, 100).iter().all(|byte| *byte == 0));
    }
}
