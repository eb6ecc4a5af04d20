//! JSON Web Key Sets (RFC 7517 section 5), read key by key: one that is of no use here does not
//! take the others with it.

use std::fmt;

use novasphere_core::{Env, Json};

use crate::{
    config::algorithm::Algorithm,
    decision::Refusal,
    keys::invalid_key::InvalidKey,
    keys::jwk::{Jwk, Material},
    keys::key::{self, Key},
    keys::verifier::Verifier,
    token::Token,
};

/// The most keys a set may have.
pub(crate) const MAX_KEYS: usize = 64;

/// The most keys one token is tried with. Only one without `kid` is tried with several.
pub(crate) const MAX_TRIES: usize = 4;

/// The algorithms of a set whose user lists none. Of those for RSA keys without `alg` the one that
/// all issuers have; HMAC is not among them and never for a set, whose keys are public.
pub(crate) const DEFAULT_ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa];

/// Why a set is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InvalidKeySet {
    /// What the parser says; it quotes no value.
    NotJson(String),
    /// Not an object with a list `keys`.
    NoKeys,
    /// This many keys.
    TooMany(usize),
    /// Two usable keys have this kid: a token cannot say which it means.
    RepeatedKid(String),
    /// Some usable keys have a kid and some have none, so that a kid would not exclude any key.
    SomeWithoutKid,
    /// No key can be used.
    NoneUsable,
}

impl fmt::Display for InvalidKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => write!(f, "the key set is not JSON: {error}"),
            Self::NoKeys => f.write_str("the key set has no list \"keys\""),
            Self::TooMany(count) => {
                write!(f, "the key set has {count} keys; at most {MAX_KEYS} are taken")
            }
            Self::RepeatedKid(kid) => {
                write!(f, "two keys of the key set have the kid {}", Quoted(kid))
            }
            Self::SomeWithoutKid => {
                f.write_str("some keys of the key set have a kid and some have none")
            }
            Self::NoneUsable => f.write_str("the key set has no key that can be used"),
        }
    }
}

impl std::error::Error for InvalidKeySet {}

/// Reads a set. A key with `alg` is for that algorithm, one without is for those of `allowed` that
/// fit its type: there is one [`Key`] for each. `warn` is told of every key that is not used.
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
            Ok((kid, own)) => {
                check_kid(&kids, kid.as_ref())?;
                kids.push(kid);
                keys.extend(own);
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

/// The key of a set that `token` is signed with.
pub(crate) fn signer_of<'k>(
    keys: &'k [Key],
    token: &Token<'_>,
    env: &Env<'_>,
) -> Result<&'k Key, Refusal> {
    key::signer_of(keys.iter(), token, MAX_TRIES, env)
}

/// Why a key of a set is not used.
enum Unusable {
    Invalid(InvalidKey),
    /// A secret that is published is none.
    Secret,
    /// None of its algorithms is allowed.
    NotAllowed(Option<Algorithm>),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::Secret => f.write_str("is a secret, and the keys of a set are public"),
            Self::NotAllowed(Some(algorithm)) => {
                write!(f, "is for {}, which is not among the algorithms allowed", algorithm.name())
            }
            Self::NotAllowed(None) => f.write_str("is for none of the algorithms allowed"),
        }
    }
}

fn usable(member: &Json, allowed: &[Algorithm]) -> Result<(Option<String>, Vec<Key>), Unusable> {
    let Jwk { material, kid, algorithm } = Jwk::read(member).map_err(Unusable::Invalid)?;
    if let Material::Secret(_) = material {
        return Err(Unusable::Secret);
    }
    let wanted = |own: &Algorithm| algorithm.is_none_or(|algorithm| algorithm == *own);
    let keys: Vec<Key> = allowed
        .iter()
        .filter(|own| wanted(own))
        .filter_map(|own| Verifier::new(*own, &material))
        .map(|verifier| Key { kid: kid.clone(), verifier })
        .collect();
    if keys.is_empty() { Err(Unusable::NotAllowed(algorithm)) } else { Ok((kid, keys)) }
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

/// A kid as somebody else wrote it, cut to a readable length.
struct Quoted<'k>(&'k str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut: String = self.0.chars().take(60).collect();
        let more = if cut.len() < self.0.len() { "…" } else { "" };
        write!(f, "{cut:?}{more}")
    }
}
