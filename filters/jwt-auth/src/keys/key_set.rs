//! JSON Web Key Sets (RFC 7517 section 5). An unusable key does not make the other keys unusable.

use std::fmt;

use novasphere_core::{Env, Json};

use crate::{
    config::Algorithm,
    decision::Refusal,
    keys::{
        invalid_key::InvalidKey,
        jwk::{Jwk, Material},
        key::{self, Key},
        verifier::Verifier,
    },
    token::Token,
};

/// Maximum number of keys of a set.
pub(crate) const MAX_KEYS: usize = 64;

/// Maximum number of keys tried for one token. Only a token without `kid` needs more than one.
pub(crate) const MAX_TRIES: usize = 4;

/// Why a set is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InvalidKeySet {
    /// The parser's error, which quotes no value.
    NotJson(String),
    /// Not an object with a list `keys`.
    NoKeys,
    /// The number of keys exceeds [`MAX_KEYS`].
    TooMany(usize),
    /// Two usable keys have this `kid`, so a token cannot select one of them.
    RepeatedKid(String),
    /// Some usable keys have a `kid` and some have none, so a `kid` would exclude no key.
    SomeWithoutKid,
    NoneUsable,
}

impl fmt::Display for InvalidKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => write!(f, "the key set is not JSON: {error}"),
            Self::NoKeys => f.write_str("the key set has no list \"keys\""),
            Self::TooMany(count) => {
                write!(f, "the key set has {count} keys, at most {MAX_KEYS} are accepted")
            }
            Self::RepeatedKid(kid) => {
                write!(f, "two keys of the key set have the kid {}", Quoted(kid))
            }
            Self::SomeWithoutKid => {
                f.write_str("some keys of the key set have a kid and some have none")
            }
            Self::NoneUsable => f.write_str("the key set has no usable key"),
        }
    }
}

impl std::error::Error for InvalidKeySet {}

/// Parses a set. A key with `alg` becomes a [`Key`] for that algorithm. A key without `alg` becomes
/// one [`Key`] for each algorithm of `allowed` that fits its type. `warn` gets a message for every
/// unused key.
pub(crate) fn parse(
    json: &[u8],
    allowed: &[Algorithm],
    warn: &mut dyn FnMut(String),
) -> Result<Vec<Key>, InvalidKeySet> {
    let set = Json::parse(json).map_err(|error| InvalidKeySet::NotJson(error.to_string()))?;
    let Some(Json::Array(members)) = set.get("keys") else { return Err(InvalidKeySet::NoKeys) };
    if members.len() > MAX_KEYS {
        return Err(InvalidKeySet::TooMany(members.len()));
    }
    let mut keys = Vec::new();
    let mut kids: Vec<Option<String>> = Vec::new();
    for (i, member) in members.iter().enumerate() {
        match usable(member, allowed) {
            Ok((kid, member_keys)) => {
                check_kid(&kids, kid.as_ref())?;
                kids.push(kid);
                keys.extend(member_keys);
            }
            Err(reason) => {
                let kid = member.get("kid").and_then(Json::as_str);
                warn(match kid {
                    Some(kid) => {
                        format!("the key {} (keys[{i}]) is not used: it {reason}", Quoted(kid))
                    }
                    None => format!("keys[{i}] is not used: it {reason}"),
                });
            }
        }
    }
    if keys.is_empty() { Err(InvalidKeySet::NoneUsable) } else { Ok(keys) }
}

/// The key of a set that signed `token`.
pub(crate) fn signer<'k>(
    keys: &'k [Key],
    token: &Token<'_>,
    env: &Env<'_>,
) -> Result<&'k Key, Refusal> {
    key::signer(keys.iter(), token, MAX_TRIES, env)
}

/// Why a key of a set is not used.
enum UnusableKey {
    Invalid(InvalidKey),
    /// A secret in a public document.
    Secret,
    /// The key fits no allowed algorithm.
    NotAllowed(Option<Algorithm>),
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::Secret => f.write_str("is a secret, but key sets are public"),
            Self::NotAllowed(Some(algorithm)) => {
                write!(f, "is for {}, which is not an allowed algorithm", algorithm.name())
            }
            Self::NotAllowed(None) => f.write_str("fits none of the allowed algorithms"),
        }
    }
}

fn usable(member: &Json, allowed: &[Algorithm]) -> Result<(Option<String>, Vec<Key>), UnusableKey> {
    let Jwk { material, kid, algorithm } = Jwk::parse(member).map_err(UnusableKey::Invalid)?;
    if let Material::Secret(_) = material {
        return Err(UnusableKey::Secret);
    }
    let keys: Vec<Key> = allowed
        .iter()
        .filter(|own| algorithm.is_none_or(|algorithm| algorithm == **own))
        .filter_map(|own| Verifier::new(*own, &material))
        .map(|verifier| Key { kid: kid.clone(), verifier })
        .collect();
    if keys.is_empty() { Err(UnusableKey::NotAllowed(algorithm)) } else { Ok((kid, keys)) }
}

fn check_kid(kids: &[Option<String>], kid: Option<&String>) -> Result<(), InvalidKeySet> {
    if let Some(kid) = kid
        && kids.iter().flatten().any(|other| other == kid)
    {
        return Err(InvalidKeySet::RepeatedKid(kid.clone()));
    }
    match kids.last() {
        Some(other) if other.is_some() != kid.is_some() => Err(InvalidKeySet::SomeWithoutKid),
        _ => Ok(()),
    }
}

/// A foreign `kid`, cut to a readable length.
struct Quoted<'k>(&'k str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut: String = self.0.chars().take(60).collect();
        let more = if cut.len() < self.0.len() { "…" } else { "" };
        write!(f, "{cut:?}{more}")
    }
}
