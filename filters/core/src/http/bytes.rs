//! Byte comparison, eight bytes at a time. On WebAssembly the C library's `memcmp` works byte by
//! byte.

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
