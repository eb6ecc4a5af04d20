//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
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
}

/// Key material. `Debug` shows no secret.
pub(crate) enum Material {
    /// A secret for HMAC.
    Secret(Vec<u8>),
    /// A public key.
    Public(PublicKey),
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
        Self { material, kid: None, algorithm: None }
    }
}

/// The members of private keys: RSA (RFC 7518 section 6.3.2), EC and OKP (`d`).
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

impl Jwk {
    /// Parses a key. Unknown members are ignored (RFC 7517 section 4), including `x5c` and `x5u`.
    pub(crate) fn parse(json: &Json) -> Result<Self, InvalidKey> {
        let Json::Object(_) = json else { return Err(InvalidKey::NotJwk) };
        if let Some(name) = PRIVATE_MEMBERS.into_iter().find(|name| json.get(name).is_some()) {
            return Err(InvalidKey::PrivateMember(name));
        }
        // The owner may restrict the key to other uses (RFC 7517 sections 4.2 and 4.3).
        if json.get("use").is_some_and(|usage| usage.as_str() != Some("sig")) {
            return Err(InvalidKey::Use);
        }
        if json.get("key_ops").is_some_and(|operations| !allows_verify(operations)) {
            return Err(InvalidKey::KeyOps);
        }
        let algorithm = match json.get("alg") {
            None => None,
            Some(alg) => {
                let named = alg.as_str().and_then(Algorithm::from_name);
                Some(named.ok_or(InvalidKey::Alg)?)
            }
        };
        let kid = match json.get("kid") {
            None => None,
            Some(_) => Some(text(json, "kid")?.to_owned()),
        };
        let material = material(json)?;
        if algorithm.is_some_and(|algorithm| !material.fits(algorithm)) {
            return Err(InvalidKey::AlgMisfit);
        }
        Ok(Self { material, kid, algorithm })
    }
}

fn allows_verify(operations: &Json) -> bool {
    match operations {
        Json::Array(operations) => operations.iter().any(|op| op.as_str() == Some("verify")),
        _ => false,
    }
}

fn material(json: &Json) -> Result<Material, InvalidKey> {
    let public = match text(json, "kty")? {
        "RSA" => PublicKey::rsa(&bytes(json, "n")?, &bytes(json, "e")?),
        "EC" => {
            let curve = match text(json, "crv")? {
                "P-256" => Curve::P256,
                "P-384" => Curve::P384,
                "P-521" => Curve::P521,
                _ => return Err(InvalidKey::Curve),
            };
            let x = sized(json, "x", curve.field_size())?;
            let y = sized(json, "y", curve.field_size())?;
            PublicKey::from_point(curve, &[&[UNCOMPRESSED], &x[..], &y[..]].concat())
        }
        "OKP" if text(json, "crv")? == "Ed25519" => PublicKey::ed25519(&sized(json, "x", 32)?),
        "OKP" => Err(InvalidKey::Curve),
        "oct" => return bytes(json, "k").map(Material::Secret),
        _ => Err(InvalidKey::KeyType),
    };
    public.map(Material::Public)
}

/// The first byte of an uncompressed point (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;

fn text<'j>(json: &'j Json, name: &'static str) -> Result<&'j str, InvalidKey> {
    json.get(name).and_then(Json::as_str).ok_or(InvalidKey::Member(name))
}

fn bytes(json: &Json, name: &'static str) -> Result<Vec<u8>, InvalidKey> {
    let text = text(json, name)?;
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidKey::NotBase64Url(name))
}

fn sized(json: &Json, name: &'static str, size: usize) -> Result<Vec<u8>, InvalidKey> {
    let bytes = bytes(json, name)?;
    if bytes.len() == size { Ok(bytes) } else { Err(InvalidKey::MemberSize(name, size)) }
}
