//! Public keys: the requirements on them in every format.

use std::fmt;

use novasphere_ecdsa::{Curve, EcKey};
use spki::{
    AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef,
    der::{
        self, Decode, Encode,
        asn1::{AnyRef, BitStringRef, UintRef},
    },
};

use crate::{
    config::Algorithm,
    keys::{invalid_key::InvalidKey, rsa::RsaKey},
};

/// A public key that meets the requirements.
#[derive(Clone)]
pub(crate) enum PublicKey {
    /// RSA, 2048 to 4096 bits.
    Rsa(RsaKey),
    /// EC on P-256, P-384 or P-521.
    Ec(EcKey),
    /// Ed25519.
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

// RFC 5480 sections 2.1.1 and 2.1.1.1, RFC 3279 section 2.3.1, RFC 8410 section 3.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// RFC 7518 section 3.3.
const MIN_RSA_BITS: usize = 2048;
/// Bounds the time of a verification, which grows with the size.
const MAX_RSA_BITS: usize = 4096;
/// The limit of BoringSSL, which verifies in Envoy.
const MAX_RSA_EXPONENT: u64 = (1 << 33) - 1;

impl PublicKey {
    /// Parses a DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self, InvalidKey> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| InvalidKey::NotDer)?;
        let key = spki.subject_public_key.as_bytes().ok_or(InvalidKey::NotDer)?;
        match spki.algorithm.oid {
            RSA_ENCRYPTION => Self::from_pkcs1(key),
            EC_PUBLIC_KEY => {
                let curve = spki.algorithm.parameters_oid().map_err(|_| InvalidKey::Curve)?;
                let curve = curve_of(curve).ok_or(InvalidKey::Curve)?;
                Self::from_point(curve, key)
            }
            ID_ED25519 => Self::ed25519(key),
            _ => Err(InvalidKey::KeyType),
        }
    }

    /// Parses a DER RSAPublicKey (RFC 8017 appendix A.1.1).
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, InvalidKey> {
        let key = pkcs1::RsaPublicKey::from_der(der).map_err(|_| InvalidKey::NotDer)?;
        Self::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    /// The RSA key with this modulus and exponent, both big-endian.
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, InvalidKey> {
        // Sizes first, because the other checks compute with these numbers.
        let modulus = without_zeros(modulus);
        let bits = bits(modulus);
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(InvalidKey::RsaSize(bits));
        }
        let e = number(exponent).filter(|e| e & 1 == 1 && (3..=MAX_RSA_EXPONENT).contains(e));
        let e = e.ok_or(InvalidKey::RsaExponent)?;
        RsaKey::new(modulus, e).map(Self::Rsa).ok_or(InvalidKey::RsaModulus)
    }

    /// The EC key with this point (SEC 1 section 2.3.3). The point must be on the curve and not at
    /// infinity.
    pub(crate) fn from_point(curve: Curve, point: &[u8]) -> Result<Self, InvalidKey> {
        EcKey::from_point(curve, point).map(Self::Ec).ok_or(InvalidKey::Point)
    }

    /// The Ed25519 key with this encoding (RFC 8032 section 5.1.2). Keys of small order are
    /// rejected, because one signature would be valid for many messages.
    pub(crate) fn ed25519(bytes: &[u8]) -> Result<Self, InvalidKey> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| InvalidKey::Point)?;
        ed25519_dalek::VerifyingKey::from_bytes(bytes)
            .ok()
            .filter(|key| !key.is_weak())
            .map(Self::Ed25519)
            .ok_or(InvalidKey::Point)
    }

    /// Whether keys of this type and curve can be used with `algorithm`.
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        match self {
            Self::Rsa(_) => {
                matches!(algorithm, A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512)
            }
            Self::Ec(key) => algorithm == algorithm_of(key.curve()),
            Self::Ed25519(_) => algorithm == A::EdDsa,
        }
    }

    /// The algorithm of a key without `alg`: the only possible one, or RS256, which RFC 7518 section
    /// 3.1 recommends.
    pub(crate) fn default_algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::Rs256,
            Self::Ec(key) => algorithm_of(key.curve()),
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// The key type, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "an RSA key",
            Self::Ec(key) => match key.curve() {
                Curve::P256 => "an EC key on P-256",
                Curve::P384 => "an EC key on P-384",
                Curve::P521 => "an EC key on P-521",
            },
            Self::Ed25519(_) => "an Ed25519 key",
        }
    }

    /// The DER SubjectPublicKeyInfo, the same for PEM and JWK.
    pub(crate) fn spki(&self) -> Vec<u8> {
        match self {
            // Fails only for numbers too long for DER. The size is limited.
            Self::Rsa(key) => spki_rsa(key).unwrap_or_default(),
            Self::Ec(key) => [spki_prefix(key.curve()), &key.point()].concat(),
            Self::Ed25519(key) => [SPKI_ED25519, key.as_bytes()].concat(),
        }
    }

    /// The size of a signature in bytes.
    pub(crate) fn signature_size(&self) -> usize {
        match self {
            Self::Rsa(key) => key.size(),
            Self::Ec(key) => 2 * key.curve().field_size(),
            Self::Ed25519(_) => 64,
        }
    }
}

// SubjectPublicKeyInfo without its last field, which has a fixed length: the uncompressed point (RFC
// 5480 section 2.2), or the 32 bytes of an Ed25519 key (RFC 8410 section 4).
const SPKI_P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\
                           \xce\x3d\x03\x01\x07\x03\x42\0";
const SPKI_P384: &[u8] =
    b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\
                           \0\x22\x03\x62\0";
const SPKI_P521: &[u8] =
    b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\
                           \x04\0\x23\x03\x81\x86\0";
const SPKI_ED25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\0";

fn spki_rsa(key: &RsaKey) -> der::Result<Vec<u8>> {
    let (modulus, exponent) = (key.modulus(), key.exponent().to_be_bytes());
    let key = pkcs1::RsaPublicKey {
        modulus: UintRef::new(&modulus)?,
        public_exponent: UintRef::new(&exponent)?,
    };
    let key = key.to_der()?;
    let subject_public_key = BitStringRef::from_bytes(&key)?;
    let parameters = Some(AnyRef::NULL);
    let algorithm = AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters };
    SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der()
}

fn spki_prefix(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => SPKI_P256,
        Curve::P384 => SPKI_P384,
        Curve::P521 => SPKI_P521,
    }
}

fn curve_of(oid: ObjectIdentifier) -> Option<Curve> {
    match oid {
        SECP256R1 => Some(Curve::P256),
        SECP384R1 => Some(Curve::P384),
        SECP521R1 => Some(Curve::P521),
        _ => None,
    }
}

/// The one algorithm of keys on this curve (RFC 7518 section 3.4).
fn algorithm_of(curve: Curve) -> Algorithm {
    match curve {
        Curve::P256 => Algorithm::Es256,
        Curve::P384 => Algorithm::Es384,
        Curve::P521 => Algorithm::Es512,
    }
}

/// The size of a big-endian number in bits, without leading zeros.
fn bits(number: &[u8]) -> usize {
    let number = without_zeros(number);
    let first = number.first().map_or(0, |byte| byte.leading_zeros() as usize);
    (number.len() * 8).saturating_sub(first)
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// A big-endian number. `None` above 64 bits.
fn number(bytes: &[u8]) -> Option<u64> {
    (bits(bytes) <= 64).then(|| bytes.iter().fold(0, |n, byte| (n << 8) | u64::from(*byte)))
}
