//! Comparing bytes without the C library, whose WebAssembly form goes byte by byte.

/// Whether two texts are the same. Takes the same time wherever they differ, if they are of one
/// length.
pub fn bytes_eq(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (words_a, words_b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let words = words_a.iter().zip(words_b);
    let difference = words.fold(0, |difference, (a, b)| {
        difference | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b))
    });
    // The last word may overlap the one before it.
    let rest = match (a.last_chunk(), b.last_chunk()) {
        (Some(a), Some(b)) => u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b),
        _ => a.iter().zip(b).fold(0, |difference, (a, b)| difference | u64::from(a ^ b)),
    };
    difference | rest == 0
}

/// Whether two names are the same in any case. Most differ in length.
#[inline(always)]
pub(crate) fn is_called(line: &[u8], name: &[u8]) -> bool {
    line.len() == name.len() && is_same_name(line, name)
}

/// The same of names of one length. Most of these differ at the end; hosts give them in lower case,
/// mostly.
fn is_same_name(line: &[u8], name: &[u8]) -> bool {
    line.last().map(u8::to_ascii_lowercase) == name.last().map(u8::to_ascii_lowercase)
        && (bytes_eq(line, name) || line.eq_ignore_ascii_case(name))
}

/// Where `byte` is first, looked for in eight places at a time.
pub fn find_byte(text: &[u8], byte: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let wanted = ONES.wrapping_mul(byte.into());
    let (words, _) = text.as_chunks::<8>();
    // A byte is zero where it is the one that is looked for; the lowest zero is found for sure.
    let is_in = |word: &[u8; 8]| {
        let difference = u64::from_le_bytes(*word) ^ wanted;
        difference.wrapping_sub(ONES) & !difference & (ONES << 7) != 0
    };
    let start = words.iter().position(is_in).unwrap_or(words.len()).saturating_mul(8);
    let rest = text.get(start..).unwrap_or_default();
    rest.iter().position(|b| *b == byte).map(|at| start.saturating_add(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_compared_one_and_all() {
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
    fn the_first_of_its_kind_is_found() {
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
    fn names_have_any_case() {
        for line in ["x-user-id", "X-User-Id", "X-USER-ID"] {
            assert!(is_called(line.as_bytes(), b"x-user-id"), "{line}");
        }
        for line in ["", "x-user-ie", "y-user-id", "x_user-id", "x-user-i", "x-user-id2"] {
            assert!(!is_called(line.as_bytes(), b"x-user-id"), "{line}");
        }
        assert!(is_called(b"", b""));
    }
}
