//! Comparing bytes without the C library, whose WebAssembly form goes byte by byte.

/// Whether two texts are the same. Takes the same time wherever they differ, if they are of one
/// length.
pub fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    let ((words_a, rest_a), (words_b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let words = words_a.iter().zip(words_b);
    let difference = words.fold(0, |difference, (a, b)| {
        difference | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b))
    });
    let rests = rest_a.iter().zip(rest_b);
    let difference_of_rests = rests.fold(0, |difference, (a, b)| difference | (a ^ b));
    a.len() == b.len() && difference == 0 && difference_of_rests == 0
}

/// Whether two names are the same in any case. Most hosts give names in lower case, and most of one
/// length differ at the end.
#[inline]
pub(crate) fn is_called(line: &[u8], name: &[u8]) -> bool {
    line.len() == name.len()
        && line.last().map(u8::to_ascii_lowercase) == name.last().map(u8::to_ascii_lowercase)
        && (same_bytes(line, name) || line.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_compared_one_and_all() {
        let text: Vec<u8> = (0..40).collect();
        for end in 0..text.len() {
            let text = &text[..end];
            assert!(same_bytes(text, text));
            assert!(!same_bytes(text, &[text, b"x"].concat()));
            assert!(!same_bytes(&[text, b"x"].concat(), text));
            for at in 0..end {
                let mut other = text.to_vec();
                other[at] ^= 0x80;
                assert!(!same_bytes(text, &other), "{end} bytes, at {at}");
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
