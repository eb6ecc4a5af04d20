//! Facts about keys and key sets.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_core::Json;

use crate::{
    config::Algorithm,
    keys::{
        invalid_key::InvalidKey,
        jwk::{Jwk, Material},
        key_set::{self, UnusableKey, UsableKeys},
        pem,
        public_key::PublicKey,
        remote::issuer::Issuer,
    },
};

/// A key that the filter accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// The type in words: `an RSA key`.
    pub kind: &'static str,
    /// The size in bits: of an RSA modulus, of a curve's field or of a secret.
    pub bits: usize,
    /// Its `kid`.
    pub kid: Option<String>,
    /// The algorithms that the filter uses it with.
    pub algorithms: Vec<&'static str>,
    /// The members of the public key as JWK, in the order of RFC 7638 section 3.3. Empty for a
    /// secret.
    pub public_members: Vec<(&'static str, String)>,
    /// The DER SubjectPublicKeyInfo. Empty for a secret.
    pub spki: Vec<u8>,
    /// Accepted deviations from the standard, as clauses: `has padding (=) in the member "n"`.
    pub deviations: Vec<String>,
}

/// Why the filter does not use a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidKeyFact {
    /// The reason as a clause: `is a secret, but key sets are public`.
    pub reason: String,
    /// The member that makes the document a private key or a secret.
    pub private_member: Option<&'static str>,
    /// Whether the owner of the key excludes its use, which is usual for encryption keys in a set.
    pub is_intended: bool,
}

/// A key set as the filter reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySetFacts {
    /// For each member of `keys`, its facts or why it is not used.
    pub keys: Vec<Result<KeyFacts, InvalidKeyFact>>,
    /// Why the filter rejects the whole set.
    pub fault: Option<String>,
    /// The messages that the filter logs about the set.
    pub warnings: Vec<String>,
}

/// The facts of a JSON Web Key, which may be a secret (`oct`).
///
/// # Errors
/// If a credential's `jwk` cannot be this key.
pub fn parse_jwk(json: &[u8]) -> Result<KeyFacts, InvalidKeyFact> {
    let json = Json::parse(json).map_err(|error| InvalidKeyFact {
        reason: format!("is not JSON: {error}"),
        private_member: None,
        is_intended: false,
    })?;
    let jwk = Jwk::parse(&json)?;
    let algorithms = match jwk.algorithm {
        Some(algorithm) => vec![algorithm.name()],
        None => jwk.material.algorithms().map(Algorithm::name).collect(),
    };
    Ok(KeyFacts::new(&jwk, algorithms))
}

/// The facts of a public key as PEM text.
///
/// # Errors
/// If a credential's `public_key` cannot be this text.
pub fn parse_pem(text: &str) -> Result<KeyFacts, InvalidKeyFact> {
    let jwk = Jwk::from(Material::Public(pem::public_key(text)?));
    let algorithms = jwk.material.algorithms().map(Algorithm::name).collect();
    Ok(KeyFacts::new(&jwk, algorithms))
}

/// Reads a key set of `issuer` as the filter does. `allowed` are the names of the algorithms that the
/// configuration allows; `None` for the default. Unknown names are ignored.
///
/// # Errors
/// If `issuer` is not an issuer that a configuration accepts.
pub fn key_set(json: &[u8], issuer: &str, allowed: Option<&[&str]>) -> Result<KeySetFacts, String> {
    let issuer = Issuer::parse(issuer).map_err(|invalid| invalid.to_string())?;
    let allowed: Vec<Algorithm> = match allowed {
        Some(names) => names.iter().filter_map(|name| Algorithm::from_name(name)).collect(),
        None => Algorithm::DEFAULT_FOR_KEY_SETS.to_vec(),
    };
    let mut warnings = Vec::new();
    let parsed = key_set::parse(json, &issuer, &allowed, &mut |warning| warnings.push(warning));
    let set = Json::parse(json).unwrap_or(Json::Null);
    let members = match set.get("keys") {
        Some(Json::Array(members)) => members.as_slice(),
        _ => &[],
    };
    let keys = members.iter().map(|member| member_facts(member, &issuer, &allowed));
    let fault = parsed.err().map(|invalid| invalid.to_string());
    Ok(KeySetFacts { keys: keys.collect(), fault, warnings })
}

fn member_facts(
    member: &Json,
    issuer: &Issuer,
    allowed: &[Algorithm],
) -> Result<KeyFacts, InvalidKeyFact> {
    let UsableKeys { keys, .. } = key_set::usable(member, issuer, allowed)?;
    let algorithms = keys.iter().map(|key| key.algorithm().name()).collect();
    Ok(KeyFacts::new(&Jwk::parse(member)?, algorithms))
}

