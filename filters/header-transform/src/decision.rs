//! The reasons of the filter's decisions.

novasphere_core::metric_names! {
    /// Why a request continued.
    pub(crate) enum Reason {
        /// The filter never rejects a request.
        Passed => "passed",
    }
}
