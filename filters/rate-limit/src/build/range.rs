//! Ranges of numbers.

use novasphere_core::{BuildContext, with_separators};

/// Checks that the field at `path` is in `range`, both ends included. `unit` is empty or starts with
/// a space.
#[cold]
pub(super) fn within(
    path: &str,
    value: u32,
    range: (u32, u32),
    unit: &str,
    cx: &mut BuildContext<'_>,
) {
    let (min, max) = range;
    if !(min..=max).contains(&value) {
        let (min, max) = (with_separators(min), with_separators(max));
        cx.fault(path, format!("must be {min} to {max}{unit}, got {value}"));
    }
}
