//! [`ConfigErrors`]: all faults of a configuration, each with the path of its field.

use std::fmt;

/// A fault in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, such as `credentials[0].secret`. Empty for the configuration as a whole.
    pub path: String,
    /// The problem, the value unless it may be a secret, and a remedy.
    pub message: String,
}

/// `path: message`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "configuration" } else { &self.path };
        write!(f, "{path}: {}", self.message)
    }
}

/// All faults of a configuration, in the order they were found.
///
/// ```
/// use novasphere_core::ConfigErrors;
/// let mut errors = ConfigErrors::default();
/// errors.add("leeway", "must be 0 to 3600 seconds, got 7200");
/// assert_eq!(errors.to_string(), "leeway: must be 0 to 3600 seconds, got 7200");
/// assert!(errors.into_result("a filter").is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors {
    faults: Vec<Fault>,
    /// The number of decoding faults. They come first.
    formal: usize,
    /// Paths of the values that decoding left out. Semantic faults at or around them would only be
    /// consequences.
    left_out: Vec<String>,
}

impl ConfigErrors {
    /// Adds a semantic fault.
    ///
    /// Ignores a fault at, above or below a value that decoding left out. Indices in `path` count
    /// the items that decoding returned. The fault gets the indices in the configuration as
    /// written.
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add_text(path.into(), message.into());
    }

    /// Separate from [`add`](Self::add) and cold, so that a module contains this code once and not
    /// at each of the many calls.
    #[cold]
    fn add_text(&mut self, path: String, message: String) {
        let path = self.path_as_written(&path);
        let follows =
            self.left_out.iter().any(|out| is_within(&path, out) || is_within(out, &path));
        if !follows {
            self.faults.push(Fault { path, message });
        }
    }

    /// Whether there is a fault at or below `path`, which has the indices that decoding returned.
    pub(super) fn has_fault(&self, path: &str) -> bool {
        let path = self.path_as_written(path);
        self.faults.iter().any(|fault| is_within(&fault.path, &path))
    }

    /// `path` with the indices of the configuration as written. The decoded lists have other
    /// indices if decoding left out an earlier item.
    pub(super) fn path_as_written(&self, path: &str) -> String {
        let mut written = String::with_capacity(path.len());
        let mut rest = path;
        while let Some(open) = memchr::memchr(b'[', rest.as_bytes()) {
            let Some((list, after)) = rest.split_at_checked(open.saturating_add(1)) else { break };
            written.push_str(list);
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let Some((index, after)) = after.split_at_checked(digits) else { break };
            match index.parse() {
                Ok(index) => {
                    let index = self.index_as_written(&written, index);
                    written.push_str(&index.to_string());
                }
                Err(_) => written.push_str(index),
            }
            rest = after;
        }
        written.push_str(rest);
        written
    }

    /// The index of an item of `list` (a path that ends in `[`) among all items written there.
    fn index_as_written(&self, list: &str, index: usize) -> usize {
        let left_out =
            |path: &String| path.strip_prefix(list)?.strip_suffix(']')?.parse::<usize>().ok();
        // Each round adds the left-out items that the last one moved past.
        let mut written = index;
        loop {
            let before = self.left_out.iter().filter_map(left_out).filter(|out| *out <= written);
            let next = index.saturating_add(before.count());
            if next == written {
                return written;
            }
            written = next;
        }
    }

    /// Adds a decoding fault. Decoding left out the value at `left_out`.
    pub(super) fn add_formal(&mut self, path: String, message: String, left_out: String) {
        self.left_out.push(left_out);
        // A required field of the wrong type is missing in the next round.
        if self.faults.iter().take(self.formal).any(|fault| fault.path == path) {
            return;
        }
        self.faults.insert(self.formal, Fault { path, message });
        self.formal = self.formal.saturating_add(1);
    }

    /// Whether decoding left out the value at `path` because of its form.
    pub(super) fn was_left_out(&self, path: &str) -> bool {
        self.left_out.iter().any(|out| out == path)
    }

    /// The faults so far.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Returns `value`.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.faults.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// Whether `path` is `outer` or inside it.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Writes one fault per line.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
