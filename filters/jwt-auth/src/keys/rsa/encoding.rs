//! The encoded messages of RFC 8017 section 9.

use novasphere_core::Hash;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The hash of the concatenated parts.
pub(super) fn digest(hash: Hash, parts: &[&[u8]]) -> Vec<u8> {
    fn of<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
        parts.iter().fold(D::new(), |digest, part| digest.chain_update(part)).finalize().to_vec()
    }
    match hash {
        Hash::Sha256 => of::<Sha256>(parts),
        Hash::Sha384 => of::<Sha384>(parts),
        Hash::Sha512 => of::<Sha512>(parts),
    }
}

/// The DER DigestInfo up to the hash (RFC 8017 section 9.2, note 1).
fn digest_info(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Sha256 => {
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\0\x04\x20"
        }
        Hash::Sha384 => {
            b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\0\x04\x30"
        }
        Hash::Sha512 => {
            b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\0\x04\x40"
        }
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2): the one encoding of a digest in `size` bytes.
pub(super) fn pkcs1(hash: Hash, digest: &[u8], size: usize) -> Vec<u8> {
    let info = [digest_info(hash), digest].concat();
    // At least 8 bytes are required. The smallest keys have 256 bytes and leave 170.
    let padding = vec![0xff; size.saturating_sub(info.len() + 3)];
    [&[0, 1], &padding[..], &[0], &info].concat()
}

/// EMSA-PSS-VERIFY (RFC 8017 section 9.1.2): whether `encoded` encodes the digest for a modulus of
/// `modulus_bits`. The salt has the size of the digest.
pub(super) fn is_pss(hash: Hash, digest: &[u8], encoded: &[u8], modulus_bits: usize) -> bool {
    is_consistent(hash, digest, encoded, modulus_bits).unwrap_or(false)
}

/// `None` or `Some(false)` stand for the standard's "inconsistent".
fn is_consistent(hash: Hash, digest: &[u8], encoded: &[u8], modulus_bits: usize) -> Option<bool> {
    // The encoded message has one bit less than the modulus, which can be one byte less.
    let bits = modulus_bits.checked_sub(1)?;
    let (above, encoded) =
        encoded.split_at_checked(encoded.len().checked_sub(bits.div_ceil(8))?)?;
    let (trailer, encoded) = encoded.split_last()?;
    let (masked, h) = encoded.split_at_checked(encoded.len().checked_sub(digest.len())?)?;
    // The bits of the first byte that belong to the encoded message.
    let kept = u8::MAX >> (bits.wrapping_neg() % 8);
    if above.iter().any(|byte| *byte != 0) || *trailer != 0xbc || masked.first()? & !kept != 0 {
        return None;
    }
    let mut block = masked.to_vec();
    for (counter, chunk) in (0u32..).zip(block.chunks_mut(digest.len())) {
        let mask = self::digest(hash, &[h, &counter.to_be_bytes()]);
        chunk.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
    *block.first_mut()? &= kept;
    let (padding, salt) = block.split_at_checked(block.len().checked_sub(digest.len())?)?;
    let (one, zeros) = padding.split_last()?;
    let is_padded = *one == 1 && zeros.iter().all(|byte| *byte == 0);
    Some(is_padded && self::digest(hash, &[&[0; 8], digest, salt]) == h)
}
