//! The public key, and the arithmetic with it.

use crypto_bigint::{
    BoxedUint, Odd,
    modular::{BoxedMontyForm, BoxedMontyParams},
};

/// A public key. All its numbers are public, so the time of a computation may depend on them.
#[derive(Clone)]
pub(crate) struct RsaKey {
    /// The modulus n, with the numbers that Montgomery multiplication needs. Computed once, because
    /// this costs as much as verifying a signature.
    modulus: BoxedMontyParams,
    exponent: u64,
    bits: usize,
}

impl RsaKey {
    /// The key with a big-endian modulus without leading zeros. `None` if the modulus is even.
    pub(crate) fn new(modulus: &[u8], exponent: u64) -> Option<Self> {
        let modulus = BoxedUint::from_be_slice_vartime(modulus);
        let bits = modulus.bit_width_vartime() as usize;
        let modulus = Odd::new(modulus).into_option()?;
        Some(Self { modulus: BoxedMontyParams::new_vartime(modulus), exponent, bits })
    }

    /// The size of the modulus in bits.
    pub(crate) fn bits(&self) -> usize {
        self.bits
    }

    /// The size of the modulus in bytes.
    pub(crate) fn size(&self) -> usize {
        self.bits.div_ceil(8)
    }

    /// The big-endian modulus.
    pub(crate) fn modulus(&self) -> Vec<u8> {
        self.bytes(self.modulus.modulus().as_ref())
    }

    /// The public exponent.
    pub(crate) fn exponent(&self) -> u64 {
        self.exponent
    }

    /// RSAVP1 (RFC 8017 section 5.2.2): the number that the owner of the key signed, in the size of
    /// the modulus. `None` if the signature is not less than the modulus.
    pub(super) fn recover(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let precision = self.modulus.bits_precision();
        let signature = BoxedUint::from_be_slice(signature, precision).ok()?;
        if signature >= **self.modulus.modulus() {
            return None;
        }
        let signature = BoxedMontyForm::new(signature, &self.modulus);
        // From the second highest bit of the exponent on: 16 squares and one product for 65537.
        let mut power = signature.clone();
        for bit in (0..self.exponent.checked_ilog2()?).rev() {
            power = power.square();
            if (self.exponent >> bit) & 1 == 1 {
                power = power.mul(&signature);
            }
        }
        Some(self.bytes(&power.retrieve()))
    }

    /// The lower bytes of a number, in the size of the modulus.
    fn bytes(&self, number: &BoxedUint) -> Vec<u8> {
        let bytes = number.to_be_bytes();
        let zeros = bytes.len().saturating_sub(self.size());
        bytes.get(zeros..).unwrap_or_default().to_vec()
    }
}
