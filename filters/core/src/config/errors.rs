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
    /// The number of faults of the form. They come first.
    formal: usize,
    /// Paths of the values that decoding left out because of their form. Faults of the meaning at
    /// or around them would be follow-ups.
    left_out: Vec<String>,
}

impl ConfigErrors {
    /// Adds a fault of the meaning.
    ///
    /// Ignores a fault at, above or below a value that decoding left out. Indices in `path` count
    /// the items that decoding returned. The fault gets the indices in the configuration as
    /// written: see [`path_as_written`](Self::path_as_written).
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

    /// `path` with the indices of the configuration as written. The decoded lists have
    /// other indices if decoding left out an earlier item. Use it for paths within messages.
    pub fn path_as_written(&self, path: &str) -> String {
        let mut written = String::with_capacity(path.len());
        for piece in path.split_inclusive('[') {
            let index = piece.split_once(']').and_then(|(index, rest)| {
                let index = index.parse::<usize>().ok()?;
                written.ends_with('[').then_some((index, rest))
            });
            match index {
                Some((index, rest)) => {
                    let index = self.index_as_written(&written, index);
                    written.push_str(&format!("{index}]{rest}"));
                }
                None => written.push_str(piece),
            }
        }
        written
    }

    /// The index of an item of `list` (a path that ends in `[`) among all items written there.
    fn index_as_written(&self, list: &str, index: usize) -> usize {
        let mut left_out: Vec<usize> = self
            .left_out
            .iter()
            .filter_map(|path| path.strip_prefix(list)?.strip_suffix(']')?.parse().ok())
            .collect();
        left_out.sort_unstable();
        left_out
            .into_iter()
            .fold(index, |index, out| index.saturating_add(usize::from(out <= index)))
    }

    /// Adds a fault of the form. Decoding left out the value at `left_out`.
    pub(super) fn add_formal(&mut self, path: String, message: String, left_out: String) {
        self.left_out.push(left_out);
        // A required field of the wrong type is missing in the next round.
        if self.faults.iter().take(self.formal).any(|fault| fault.path == path) {
            return;
        }
        self.faults.insert(self.formal, Fault { path, message });
        self.formal = self.formal.saturating_add(1);
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
