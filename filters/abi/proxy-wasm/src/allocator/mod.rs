//! The memory of a module: small blocks from lists by their size, large ones from the C library.
//!
//! A request allocates some hundred small blocks that live as long as it does. The C library's
//! allocator, made for all cases, took a sixth of a request's instructions; here, at half of that, a
//! block is taken from the front of a list and put back there, and a vector that grows within its
//! block stays.
//!
//! A block is never used for another size, so a module holds what each size needed at its busiest:
//! bounded where the policies' memory is. Rounding adds a quarter at most, 15 bytes to the smallest.
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
mod tests;
