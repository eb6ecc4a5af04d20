//! Byte comparison, eight bytes at a time. On WebAssembly the C library's `memcmp` works byte by
//! byte.

/// Whether two byte strings are equal. For equal lengths, the time does not depend on where they
/// differ.
pub fn bytes_eq(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // The last chunk may overlap the previous one.
    if let (Some(last_a), Some(last_b)) = (a.last_chunk::<32>(), b.last_chunk::<32>()) {
        let chunks = a.as_chunks::<32>().0.iter().zip(b.as_chunks::<32>().0);
        chunks.fold(difference(last_a, last_b), |all, (a, b)| all | difference(a, b)) == 0
    } else if let (Some(last_a), Some(last_b)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        let chunks = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
        chunks.fold(difference(last_a, last_b), |all, (a, b)| all | difference(a, b)) == 0
    } else if let (Some(a), Some(b)) = (short_word(a), short_word(b)) {
        a == b
    } else {
        a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }
}

/// All bytes of a string of 4 to 8 bytes, as one word. Its halves may overlap.
fn short_word(text: &[u8]) -> Option<u64> {
    let (first, last) = (text.first_chunk()?, text.last_chunk()?);
    Some(u64::from(u32::from_ne_bytes(*first)) << 32 | u64::from(u32::from_ne_bytes(*last)))
}

/// Zero if both are equal. `N` is a multiple of 8.
#[inline(always)]
fn difference<const N: usize>(a: &[u8; N], b: &[u8; N]) -> u64 {
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    words.fold(0, |all, (a, b)| all | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b)))
}

/// A byte in each byte of a word.
const fn repeated(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of each byte of `word` that is less than `bound`, at most 128. Bytes after the first
/// one may be wrong.
const fn less_than(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(repeated(bound)) & !word & repeated(0x80)
}

/// The index of the first `byte`.
pub(crate) fn position(byte: u8, text: &[u8]) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = less_than(u64::from_le_bytes(*word) ^ repeated(byte), 1);
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|other| *other == byte).map(|index| words.len() * 8 + index)
}

/// Whether the text contains a control character (US-ASCII 0 to 31, and 127) other than tab.
pub(crate) fn has_control(text: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte != b'\t' && byte.is_ascii_control();
    let (words, rest) = text.as_chunks::<8>();
    let maybe = words.iter().fold(0, |maybe, word| {
        let word = u64::from_ne_bytes(*word);
        maybe | less_than(word, b' ') | less_than(word ^ repeated(0x7f), 1)
    });
    (maybe != 0 && words.iter().flatten().any(is_control)) || rest.iter().any(is_control)
}

/// Whether two header names are equal, ignoring ASCII case. Most hosts pass names in lower case.
pub(crate) fn name_eq(line: &[u8], name: &[u8]) -> bool {
    bytes_eq(line, name) || are_equal_in_another_case(line, name)
}

/// Not inlined, because each comparison with a constant name would add much code.
#[cold]
#[inline(never)]
fn are_equal_in_another_case(line: &[u8], name: &[u8]) -> bool {
    line.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_every_byte() {
        let text: Vec<u8> = (0..100).collect();
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
    fn words_are_searched_like_bytes() {
        for byte in 0..=u8::MAX {
            for at in 0..20 {
                let mut text = [b'a'; 20];
                text[at] = byte;
                let slow = text.iter().position(|other| *other == byte);
                assert_eq!(position(byte, &text), slow, "{byte} at {at}");
                let is_control = byte.is_ascii_control() && byte != b'\t';
                assert_eq!(has_control(&text), is_control, "{byte} at {at}");
                text[(at + 1) % 20] = b'\t';
                assert_eq!(has_control(&text), is_control, "{byte} at {at}, and a tab");
            }
        }
        assert_eq!(position(b'?', b""), None);
        assert_eq!(position(b'?', &[b'a'; 20]), None);
        assert!(!has_control(b""));
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