impl KeyFacts {
    fn new(jwk: &Jwk, algorithms: Vec<&'static str>) -> Self {
        let (bits, public_members, spki) = match &jwk.material {
            Material::Secret(secret) => (secret.len().saturating_mul(8), Vec::new(), Vec::new()),
            Material::Public(key) => (bits(key), public_members(key), key.spki()),
        };
        Self {
            kind: jwk.material.kind(),
            bits,
            kid: jwk.kid.clone(),
            algorithms,
            public_members,
            spki,
            deviations: jwk.deviations.iter().map(ToString::to_string).collect(),
        }
    }
}

fn bits(key: &PublicKey) -> usize {
    match key {
        PublicKey::Rsa(key) => key.bits(),
        PublicKey::Ec(key) => match key.curve().field_size() {
            // The field of P-521 does not fill its bytes.
            66 => 521,
            size => size.saturating_mul(8),
        },
        PublicKey::Ed25519(_) => 256,
    }
}

fn public_members(key: &PublicKey) -> Vec<(&'static str, String)> {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    match key {
        PublicKey::Rsa(key) => {
            let exponent = key.exponent().to_be_bytes();
            let zeros = exponent.iter().take_while(|byte| **byte == 0).count();
            let exponent = encode(exponent.get(zeros..).unwrap_or_default());
            vec![("e", exponent), ("kty", "RSA".to_owned()), ("n", encode(&key.modulus()))]
        }
        PublicKey::Ec(key) => {
            let size = key.curve().field_size();
            let curve = match size {
                32 => "P-256",
                48 => "P-384",
                _ => "P-521",
            };
            // The first byte says that the point is uncompressed.
            let point = key.point();
            let (x, y) =
                point.get(1..).unwrap_or_default().split_at_checked(size).unwrap_or_default();
            vec![
                ("crv", curve.to_owned()),
                ("kty", "EC".to_owned()),
                ("x", encode(x)),
                ("y", encode(y)),
            ]
        }
        PublicKey::Ed25519(key) => vec![
            ("crv", "Ed25519".to_owned()),
            ("kty", "OKP".to_owned()),
            ("x", encode(key.as_bytes())),
        ],
    }
}

impl From<InvalidKey> for InvalidKeyFact {
    fn from(invalid: InvalidKey) -> Self {
        let private_member = match invalid {
            InvalidKey::PrivateMember(name) => Some(name),
            _ => None,
        };
        let is_intended = matches!(invalid, InvalidKey::Use | InvalidKey::KeyOps);
        Self { reason: invalid.to_string(), private_member, is_intended }
    }
}

impl From<UnusableKey> for InvalidKeyFact {
    fn from(unusable: UnusableKey) -> Self {
        match unusable {
            UnusableKey::Invalid(invalid) => invalid.into(),
            UnusableKey::Secret => {
                Self { private_member: Some("k"), ..Self::other(&unusable, false) }
            }
            _ => Self::other(&unusable, true),
        }
    }
}

impl InvalidKeyFact {
    fn other(unusable: &UnusableKey, is_intended: bool) -> Self {
        Self { reason: unusable.to_string(), private_member: None, is_intended }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7517 appendix A.1.
    const EC: &str = r#"{"kty":"EC","crv":"P-256","kid":"1",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

    #[test]
    fn facts_have_the_canonical_public_members() {
        let facts = parse_jwk(EC.as_bytes()).unwrap();
        assert_eq!((facts.kind, facts.bits), ("an EC key on P-256", 256));
        assert_eq!((facts.kid.as_deref(), &facts.algorithms[..]), (Some("1"), &["ES256"][..]));
        let names: Vec<_> = facts.public_members.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["crv", "kty", "x", "y"]);
        assert_eq!(facts.public_members[2].1, "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4");
    }

    #[test]
    fn private_keys_and_secrets_name_their_member() {
        let private = parse_jwk(br#"{"kty": "EC", "d": "AQ"}"#).unwrap_err();
        assert_eq!(private.private_member, Some("d"));
        let set = format!(r#"{{"keys": [{EC}, {{"kty": "oct", "k": "AAAA"}}]}}"#);
        let facts = key_set(set.as_bytes(), "https://id.example", None).unwrap();
        assert_eq!(facts.fault, None);
        let secret = facts.keys[1].as_ref().unwrap_err();
        assert_eq!(secret.private_member, Some("k"));
        assert!(!format!("{facts:?}").contains("AAAA"));
    }

    #[test]
    fn key_set_has_the_verdict_of_the_filter_for_each_key() {
        let set = format!(r#"{{"keys": [{EC}, {{"kty": "RSA", "use": "enc"}}]}}"#);
        let facts = key_set(set.as_bytes(), "https://id.example", Some(&["RS256"])).unwrap();
        assert_eq!(facts.fault.as_deref(), Some("the key set has no usable key"));
        let reasons: Vec<_> = facts.keys.iter().map(|key| key.clone().unwrap_err()).collect();
        assert!(reasons[0].reason.contains("add ES256"), "{reasons:?}");
        assert!(reasons[1].is_intended && reasons[1].reason.contains("use"), "{reasons:?}");
        assert_eq!(facts.warnings.len(), 2);
    }
}
