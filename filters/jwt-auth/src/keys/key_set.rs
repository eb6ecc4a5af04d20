//! JSON Web Key Sets (RFC 7517 section 5). An unusable key does not make the other keys unusable.

use std::fmt;

use novasphere_core::{Env, Json};

use crate::{
    config::Algorithm,
    keys::{
        document::{self, NotJson},
        invalid_key::InvalidKey,
        jwk::{Deviation, Jwk, Material},
        key::{self, Key},
        remote::issuer::Issuer,
        tries::{ExcessKeys, Tries, excess, max_tries},
        verifier::Verifier,
    },
    rejection::{Rejection, excerpt},
    token::Token,
};

/// Maximum number of keys of a set.
pub(crate) const MAX_KEYS: usize = 64;

/// Why a set is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InvalidKeySet {
    NotJson(NotJson),
    /// Not an object with a list `keys`.
    NoKeys,
    /// The number of keys exceeds [`MAX_KEYS`].
    TooMany(usize),
    NoneUsable,
}

impl fmt::Display for InvalidKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => write!(f, "the key set {error}"),
            Self::NoKeys => f.write_str("the key set has no list \"keys\""),
            Self::TooMany(count) => {
                write!(f, "the key set has {count} keys, at most {MAX_KEYS} are accepted")
            }
            Self::NoneUsable => f.write_str("the key set has no usable key"),
        }
    }
}

impl std::error::Error for InvalidKeySet {}

/// Parses a set of `issuer`. A key with `alg` becomes a [`Key`] for that algorithm. A key without
/// `alg` becomes one [`Key`] for each algorithm of `allowed` that fits its type. `warn` gets a
/// message for every unused key and for every deviation from the standard.
///
/// Keys of different types or algorithms may share a `kid` (RFC 7517 section 4.5). A set may mix
/// keys with and without `kid`.
pub(crate) fn parse(
    json: &[u8],
    issuer: &Issuer,
    allowed: &[Algorithm],
    warn: &mut dyn FnMut(String),
) -> Result<Vec<Key>, InvalidKeySet> {
    let set = document::parse(json).map_err(InvalidKeySet::NotJson)?;
    let Some(Json::Array(members)) = set.get("keys") else { return Err(InvalidKeySet::NoKeys) };
    if members.len() > MAX_KEYS {
        return Err(InvalidKeySet::TooMany(members.len()));
    }
    let mut keys: Vec<(Key, Vec<u8>)> = Vec::new();
    for (i, member) in members.iter().enumerate() {
        let named = || match member.get("kid").and_then(Json::as_str) {
            Some(kid) => format!("the key {} (keys[{i}])", excerpt(kid)),
            None => format!("keys[{i}]"),
        };
        let usable = match usable(member, issuer, allowed) {
            Ok(usable) => usable,
            Err(reason) => {
                warn(format!("{} is not used: it {reason}", named()));
                continue;
            }
        };
        for deviation in &usable.deviations {
            warn(format!("{} is used, although it {deviation}", named()));
        }
        for key in usable.keys {
            // Duplicate keys count once.
            let is_known = |(other, bytes): &(Key, Vec<u8>)| {
                is_repeated(&key, other) && *bytes == usable.bytes
            };
            if !keys.iter().any(is_known) {
                keys.push((key, usable.bytes.clone()));
            }
        }
    }
    let keys: Vec<Key> = keys.into_iter().map(|(key, _)| key).collect();
    if keys.is_empty() {
        return Err(InvalidKeySet::NoneUsable);
    }
    let names = keys.iter().map(|key| (key.kid.as_deref(), key.algorithm()));
    for ExcessKeys { algorithm, count } in excess(names, false) {
        let (name, max) = (algorithm.name(), max_tries(algorithm));
        warn(format!(
            "{count} {name} keys of the key set have no kid or the same kid, but only the first \
             {max} are tried: the issuer should give each key its own kid"
        ));
    }
    Ok(keys)
}

/// Whether both have the same `kid`, algorithm and tenant.
fn is_repeated(key: &Key, other: &Key) -> bool {
    key.kid == other.kid && key.algorithm() == other.algorithm() && key.issuer == other.issuer
}

/// The key of a set that signed `token` of `iss`. If no key of the set has a `kid`, all keys are
/// candidates for a token with one.
pub(crate) fn signer<'k>(
    keys: &'k [Key],
    iss: &str,
    token: &Token<'_>,
    tries: &mut Tries,
    env: &Env<'_>,
) -> Result<&'k Key, Rejection> {
    let unnamed_fit_any = keys.iter().all(|key| key.kid.is_none());
    let keys = keys.iter().filter(|key| key.issuer.as_deref().is_none_or(|own| own == iss));
    key::signer(keys.clone(), unnamed_fit_any, token, tries, env)
        .map_err(|refusal| key::rejection(refusal, keys, token))
}

/// Why a key of a set is not used.
pub(crate) enum UnusableKey {
    Invalid(InvalidKey),
    /// A secret in a public document.
    Secret,
    /// The key is for an algorithm that is not allowed.
    NotAllowed(Algorithm),
    /// The key fits other algorithms, but no allowed one.
    NoneAllowed(Vec<Algorithm>),
    /// The member `issuer` of the key.
    OtherIssuer(String),
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::Secret => f.write_str("is a secret, but key sets are public"),
            Self::NotAllowed(algorithm) => {
                let name = algorithm.name();
                write!(
                    f,
                    "is for {name}, which is not in algorithms; to accept it, add {name} there"
                )
            }
            Self::NoneAllowed(fitting) => {
                let names: Vec<_> = fitting.iter().map(|algorithm| algorithm.name()).collect();
                let names = names.join(" or ");
                write!(f, "fits none of algorithms; to accept it, add {names} there")
            }
            Self::OtherIssuer(issuer) => {
                write!(f, "is of another issuer: its member \"issuer\" is {}", excerpt(issuer))
            }
        }
    }
}

/// The keys from one member of a set.
pub(crate) struct UsableKeys {
    /// A key for each algorithm.
    pub(crate) keys: Vec<Key>,
    /// See [`Material::bytes`].
    bytes: Vec<u8>,
    deviations: Vec<Deviation>,
}

/// The keys from a member of a set, or why the member is not used.
pub(crate) fn usable(
    member: &Json,
    issuer: &Issuer,
    allowed: &[Algorithm],
) -> Result<UsableKeys, UnusableKey> {
    let Jwk { material, kid, algorithm, issuer: own_issuer, deviations } =
        Jwk::parse(member).map_err(UnusableKey::Invalid)?;
    if let Material::Secret(_) = material {
        return Err(UnusableKey::Secret);
    }
    let only_issuer = match own_issuer {
        Some(own) => issuer.of_key(&own).map_err(|()| UnusableKey::OtherIssuer(own))?,
        None => None,
    };
    let keys: Vec<Key> = allowed
        .iter()
        .filter(|own| algorithm.is_none_or(|algorithm| algorithm == **own))
        .filter_map(|own| Verifier::new(*own, &material))
        .map(|verifier| Key { kid: kid.clone(), issuer: only_issuer.clone(), verifier })
        .collect();
    if !keys.is_empty() {
        return Ok(UsableKeys { keys, bytes: material.bytes(), deviations });
    }
    Err(match algorithm {
        Some(algorithm) => UnusableKey::NotAllowed(algorithm),
        None => UnusableKey::NoneAllowed(material.algorithms().collect()),
    })
}
