//! [`Label`]: a string that only notes need.

/// A string of the configuration for notes. In the modules it takes no memory and is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label(#[cfg(feature = "trace")] String);

#[cfg(feature = "trace")]
impl Label {
    /// Keeps the text.
    pub fn new(make: impl FnOnce() -> String) -> Self {
        Self(make())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(not(feature = "trace"))]
impl Label {
    /// Does not call `make`.
    #[inline(always)]
    pub fn new(_: impl FnOnce() -> String) -> Self {
        Self()
    }

    /// Empty.
    #[inline(always)]
    pub fn as_str(&self) -> &str {
        ""
    }
}
