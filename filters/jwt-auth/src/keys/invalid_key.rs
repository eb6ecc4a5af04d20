//! Why a key is rejected.

use std::fmt;

use crate::keys::invalid_pem::InvalidPem;

/// Why a key is rejected. The texts quote no value, which may be a private key or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidKey {
    /// A text that is not a PEM block with a public key.
    Pem(InvalidPem),
    /// A private key as JWK, with the name of its private member.
    PrivateMember(&'static str),
    /// The content of the PEM block does not fit its label.
    NotDer,
    /// Not an RSA, EC or Ed25519 key.
    KeyType,
    /// A curve without an algorithm.
    Curve,
    /// A point that is not on the curve, at infinity, or of small order.
    Point,
    /// The size of the RSA modulus in bits.
    RsaSize(usize),
    /// The RSA modulus is even.
    RsaModulus,
    /// The RSA public exponent is even, 1, or too large.
    RsaExponent,
    /// Not a JSON object.
    NotJwk,
    /// The member is missing or not a string.
    Member(&'static str),
    /// The optional member is not a string.
    NotText(&'static str),
    /// The member is not base64url.
    NotBase64Url(&'static str),
    /// The member does not have this many bytes, the size of the curve's field (RFC 7518 section
    /// 6.2.1.2).
    MemberSize(&'static str, usize),
    /// `use` is present but not `sig`.
    Use,
    /// `key_ops` is present but lacks `verify`.
    KeyOps,
    /// `alg` is present but not a supported algorithm.
    Alg,
    /// `alg` needs a key of another type.
    AlgMisfit,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(invalid) => invalid.fmt(f),
            Self::PrivateMember(name) => write!(
                f,
                "is a private key, because it has the member {name:?}; give only the public members"
            ),
            Self::NotDer => f.write_str("has a PEM label that does not match its DER content"),
            Self::KeyType => f.write_str("must be an RSA, EC or Ed25519 key"),
            Self::Curve => f.write_str("must be on one of the curves P-256, P-384, P-521, Ed25519"),
            Self::Point => f.write_str("is not a valid point on its curve"),
            Self::RsaSize(bits) => {
                write!(f, "must have 2048 to 4096 bits (RFC 7518 3.3), got {bits}")
            }
            Self::RsaModulus => f.write_str("must have an odd modulus"),
            Self::RsaExponent => f.write_str("must have an odd public exponent from 3 to 2^33 - 1"),
            Self::NotJwk => f.write_str("must be a JSON Web Key, which is an object"),
            Self::Member(name) => write!(f, "needs the string member {name:?}"),
            Self::NotText(name) => write!(f, "has a member {name:?} that is not a string"),
            Self::NotBase64Url(name) => write!(
                f,
                "has a member {name:?} that is not base64url; RFC 7515 allows letters, digits, - and _"
            ),
            Self::MemberSize(name, size) => {
                write!(f, "has a member {name:?} that is not {size} bytes long (RFC 7518 6.2.1.2)")
            }
            Self::Use => f.write_str("has a \"use\" other than \"sig\""),
            Self::KeyOps => f.write_str("has \"key_ops\" without \"verify\""),
            Self::Alg => f.write_str("has an \"alg\" that is not a supported signature algorithm"),
            Self::AlgMisfit => f.write_str("has an \"alg\" for another key type"),
        }
    }
}

impl std::error::Error for InvalidKey {}

impl From<InvalidPem> for InvalidKey {
    fn from(invalid: InvalidPem) -> Self {
        Self::Pem(invalid)
    }
}
