//! Limits.

use serde::Deserialize;

/// The maximum of `window.seconds`: 366 days.
pub(crate) const MAX_WINDOW_SECONDS: u32 = 366 * 86_400;

/// A window of any length.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"seconds": 600, "requests": 100}])))]
pub struct WindowConfig {
    /// The length in seconds, 1 to 31,622,400 (366 days). Windows start at multiples of it since the
    /// epoch. Required.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_WINDOW_SECONDS)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [600])))]
    pub seconds: u32,
    /// Requests per window, from 1. Required.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [100])))]
    pub requests: u32,
}
