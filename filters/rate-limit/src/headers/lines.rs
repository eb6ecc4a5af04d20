//! Header lines and decimal numbers in them.

use std::borrow::Cow;

use novasphere_core::HeaderName;

/// Header lines of a local response.
pub(crate) type Lines<'f> = Vec<(&'f HeaderName, Cow<'f, [u8]>)>;

/// The number of decimal digits of `u32::MAX`.
pub(super) const MAX_DIGITS: usize = 10;

/// A header value with a number.
pub(super) fn decimal<'f>(number: u32) -> Cow<'f, [u8]> {
    let mut text = Vec::with_capacity(MAX_DIGITS);
    push_decimal(&mut text, number);
    Cow::Owned(text)
}

/// Appends a number. Many times cheaper than `format!` in a WebAssembly module.
pub(super) fn push_decimal(text: &mut Vec<u8>, number: u32) {
    let (mut digits, mut rest, mut count) = ([b'0'; MAX_DIGITS], number, 0_usize);
    for digit in digits.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
        count += 1;
        if rest == 0 {
            break;
        }
    }
    text.extend_from_slice(digits.get(MAX_DIGITS - count..).unwrap_or_default());
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
