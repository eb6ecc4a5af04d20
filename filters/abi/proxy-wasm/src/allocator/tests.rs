use super::*;

#[test]
fn blocks_are_at_most_a_quarter_too_large() {
    let mut last = (0, 16);
    for size in 1..=LARGEST {
        let (class, actual) = block(size);
        let fits = actual >= size && (actual <= 64 || actual * 4 <= size * 5);
        assert!(fits && actual % ALIGN == 0, "{size}: {actual}");
        let is_next = class == last.0 + 1 && actual > last.1;
        assert!((class, actual) == last || is_next, "{size}");
        last = (class, actual);
    }
    assert_eq!(last, (CLASSES - 1, LARGEST));
}

struct Block(*mut u8, Layout, u8);

impl Block {
    fn is_intact(&self) -> bool {
        // SAFETY: the block has its layout.
        let bytes = unsafe { std::slice::from_raw_parts(self.0, self.1.size()) };
        bytes.iter().all(|byte| *byte == self.2)
    }

    fn fill(&self) {
        // SAFETY: the block has its layout.
        unsafe { self.0.write_bytes(self.2, self.1.size()) };
    }
}

/// Allocates, grows, shrinks and frees blocks of all sizes and alignments.
#[test]
fn blocks_do_not_overlap() {
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
                assert!(block.is_intact());
                // SAFETY: `lists` allocated the block with this layout.
                unsafe { lists.dealloc(block.0, block.1) };
            }
            1 if !blocks.is_empty() => {
                let block = &mut blocks[pick];
                let layout = Layout::from_size_align(size, block.1.align()).unwrap();
                // SAFETY: `lists` allocated the block with this layout.
                block.0 = unsafe { lists.realloc(block.0, block.1, size) };
                let kept = Layout::from_size_align(size.min(block.1.size()), 1).unwrap();
                assert!(Block(block.0, kept, block.2).is_intact());
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
    assert!(blocks.iter().all(Block::is_intact));
    for block in blocks {
        // SAFETY: `lists` allocated the block with this layout.
        unsafe { lists.dealloc(block.0, block.1) };
    }
}

#[test]
fn freed_blocks_are_reused() {
    let lists = Lists::new();
    let layout = |size| Layout::from_size_align(size, 8).unwrap();
    // SAFETY: sizes are not zero, and each block is freed once, with its layout.
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
