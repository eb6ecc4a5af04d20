//! The allocator of a module: free lists for small blocks, the C library for large ones.
//!
//! A request allocates about a hundred small blocks that live as long as the request. A free list
//! serves one in a few instructions, and a vector that grows within its block does not move.
//! docs/decisions/0003-allocator.md has the measurements.
//!
//! A block is never reused for another size class, so a module keeps the peak memory of each class.
//! That is bounded as long as the filters' memory is. Rounding up adds at most a quarter, or 15 bytes
//! to the smallest blocks.
#![allow(unsafe_code)] // allocators return raw memory

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr::{NonNull, null_mut},
};

/// The alignment of blocks, in bytes. Sizes are multiples of it.
const ALIGN: usize = 16;

/// The size of the largest small block, in bytes.
const LARGEST: usize = 4096;

/// The size of the chunks from the C library, in bytes.
const CHUNK: usize = 64 * 1024;

/// The number of size classes: 16, 32, 48 and 64 bytes, then four for each doubling up to
/// [`LARGEST`].
const CLASSES: usize = 28;

/// A free block. Links to the next one.
struct Free {
    next: Option<NonNull<Free>>,
}

/// The free lists.
pub(crate) struct Lists {
    free: [Cell<Option<NonNull<Free>>>; CLASSES],
    /// The unused end of the last chunk.
    rest: Cell<*mut u8>,
    rest_size: Cell<usize>,
}

/// The size class for `size` bytes, 1 to [`LARGEST`]: its index and the size of its blocks.
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
            free: [const { Cell::new(None) }; CLASSES],
            rest: Cell::new(null_mut()),
            rest_size: Cell::new(0),
        }
    }

    /// A new block. Null if memory is exhausted.
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
        // SAFETY: `size` bytes of the chunk are unused, so the result is in it or at its end.
        self.rest.set(unsafe { block.add(size) });
        self.rest_size.set(self.rest_size.get() - size);
        block
    }
}

// SAFETY: an allocated block is in no list and not in the unused end of the chunk. It has at least
// the size of its layout and the alignment ALIGN. Its layout determines the list it returns to.
// Large blocks go to the C library, by the same rule each time.
unsafe impl GlobalAlloc for Lists {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_small(layout) {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        }
        let (class, size) = block(layout.size());
        let Some(list) = self.free.get(class) else { return null_mut() };
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
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        if !is_small(layout) {
            // SAFETY: the caller's promise, and `alloc` got the block there.
            return unsafe { System.dealloc(old, layout) };
        }
        let (class, _) = block(layout.size());
        if let (Some(list), Some(free)) = (self.free.get(class), NonNull::new(old)) {
            let free = free.cast::<Free>();
            // SAFETY: the block is unused from now on, large enough, and aligned to ALIGN.
            unsafe { free.write(Free { next: list.get() }) };
            list.set(Some(free));
        }
    }

    #[inline]
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises a valid size.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (is_small(layout), is_small(new)) {
            // SAFETY: the caller's promise, and `alloc` got the block there.
            (false, false) => return unsafe { System.realloc(old, layout, size) },
            (true, true) if block(layout.size()).0 == block(size).0 => return old,
            _ => {}
        }
        // SAFETY: the blocks are distinct, and each has its layout.
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

/// The global allocator. Its functions are not inlined, because modules have thousands of calls.
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

    // SAFETY: see the implementation for `Lists`.
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
mod tests;
