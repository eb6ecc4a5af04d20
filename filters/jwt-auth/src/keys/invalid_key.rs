//! Why a key is not taken.

use std::fmt;

/// Why a key is not taken. Quotes nothing of it: what was given may be a private key or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidKey {
    /// No PEM block that is whole.
    NotPem,
    /// More than one PEM block.
    SeveralPemBlocks,
    /// A PEM block of another kind.
    PemLabel,
    /// A private key, as PEM.
    PrivatePem,
    /// A private key, as JWK: the member that says so.
    PrivateMember(&'static str),
    /// The block's content is not what its label says.
    NotDer,
    /// Neither RSA nor EC nor Ed25519.
    KeyType,
    /// A curve no algorithm is for.
    Curve,
    /// Not on the curve, or of small order.
    Point,
    /// The RSA modulus has this many bits.
    RsaSize(usize),
    /// The RSA modulus is even.
    RsaModulus,
    /// The RSA public exponent is even, 1, or too large.
    RsaExponent,
    /// Not a JSON object.
    NotJwk,
    /// The member is missing or no string.
    Member(&'static str),
    /// The member is not base64url.
    NotBase64Url(&'static str),
    /// The member is not as many bytes as the curve's field (RFC 7518 section 6.2.1.2).
    MemberSize(&'static str, usize),
    /// `use` is there and not `sig`.
    Use,
    /// `key_ops` is there and lacks `verify`.
    KeyOps,
    /// `alg` is there and names none of our algorithms.
    Alg,
    /// `alg` is one for keys of another type.
    AlgMisfit,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPem => f.write_str(
                "must be PEM text (RFC 7468): one block PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE",
            ),
            Self::SeveralPemBlocks => f.write_str(
                "holds more than one PEM block; of a certificate chain, give the first only",
            ),
            Self::PemLabel => {
                f.write_str("is a PEM block other than PUBLIC KEY, RSA PUBLIC KEY and CERTIFICATE")
            }
            Self::PrivatePem => f.write_str(
                "is a private key, which does not belong here; give the public key only",
            ),
            Self::PrivateMember(name) => write!(
                f,
                "has the member {name:?}, so it is a private key, which does not belong here; give \
                 the public members only"
            ),
            Self::NotDer => f.write_str("does not hold the DER that its PEM label promises"),
            Self::KeyType => f.write_str("is neither an RSA nor an EC nor an Ed25519 key"),
            Self::Curve => f.write_str("is on a curve other than P-256, P-384, P-521 and Ed25519"),
            Self::Point => f.write_str("is not a good point of its curve"),
            Self::RsaSize(bits) => {
                write!(f, "must have 2048 to 4096 bits (RFC 7518 3.3), not {bits}")
            }
            Self::RsaModulus => f.write_str("has an even modulus"),
            Self::RsaExponent => {
                f.write_str("has a public exponent that is even, below 3 or above 2^33 - 1")
            }
            Self::NotJwk => f.write_str("must be a JSON Web Key, an object"),
            Self::Member(name) => write!(f, "needs the member {name:?}, a string"),
            Self::NotBase64Url(name) => {
                write!(f, "has a member {name:?} that is not base64url without padding")
            }
            Self::MemberSize(name, size) => {
                write!(f, "has a member {name:?} that is not {size} bytes long (RFC 7518 6.2.1.2)")
            }
            Self::Use => f.write_str("has a \"use\" other than \"sig\""),
            Self::KeyOps => f.write_str("has \"key_ops\" without \"verify\""),
            Self::Alg => f.write_str("has an \"alg\" that is no signature algorithm known here"),
            Self::AlgMisfit => f.write_str("has an \"alg\" for keys of another type"),
        }
    }
}

impl std::error::Error for InvalidKey {}
