//! Values shared by all workers of one proxy, with compare-and-swap.

use std::fmt;

/// A map shared by all workers of one proxy, with compare-and-swap.
///
/// Hosts cannot delete a key, so keys must come from a bounded set: a fixed prefix plus 4 index
/// bytes.
pub trait SharedData {
    /// Returns the value of `key` and its CAS token.
    ///
    /// # Errors
    /// If the host has no shared data or the call fails.
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError>;

    /// Writes `value` if the CAS token of `key` is still `seen`. With `None`, writes it if `key` is
    /// still missing.
    ///
    /// # Errors
    /// If the host has no shared data or the call fails. A lost race is not an error.
    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Cas>,
    ) -> Result<Written, SharedDataError>;
}

/// The CAS token of a stored value, as the host counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cas(pub u32);

/// The result of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The value is stored.
    Done,
    /// Another worker wrote first. Nothing was stored.
    CasMismatch,
}

/// The action that an update closure requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Write the value.
    Write,
    /// Leave the stored value as it is.
    Keep,
}

/// Why a shared value could not be updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedDataError {
    /// The host call failed, with this status code.
    Host(u32),
    /// Other workers won the race on every try.
    Contended,
}

impl fmt::Display for SharedDataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(status) => write!(f, "shared data failed with host status {status}"),
            Self::Contended => write!(f, "the shared value is contended"),
        }
    }
}

impl std::error::Error for SharedDataError {}

/// Maximum number of tries of one update. Each lost try means that another worker succeeded, so a few
/// workers do not exhaust even ten. The bound ends the loop on a faulty host.
const UPDATE_TRIES: usize = 100;

impl dyn SharedData + '_ {
    /// Updates the value of `key`. `change` gets the value (empty if the key is missing), edits it
    /// and returns whether to write it. After a lost race, the whole of `change` runs again on the
    /// new value.
    ///
    /// ```
    /// use novasphere_core::{Change, SharedData, testing::TestHost};
    ///
    /// fn count(data: &dyn SharedData) -> Result<u8, novasphere_core::SharedDataError> {
    ///     data.update(b"requests", |value| {
    ///         let count = value.first().map_or(1, |count| count.saturating_add(1));
    ///         *value = vec![count];
    ///         (Change::Write, count)
    ///     })
    /// }
    ///
    /// let host = TestHost::default();
    /// assert_eq!(count(&host), Ok(1));
    /// host.cas_mismatches.set(3);
    /// assert_eq!(count(&host), Ok(2));
    /// ```
    ///
    /// # Errors
    /// [`SharedDataError`]. In that case nothing was written.
    pub fn update<T>(
        &self,
        key: &[u8],
        mut change: impl FnMut(&mut Vec<u8>) -> (Change, T),
    ) -> Result<T, SharedDataError> {
        for _ in 0..UPDATE_TRIES {
            let (mut value, seen) = match self.read(key)? {
                Some((value, cas)) => (value, Some(cas)),
                None => (Vec::new(), None),
            };
            let (action, result) = change(&mut value);
            if action == Change::Keep || self.write(key, &value, seen)? == Written::Done {
                return Ok(result);
            }
        }
        Err(SharedDataError::Contended)
    }
}
