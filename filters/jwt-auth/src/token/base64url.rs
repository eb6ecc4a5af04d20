//! base64url (RFC 4648 section 5) without padding. Every byte string has exactly one encoding.

/// The text is not canonical base64url without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotBase64Url;

/// The six bits of each character. `NONE` for characters outside the alphabet.
const SIXTETS: [u8; 256] = sixtets();
const NONE: u8 = 0xff;

#[allow(clippy::indexing_slicing)] // evaluated at compile time, where a fault is an error
const fn sixtets() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut sixtets, mut i) = ([NONE; 256], 0);
    while i < alphabet.len() {
        sixtets[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    sixtets
}

/// Decodes `text`. Refuses padding, other characters and non-zero trailing bits, so that a signed
/// text has one form only.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, NotBase64Url> {
    let (groups, rest) = text.as_chunks::<4>();
    let size = groups.len().saturating_mul(3);
    let mut bytes = Vec::with_capacity(size.saturating_add(2));
    bytes.resize(size, 0);
    // The union of all sixtets. A character outside the alphabet sets the highest bit.
    let mut seen = 0;
    for (group, decoded) in groups.iter().zip(bytes.as_chunks_mut::<3>().0) {
        let [a, b, c, d] = group.map(sixtet);
        seen |= a | b | c | d;
        *decoded = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    let trailing = match *rest {
        [] => 0,
        [a, b] => {
            let [a, b] = [a, b].map(sixtet);
            seen |= a | b;
            bytes.push(a << 2 | b >> 4);
            b << 4
        }
        [a, b, c] => {
            let [a, b, c] = [a, b, c].map(sixtet);
            seen |= a | b | c;
            bytes.extend([a << 2 | b >> 4, b << 4 | c >> 2]);
            c << 6
        }
        _ => return Err(NotBase64Url),
    };
    if seen & 0x80 == 0 && trailing == 0 { Ok(bytes) } else { Err(NotBase64Url) }
}

fn sixtet(character: u8) -> u8 {
    SIXTETS.get(usize::from(character)).copied().unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepts_canonical_encoding_only() {
        assert_eq!(decode(b""), Ok(vec![]));
        assert_eq!(decode(b"_-8"), Ok(vec![0xff, 0xef]));
        for text in ["a", "aaaaa", "/+8", "_-8=", "_-9", "_-", "_x", " _-8", "_-8\n", "_\u{0}8="] {
            assert_eq!(decode(text.as_bytes()), Err(NotBase64Url), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_base64_crate(
            text in prop::collection::vec(
                prop_oneof![40 => prop::sample::select(&b"AZaz09-_Qgw"[..]), 1 => any::<u8>()], 0..40
            ),
        ) {
            let other = BASE64_URL_SAFE_NO_PAD.decode(&text).map_err(|_| NotBase64Url);
            prop_assert_eq!(decode(&text), other);
        }

        #[test]
        fn decodes_encoded_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(decode(BASE64_URL_SAFE_NO_PAD.encode(&bytes).as_bytes()), Ok(bytes));
        }
    }
}
