//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD},
};
use novasphere_core::Json;
use novasphere_ecdsa::Curve;

use crate::{
    config::Algorithm,
    keys::{invalid_key::InvalidKey, public_key::PublicKey},
};

/// A JSON Web Key that verifies signatures.
#[derive(Debug)]
pub(crate) struct Jwk {
    pub(crate) material: Material,
    /// The key's identifier among the keys of its owner.
    pub(crate) kid: Option<String>,
    /// The one algorithm that its owner allows. `None` for any that fits.
    pub(crate) algorithm: Option<Algorithm>,
    /// The member `issuer` of a key set that several tenants share.
    pub(crate) issuer: Option<String>,
    /// Accepted deviations from the standard.
    pub(crate) deviations: Vec<Deviation>,
}

/// A deviation from the standard that leaves no doubt about the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deviation {
    /// The member has padding, which RFC 7515 section 2 forbids.
    Padding(&'static str),
    /// The coordinate lacks leading zeros. RFC 7518 section 6.2.1.2 requires the size of the
    /// curve's field.
    LeadingZeros(&'static str),
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Padding(name) => {
                write!(f, "has padding (=) in the member {name:?}, against RFC 7515 section 2")
            }
            Self::LeadingZeros(name) => write!(
                f,
                "has a member {name:?} without its leading zeros, against RFC 7518 section 6.2.1.2"
            ),
        }
    }
}

/// Key material. `Debug` shows no secret.
pub(crate) enum Material {
    /// A secret for HMAC.
    Secret(Vec<u8>),
    /// A public key.
    Public(PublicKey),
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("Secret"),
            Self::Public(key) => f.debug_tuple("Public").field(key).finish(),
        }
    }
}

impl Material {
    /// Whether the key can be used with `algorithm`.
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Secret(_) => algorithm.secret_size().is_some(),
            Self::Public(key) => key.fits(algorithm),
        }
    }

    /// The algorithm of a key without `alg` and without a configured algorithm.
    pub(crate) fn default_algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::Hs256,
            Self::Public(key) => key.default_algorithm(),
        }
    }

    /// All algorithms that the key can be used with.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.into_iter().filter(|algorithm| self.fits(*algorithm))
    }

    /// The canonical bytes of the key, the same for PEM and JWK.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Secret(secret) => secret.clone(),
            Self::Public(key) => key.spki(),
        }
    }

    /// The key type, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Secret(_) => "a secret",
            Self::Public(key) => key.kind(),
        }
    }
}

/// A key without a `kid` and without an `alg`.
impl From<Material> for Jwk {
    fn from(material: Material) -> Self {
        Self { material, kid: None, algorithm: None, issuer: None, deviations: Vec::new() }
    }
}

/// The members of private keys: RSA (RFC 7518 section 6.3.2), EC and OKP (`d`).
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

impl Jwk {
    /// Parses a key. Unknown members are ignored (RFC 7517 section 4), including `x5c` and `x5u`. A
    /// member that is `null` counts as absent.
    pub(crate) fn parse(json: &Json) -> Result<Self, InvalidKey> {
        let Json::Object(_) = json else { return Err(InvalidKey::NotJwk) };
        if let Some(name) = PRIVATE_MEMBERS.into_iter().find(|name| member(json, name).is_some()) {
            return Err(InvalidKey::PrivateMember(name));
        }
        // The owner may restrict the key to other uses (RFC 7517 sections 4.2 and 4.3).
        if member(json, "use").is_some_and(|usage| usage.as_str() != Some("sig")) {
            return Err(InvalidKey::Use);
        }
        if member(json, "key_ops").is_some_and(|operations| !allows_verify(operations)) {
            return Err(InvalidKey::KeyOps);
        }
        let algorithm = match member(json, "alg") {
            None => None,
            Some(alg) => {
                let named = alg.as_str().and_then(Algorithm::from_name);
                Some(named.ok_or(InvalidKey::Alg)?)
            }
        };
        let kid = optional_text(json, "kid")?;
        let issuer = optional_text(json, "issuer")?;
        let mut deviations = Vec::new();
        let material = material(json, &mut deviations)?;
        if algorithm.is_some_and(|algorithm| !material.fits(algorithm)) {
            return Err(InvalidKey::AlgMisfit);
        }
        Ok(Self { material, kid, algorithm, issuer, deviations })
    }
}

