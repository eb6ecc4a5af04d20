//! Byte comparison and search, eight bytes at a time. On WebAssembly the C library and the standard
//! library work byte by byte, and `memchr` without SIMD works four bytes at a time.

/// Whether two byte strings are equal. For equal lengths, the time does not depend on where they
/// differ.
pub fn bytes_eq(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (words_a, words_b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let words = words_a.iter().zip(words_b);
    let difference = words.fold(0, |difference, (a, b)| {
        difference | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b))
    });
    // The last word may overlap the previous one.
    let rest = match (a.last_chunk(), b.last_chunk()) {
        (Some(a), Some(b)) => u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b),
        _ => a.iter().zip(b).fold(0, |difference, (a, b)| difference | u64::from(a ^ b)),
    };
    difference | rest == 0
}

/// Whether two header names are equal, ignoring ASCII case. Most names differ in length.
#[inline(always)]
pub(crate) fn name_eq(line: &[u8], name: &[u8]) -> bool {
    line.len() == name.len() && name_eq_same_length(line, name)
}

/// Most names of one length differ in the last byte. Most hosts pass names in lower case.
fn name_eq_same_length(line: &[u8], name: &[u8]) -> bool {
    line.last().map(u8::to_ascii_lowercase) == name.last().map(u8::to_ascii_lowercase)
        && (bytes_eq(line, name) || line.eq_ignore_ascii_case(name))
}

/// The index of the first `byte` in `text`.
pub fn find_byte(text: &[u8], byte: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let wanted = ONES.wrapping_mul(byte.into());
    let (words, _) = text.as_chunks::<8>();
    // A byte of the difference is zero where `byte` is. The lowest zero byte is always detected.
    let contains = |word: &[u8; 8]| {
        let difference = u64::from_le_bytes(*word) ^ wanted;
        difference.wrapping_sub(ONES) & !difference & (ONES << 7) != 0
    };
    let start = words.iter().position(contains).unwrap_or(words.len()).saturating_mul(8);
    let rest = text.get(start..).unwrap_or_default();
    rest.iter().position(|b| *b == byte).map(|offset| start.saturating_add(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_every_byte() {
        let text: Vec<u8> = (0..40).collect();
        for end in 0..text.len() {
            let text = &text[..end];
            assert!(bytes_eq(text, text));
            assert!(!bytes_eq(text, &[text, b"x"].concat()));
            assert!(!bytes_eq(&[text, b"x"].concat(), text));
            for at in 0..end {
                let mut other = text.to_vec();
                other[at] ^= 0x80;
                assert!(!bytes_eq(text, &other), "{end} bytes, at {at}");
            }
        }
    }

    #[test]
    fn finds_the_first_occurrence() {
        for length in 0..40 {
            for byte in [0, 1, b'.', 0x7f, 0x80, 0xff] {
                let other = byte.wrapping_add(1);
                let mut text = vec![other; length];
                assert_eq!(find_byte(&text, byte), None);
                for at in (0..length).rev() {
                    text[at] = byte;
                    assert_eq!(find_byte(&text, byte), Some(at), "{byte} in {length}");
                }
                let text = vec![byte.wrapping_sub(1); length];
                assert_eq!(find_byte(&text, byte), None);
            }
        }
    }

    #[test]
    fn names_are_equal_in_any_case() {
        for line in ["x-user-id", "X-User-Id", "X-USER-ID"] {
            assert!(name_eq(line.as_bytes(), b"x-user-id"), "{line}");
        }
        for line in ["", "x-user-ie", "y-user-id", "x_user-id", "x-user-i", "x-user-id2"] {
            assert!(!name_eq(line.as_bytes(), b"x-user-id"), "{line}");
        }
        assert!(name_eq(b"", b""));
    }
}
