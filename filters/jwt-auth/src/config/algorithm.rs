//! Signature algorithms and their names.

use serde::Deserialize;

/// A signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1). Excludes `none`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Algorithm {
    /// HMAC with SHA-256.
    #[serde(rename = "HS256")]
    Hs256,
    /// HMAC with SHA-384.
    #[serde(rename = "HS384")]
    Hs384,
    /// HMAC with SHA-512.
    #[serde(rename = "HS512")]
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PSS with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSASSA-PSS with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA on P-521 with SHA-512.
    #[serde(rename = "ES512")]
    Es512,
    /// Ed25519. RFC 8037 named it `EdDSA`, a name shared with Ed448. RFC 9864 named it `Ed25519`.
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["EdDSA", ED25519]), transform = without_const))]
    EdDsa,
}

/// The name of RFC 9864 section 2.2.
const ED25519: &str = "Ed25519";

/// Derived schemas omit the alias, so `enum` lists both names.
#[cfg(feature = "schema")]
fn without_const(schema: &mut schemars::Schema) {
    schema.remove("const");
}

impl Algorithm {
    /// All algorithms.
    pub const ALL: [Self; 13] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// The default algorithms of a fetched key set. RSA keys without `alg` get RS256, which every
    /// issuer supports. A key set is public, so HMAC is never allowed for it.
    pub const DEFAULT_FOR_KEY_SETS: [Self; 5] =
        [Self::Rs256, Self::Es256, Self::Es384, Self::Es512, Self::EdDsa];

    /// The name in a JOSE header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether `alg` is one of its names. Case matters (RFC 7515 section 4.1.1).
    pub fn has_name(self, alg: &str) -> bool {
        alg == self.name() || (self == Self::EdDsa && alg == ED25519)
    }

    /// The algorithm with the name `alg`.
    pub fn from_name(alg: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.has_name(alg))
    }

    /// The minimum size of a secret in bytes: the size of the hash (RFC 7518 section 3.2). `None`
    /// if the algorithm uses a public key.
    pub fn secret_size(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            _ => None,
        }
    }
}
