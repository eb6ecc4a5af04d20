//! The head of a message as the host passed it.

use novasphere_core::Headers;

use crate::codec::header_map;

/// The head of a request or a response.
pub(crate) struct Head<'f> {
    /// The number of header lines in the host's map.
    pub(crate) size: usize,
    /// The lines that were read.
    pub(crate) lines: Lines<'f>,
    /// The target as the client sent it, if the map does not have it.
    pub(crate) target: Option<Vec<u8>>,
}

/// Header lines that were read.
pub(crate) enum Lines<'f> {
    /// The first line of each of these names.
    Named {
        /// The names that were read, in lower case.
        names: &'f [String],
        /// The lines found.
        found: Vec<(&'f str, Vec<u8>)>,
    },
    /// The whole map, serialised.
    All(Vec<u8>),
}

impl Lines<'_> {
    /// No line was read.
    pub(crate) const NONE: Self = Self::Named { names: &[], found: Vec::new() };
}

impl Head<'_> {
    /// The header lines.
    pub(crate) fn headers(&self) -> Headers<'_> {
        match &self.lines {
            Lines::All(map) => Headers::borrowed(header_map::lines(map)),
            Lines::Named { found, .. } => {
                Headers::borrowed(found.iter().map(|(n, v)| (n.as_bytes(), v.as_slice())))
            }
        }
    }

    /// Whether the head is known to have no line called `name`, in lower case. `headers` is
    /// parsed from the head.
    pub(crate) fn lacks(&self, headers: &Headers<'_>, name: &str) -> bool {
        let is_known = match &self.lines {
            Lines::All(_) => true,
            Lines::Named { names, .. } => names.iter().any(|read| read == name),
        };
        is_known && !headers.contains(name)
    }
}
