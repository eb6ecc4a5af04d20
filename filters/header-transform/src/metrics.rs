//! The events that the filter counts.

novasphere_core::metric_names! {
    /// An entry without effect on a request.
    pub(crate) enum Event {
        /// A variable or the whole value was missing or empty.
        InputMissing => "input_missing",
        /// A value was invalid or too long.
        ValueInvalid => "value_invalid",
    }
}
