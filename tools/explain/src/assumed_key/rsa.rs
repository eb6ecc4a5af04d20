//! RSASSA-PSS signatures of the assumed RSA key.
//!
//! The modulus is 2^2048 - 1. Its factors are the known factors of the Fermat numbers F0 to F10, so
//! anyone can sign with it.

use crypto_bigint::{
    BoxedUint, Odd,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The bytes of the modulus and of a signature.
pub(super) const SIZE: usize = 256;

/// The big-endian modulus.
pub(super) const MODULUS: [u8; SIZE] = [0xff; SIZE];

/// The private exponent in hexadecimal digits: the inverse of 65537 modulo the least common multiple
/// of p - 1 of all factors p.
const PRIVATE_EXPONENT: &str = "\
    35C93CC1723B8D48BE9C10E0DF3CE97FD5C4AE58E5B3DAFC39595AA85634BDEDF329FB314B7DC8D250394514\
    71E0A7D62EEF16E8FFBADBE50867DC750483C0257B6FF855933575D791C2AF2C557904EFD36C961C4EAF3DCE\
    E407F893FBFF02719E64748A2BD876225F176639BF2454E170426A3B1B3F5650AFFB58E7746D7EEEC85355F3\
    968B3F22EB634C4423BCB207E2E7022DD1294C223E39B8F60AB5053D3D02FD08701FF96797E95D64136A30A4\
    A04A3B12D4B949800CACB0CC576C1976C46B6CE70728D553737D02C231DCF7C3B6B71A025367D637ABF0BF39\
    C7D23165BC7D130001";

/// The signature (RFC 8017 section 8.1.1) with a salt of zeros. `None` for another algorithm.
pub(super) fn sign_pss(algorithm: &str, message: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        "PS256" => power(&encode_pss::<Sha256>(message)),
        "PS384" => power(&encode_pss::<Sha384>(message)),
        "PS512" => power(&encode_pss::<Sha512>(message)),
        _ => None,
    }
}

/// EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) for a modulus of 2048 bits.
fn encode_pss<D: Digest>(message: &[u8]) -> Vec<u8> {
    let digest = D::digest(message);
    let salt = vec![0; digest.len()];
    let hash = D::new().chain_update([0; 8]).chain_update(&digest).chain_update(&salt).finalize();
    let padding = SIZE.saturating_sub(2 + salt.len() + hash.len());
    let mut block = [&vec![0; padding][..], &[1], &salt].concat();
    let counters = 0_u32..;
    let mask = counters.flat_map(|n| {
        D::new().chain_update(&hash).chain_update(n.to_be_bytes()).finalize().to_vec()
    });
    block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    // The encoded message has one bit less than the modulus.
    block.iter_mut().take(1).for_each(|byte| *byte &= 0x7f);
    [&block[..], &hash, &[0xbc]].concat()
}

/// RSASP1 (RFC 8017 section 5.2.1).
fn power(encoded: &[u8]) -> Option<Vec<u8>> {
    let modulus = Odd::new(BoxedUint::from_be_slice_vartime(&MODULUS)).into_option()?;
    let modulus = BoxedMontyParams::new_vartime(modulus);
    let base = BoxedUint::from_be_slice(encoded, modulus.bits_precision()).ok()?;
    let base = BoxedMontyForm::new(base, &modulus);
    let mut power = BoxedMontyForm::one(&modulus);
    for byte in super::decode(PRIVATE_EXPONENT) {
        for bit in (0..8).rev() {
            power = power.square();
            if (byte >> bit) & 1 == 1 {
                power = power.mul(&base);
            }
        }
    }
    Some(power.retrieve().to_be_bytes().to_vec())
}
