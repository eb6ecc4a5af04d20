//! Reads the head of a request.

use std::ops::Range;

use novasphere_core::{HeaderInterest, Headers};

use crate::{hostcalls, list};

/// Maximum number of lines. Each line costs a host call.
const MAX_LINES: usize = 1000;
/// Maximum size in bytes. An instance never returns memory to the host.
const MAX_BYTES: usize = 256 * 1024;

/// The lines that a filter reads.
#[derive(Default)]
pub(crate) struct Head {
    text: Vec<u8>,
    /// The ranges of each line's name and value in `text`.
    lines: Vec<(Range<usize>, Range<usize>)>,
    /// The last result of a host call.
    buffer: Vec<u8>,
}

/// Why a head was not read.
pub(crate) enum Unreadable {
    /// The head has too many lines or bytes.
    TooLarge,
    /// A host call failed: the size of its result kept growing.
    Host,
}

/// Pseudo-headers and the functions that read them. The host removes `host` from the headers and adds
/// it back when a filter reads it by name.
type Pseudo = (&'static str, fn(&mut Vec<u8>) -> Option<()>);
const PSEUDO: [Pseudo; 3] =
    [(":authority", host), (":path", hostcalls::uri), (":method", hostcalls::method)];

fn host(buffer: &mut Vec<u8>) -> Option<()> {
    hostcalls::header_values(b"host", buffer)?;
    if buffer.last() == Some(&0) {
        buffer.pop();
    }
    Some(())
}

impl Head {
    /// An empty head.
    pub(crate) const fn new() -> Self {
        Self { text: Vec::new(), lines: Vec::new(), buffer: Vec::new() }
    }

    /// Reads the lines that the filter is interested in.
    pub(crate) fn read(&mut self, interest: &HeaderInterest) -> Result<(), Unreadable> {
        self.text.clear();
        self.lines.clear();
        match interest {
            HeaderInterest::None => Ok(()),
            HeaderInterest::All => self.read_all(),
            HeaderInterest::Named(names) | HeaderInterest::EveryLine(names) => {
                names.iter().try_for_each(|name| self.read_named(name))
            }
            HeaderInterest::AllIfAny(names) => {
                names.iter().try_for_each(|name| self.read_named(name))?;
                if self.lines.is_empty() { Ok(()) } else { self.read(&HeaderInterest::All) }
            }
        }
    }

    /// The lines read.
    pub(crate) fn headers(&self) -> Headers<'_> {
        let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        Headers::borrowed(self.lines.iter().map(|(name, value)| (text(name), text(value))))
    }

    fn read_all(&mut self) -> Result<(), Unreadable> {
        for (name, read) in PSEUDO {
            self.read_pseudo(name, read)?;
        }
        hostcalls::header_names(&mut self.buffer).ok_or(Unreadable::Host)?;
        let mut names = std::mem::take(&mut self.buffer);
        let mut result = Ok(());
        for name in list::items(&names) {
            // Trailers appear as empty names.
            if !name.is_empty() && name != b"host" {
                result = self.read_header(name);
            }
            if result.is_err() {
                break;
            }
        }
        std::mem::swap(&mut self.buffer, &mut names);
        result
    }

    fn read_named(&mut self, name: &str) -> Result<(), Unreadable> {
        match PSEUDO.iter().find(|(pseudo, _)| *pseudo == name) {
            Some((name, read)) => self.read_pseudo(name, *read),
            None if name.starts_with(':') => Ok(()),
            None => self.read_header(name.as_bytes()),
        }
    }

    fn read_pseudo(
        &mut self,
        name: &str,
        read: fn(&mut Vec<u8>) -> Option<()>,
    ) -> Result<(), Unreadable> {
        read(&mut self.buffer).ok_or(Unreadable::Host)?;
        let value = std::mem::take(&mut self.buffer);
        let result = self.push(name.as_bytes(), &value);
        self.buffer = value;
        result
    }

    fn read_header(&mut self, name: &[u8]) -> Result<(), Unreadable> {
        hostcalls::header_values(name, &mut self.buffer).ok_or(Unreadable::Host)?;
        let values = std::mem::take(&mut self.buffer);
        let result = list::items(&values).try_for_each(|value| self.push(name, value));
        self.buffer = values;
        result
    }

    fn push(&mut self, name: &[u8], value: &[u8]) -> Result<(), Unreadable> {
        let start = self.text.len();
        self.text.extend_from_slice(name);
        let middle = self.text.len();
        self.text.extend_from_slice(value);
        self.lines.push((start..middle, middle..self.text.len()));
        if self.lines.len() > MAX_LINES || self.text.len() > MAX_BYTES {
            return Err(Unreadable::TooLarge);
        }
        Ok(())
    }
}