/// Some libraries write absent members as `null`.
fn member<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    json.get(name).filter(|member| **member != Json::Null)
}

fn allows_verify(operations: &Json) -> bool {
    match operations {
        Json::Array(operations) => operations.iter().any(|op| op.as_str() == Some("verify")),
        _ => false,
    }
}

fn material(json: &Json, deviations: &mut Vec<Deviation>) -> Result<Material, InvalidKey> {
    let public = match text(json, "kty")? {
        "RSA" => PublicKey::rsa(&bytes(json, "n", deviations)?, &bytes(json, "e", deviations)?),
        "EC" => {
            let curve = match text(json, "crv")? {
                "P-256" => Curve::P256,
                "P-384" => Curve::P384,
                "P-521" => Curve::P521,
                _ => return Err(InvalidKey::Curve),
            };
            let x = coordinate(json, "x", curve, deviations)?;
            let y = coordinate(json, "y", curve, deviations)?;
            PublicKey::from_point(curve, &[&[UNCOMPRESSED], &x[..], &y[..]].concat())
        }
        "OKP" if text(json, "crv")? == "Ed25519" => {
            let x = bytes(json, "x", deviations)?;
            if x.len() != 32 {
                return Err(InvalidKey::MemberSize("x", 32));
            }
            PublicKey::ed25519(&x)
        }
        "OKP" => Err(InvalidKey::Curve),
        "oct" => return secret(json).map(Material::Secret),
        _ => Err(InvalidKey::KeyType),
    };
    public.map(Material::Public)
}

/// The first byte of an uncompressed point (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Maximum number of missing zero bytes in a coordinate. One coordinate in 2^32 starts with four. A
/// shorter one belongs to another curve.
const MAX_MISSING_ZEROS: usize = 4;

fn text<'j>(json: &'j Json, name: &'static str) -> Result<&'j str, InvalidKey> {
    member(json, name).and_then(Json::as_str).ok_or(InvalidKey::Member(name))
}

fn optional_text(json: &Json, name: &'static str) -> Result<Option<String>, InvalidKey> {
    let Some(member) = member(json, name) else { return Ok(None) };
    member.as_str().map(|text| Some(text.to_owned())).ok_or(InvalidKey::NotText(name))
}

fn secret(json: &Json) -> Result<Vec<u8>, InvalidKey> {
    BASE64_URL_SAFE_NO_PAD.decode(text(json, "k")?).map_err(|_| InvalidKey::NotBase64Url("k"))
}

/// The bytes of a public member. Padding is accepted, because it cannot hide another key.
fn bytes(
    json: &Json,
    name: &'static str,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<u8>, InvalidKey> {
    let text = text(json, name)?;
    let decoded = if text.ends_with('=') {
        deviations.push(Deviation::Padding(name));
        BASE64_URL_SAFE.decode(text)
    } else {
        BASE64_URL_SAFE_NO_PAD.decode(text)
    };
    decoded.map_err(|_| InvalidKey::NotBase64Url(name))
}

/// A coordinate with the size of the curve's field. Some libraries omit leading zeros.
fn coordinate(
    json: &Json,
    name: &'static str,
    curve: Curve,
    deviations: &mut Vec<Deviation>,
) -> Result<Vec<u8>, InvalidKey> {
    let (bytes, size) = (bytes(json, name, deviations)?, curve.field_size());
    match size.checked_sub(bytes.len()) {
        Some(0) => Ok(bytes),
        Some(missing @ 1..=MAX_MISSING_ZEROS) => {
            deviations.push(Deviation::LeadingZeros(name));
            Ok([vec![0; missing], bytes].concat())
        }
        _ => Err(InvalidKey::MemberSize(name, size)),
    }
}
