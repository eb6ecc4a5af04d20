//! Header lines and decimal numbers in them.

use std::borrow::Cow;

use novasphere_core::HeaderName;

/// A header line.
pub(super) type Line<'f> = (&'f HeaderName, Cow<'f, [u8]>);

/// Header lines of a local response.
pub(crate) type Lines<'f> = Vec<Line<'f>>;

/// A header value with a number.
pub(super) fn decimal<'f>(number: u32) -> Cow<'f, [u8]> {
    Cow::Owned(itoa::Buffer::new().format(number).as_bytes().to_vec())
}

/// Appends a number.
pub(super) fn push_decimal(text: &mut Vec<u8>, number: u32) {
    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_equal_formatted_numbers() {
        for number in (0..=u32::BITS).map(|bits| u32::MAX.checked_shr(bits).unwrap_or(0)) {
            for number in [number, number / 10 * 10, number / 3] {
                assert_eq!(&*decimal(number), number.to_string().as_bytes());
            }
        }
    }
}
