//! Verification by the host.

use std::{borrow::Cow, convert::Infallible};

use jwt_compact::{Algorithm, AlgorithmSignature};
use novasphere_core::{Env, Hash};

use crate::metrics::Event;

/// An algorithm that asks the host first, and verifies itself if the host has no result.
pub(crate) struct HostFirst<'e, A> {
    pub(crate) algorithm: A,
    /// The hash of the message.
    pub(crate) hash: Hash,
    /// The key as a DER SubjectPublicKeyInfo.
    pub(crate) spki: &'e [u8],
    /// Converts a JWS signature to the format of hosts.
    pub(crate) encode: fn(Cow<'_, [u8]>) -> Vec<u8>,
    pub(crate) env: &'e Env<'e>,
}

impl<A: Algorithm> Algorithm for HostFirst<'_, A> {
    type SigningKey = Infallible;
    type VerifyingKey = A::VerifyingKey;
    type Signature = A::Signature;

    fn name(&self) -> Cow<'static, str> {
        self.algorithm.name()
    }

    fn sign(&self, key: &Infallible, _: &[u8]) -> A::Signature {
        match *key {}
    }

    fn verify_signature(
        &self,
        signature: &A::Signature,
        key: &A::VerifyingKey,
        message: &[u8],
    ) -> bool {
        let encoded = (self.encode)(signature.as_bytes());
        match self.env.verify.verify(self.hash, self.spki, &encoded, message) {
            Some(true) => {
                self.env.metrics.count(Event::VerifiedByHost.name());
                true
            }
            Some(false) => false,
            None => self.algorithm.verify_signature(signature, key, message),
        }
    }
}

/// The DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3) of a JWS signature, which is two numbers (RFC
/// 7518 section 3.4). For curves up to P-384, where all lengths take one byte.
pub(crate) fn ecdsa_sig_value(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let mut numbers = integer(r);
    numbers.extend(integer(s));
    der(0x30, &numbers)
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut number = bytes.get(zeros..).unwrap_or_default().to_vec();
    // A leading 1 bit would make the number negative. Zero takes one byte.
    if number.first().is_none_or(|byte| *byte >= 0x80) {
        number.insert(0, 0);
    }
    der(0x02, &number)
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or_default();
    [&[tag, length], content].concat()
}
