//! The memory of a module: small blocks from lists by their size, large ones from the C library.
//!
//! A request allocates some hundred small blocks that live as long as it does. The C library's
//! allocator, made for all cases, took a sixth of a request's instructions; here, at half of that, a
//! block is taken from the front of a list and put back there, and a vector that grows within its
//! block stays.
//!
//! A block is never used for another size, so a module holds what each size needed at its busiest,
//! and a quarter more at most for rounding: bounded where the policies' memory is.
#![allow(unsafe_code)] // an allocator hands out raw memory

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr::{NonNull, null_mut},
};

/// Blocks are aligned to that, and their sizes are multiples of it.
const ALIGN: usize = 16;

/// The largest small block.
const LARGEST: usize = 4096;

/// What the C library is asked for at a time.
const CHUNK: usize = 64 * 1024;

/// Sizes: 16, 32, 48 and 64, then four for each doubling up to [`LARGEST`].
const SIZES: usize = 28;

/// A block that is free: where the next one is.
struct Free {
    next: Option<NonNull<Free>>,
}

/// The allocator.
pub(crate) struct Lists {
    free: [Cell<Option<NonNull<Free>>>; SIZES],
    /// What is left of the last chunk.
    rest: Cell<*mut u8>,
    rest_size: Cell<usize>,
}

/// The place among the sizes and the size of the blocks for `size` bytes, 1 to [`LARGEST`].
#[inline]
const fn block(size: usize) -> (usize, usize) {
    let last = size - 1;
    if last < 64 {
        return (last / ALIGN, (last / ALIGN + 1) * ALIGN);
    }
    let doubling = last.ilog2() as usize;
    let quarter = (last >> (doubling - 2)) & 3;
    ((doubling - 5) * 4 + quarter, (quarter + 5) << (doubling - 2))
}

#[inline]
const fn is_small(layout: Layout) -> bool {
    layout.size() <= LARGEST && layout.align() <= ALIGN && layout.size() > 0
}

impl Lists {
    const fn new() -> Self {
        Self {
            free: [const { Cell::new(None) }; SIZES],
            rest: Cell::new(null_mut()),
            rest_size: Cell::new(0),
        }
    }

    /// A block that has not been used before; null when there is no memory.
    #[cold]
    fn fresh(&self, size: usize) -> *mut u8 {
        if self.rest_size.get() < size {
            let Ok(layout) = Layout::from_size_align(CHUNK, ALIGN) else { return null_mut() };
            // SAFETY: the size is not zero.
            let chunk = unsafe { System.alloc(layout) };
            if chunk.is_null() {
                return chunk;
            }
            self.rest.set(chunk);
            self.rest_size.set(CHUNK);
        }
        let block = self.rest.get();
        // SAFETY: `size` bytes are left of the chunk, so the end is inside it, or right behind.
        self.rest.set(unsafe { block.add(size) });
        self.rest_size.set(self.rest_size.get() - size);
        block
    }
}

// SAFETY: a block is handed out once until it is given back: it leaves its list, or the chunk. It
// has at least the size of its layout, which gives the list to put it back into, and ALIGN. What is
// not small goes to the C library, by the same rule each time.
unsafe impl GlobalAlloc for Lists {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_small(layout) {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        }
        let (place, size) = block(layout.size());
        let Some(list) = self.free.get(place) else { return null_mut() };
        match list.get() {
            Some(free) => {
                // SAFETY: a block of the list holds a `Free`, which `dealloc` wrote.
                list.set(unsafe { free.read() }.next);
                free.as_ptr().cast()
            }
            None => self.fresh(size),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block_at: *mut u8, layout: Layout) {
        if !is_small(layout) {
            // SAFETY: the caller's promise, and `alloc` had it from there.
            return unsafe { System.dealloc(block_at, layout) };
        }
        let (place, _) = block(layout.size());
        if let (Some(list), Some(free)) = (self.free.get(place), NonNull::new(block_at)) {
            let free = free.cast::<Free>();
            // SAFETY: the block is unused from here on, large enough, and aligned to ALIGN.
            unsafe { free.write(Free { next: list.get() }) };
            list.set(Some(free));
        }
    }

    #[inline]
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that it is not too large.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (is_small(layout), is_small(new)) {
            // SAFETY: the caller's promise, and `alloc` had it from there.
            (false, false) => return unsafe { System.realloc(old, layout, size) },
            (true, true) if block(layout.size()).0 == block(size).0 => return old,
            _ => {}
        }
        // SAFETY: both are blocks of their layouts, and not the same one.
        unsafe {
            let to = self.alloc(new);
            if !to.is_null() {
                to.copy_from_nonoverlapping(old, layout.size().min(size));
                self.dealloc(old, layout);
            }
            to
        }
    }
}

/// The lists as the allocator of a module. Called, not inlined: there are thousands of places.
#[cfg(target_arch = "wasm32")]
mod global {
    use super::{GlobalAlloc, Layout, Lists};

    // SAFETY: a module of this ABI has one thread.
    unsafe impl Sync for Lists {}

    static LISTS: Lists = Lists::new();

    struct Allocator;

    #[global_allocator]
    static ALLOCATOR: Allocator = Allocator;

    #[inline(never)]
    unsafe fn alloc(layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { LISTS.alloc(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { LISTS.dealloc(block, layout) }
    }

    #[inline(never)]
    unsafe fn realloc(block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { LISTS.realloc(block, layout, size) }
    }

    // SAFETY: as `Lists`.
    unsafe impl GlobalAlloc for Allocator {
        #[inline]
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller's promise.
            unsafe { alloc(layout) }
        }

        #[inline]
        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: the caller's promise.
            unsafe { dealloc(block, layout) }
        }

        #[inline]
        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: the caller's promise.
            unsafe { realloc(block, layout, size) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_as_large_as_asked_and_a_quarter_larger_at_most() {
        let mut last = (0, 16);
        for size in 1..=LARGEST {
            let (place, is) = block(size);
            assert!(
                is >= size && is % ALIGN == 0 && (is <= 64 || is * 4 <= size * 5),
                "{size}: {is}"
            );
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
}
