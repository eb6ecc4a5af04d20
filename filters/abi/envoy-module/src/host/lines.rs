//! The header lines of a message, borrowed from Envoy.

use std::{cell::Cell, marker::PhantomData, mem};

use super::{
    abi::{self, Line, Map},
    stream::StreamHandle,
};

thread_local! {
    /// The memory of the last head on this thread, so that most heads need no allocation.
    static MEMORY: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

/// The maximum number of lines whose memory a thread keeps.
const KEPT_LINES: usize = 256;

/// The lines of a head. They point into Envoy's memory, which the next change of the head frees.
/// Changes need the stream's handle exclusively, so the compiler rejects a change while lines are in
/// use.
#[derive(Default)]
pub(crate) struct Lines<'s> {
    lines: Vec<Line>,
    stream: PhantomData<&'s StreamHandle>,
}

impl<'s> Lines<'s> {
    /// Reads the lines of a head. `None` if the stream has no such head.
    fn read(stream: &'s StreamHandle, map: Map) -> Option<Self> {
        let (object, map) = (stream.object(), map as u32);
        // SAFETY: the stream is alive as long as its handle.
        let size = unsafe { abi::envoy_dynamic_module_callback_http_get_headers_size(object, map) };
        let mut lines = MEMORY.take();
        lines.clear();
        lines.reserve(size);
        let target = lines.as_mut_ptr();
        // SAFETY: the stream is alive, and there is space for `size` lines at `target`.
        if !unsafe { abi::envoy_dynamic_module_callback_http_get_headers(object, map, target) } {
            return None;
        }
        // SAFETY: Envoy has just written `size` lines, for which the capacity was reserved.
        unsafe { lines.set_len(size) }
        Some(Self { lines, stream: PhantomData })
    }

    /// The names and values.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        // SAFETY: the head does not change while the handle is borrowed.
        self.lines.iter().map(|line| unsafe { (line.name.bytes(), line.value.bytes()) })
    }
}

impl StreamHandle {
    /// All lines of a head. `None` before the head arrives.
    pub(crate) fn lines(&self, map: Map) -> Option<Lines<'_>> {
        Lines::read(self, map)
    }
}

impl Drop for Lines<'_> {
    fn drop(&mut self) {
        if (1..=KEPT_LINES).contains(&self.lines.capacity()) {
            MEMORY.set(mem::take(&mut self.lines));
        }
    }
}
