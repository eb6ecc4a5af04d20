//! Credentials: the keys in the configuration, and the selection of one by a token.

use novasphere_core::{Env, Json};

use crate::{
    decision::Refusal,
    identity::consumer::Consumer,
    keys::key::{self, Key},
    token::Token,
};

/// A configured key and the consumer whose tokens it signs.
#[derive(Debug)]
pub(crate) struct Credential {
    /// The value of `key_claim_name`.
    pub(crate) name: String,
    pub(crate) key: Key,
    /// Its identifier is the credential's name.
    pub(crate) consumer: Consumer,
}

impl AsRef<Key> for Credential {
    fn as_ref(&self) -> &Key {
        &self.key
    }
}

/// All credentials.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// Sorted by name. Credentials of one name keep the configured order.
    sorted: Vec<Credential>,
    /// The claim that names a credential.
    key_claim_name: String,
}

impl Credentials {
    pub(crate) fn new(key_claim_name: String) -> Self {
        Self { sorted: Vec::new(), key_claim_name }
    }

    pub(crate) fn add(&mut self, credential: Credential) {
        let name = credential.name.as_str();
        let index = self.sorted.partition_point(|other| other.name.as_str() <= name);
        self.sorted.insert(index, credential);
    }

    /// The credential that signed `token`. All credentials of the token's name are tried: their
    /// number is up to the operator.
    pub(crate) fn signer(&self, token: &Token<'_>, env: &Env<'_>) -> Result<&Credential, Refusal> {
        let claim_name = &self.key_claim_name;
        let claim = token.claims.get(claim_name).or_else(|| token.header.get(claim_name));
        let name = claim.and_then(Json::as_str).ok_or(Refusal::UnknownKey)?;
        key::signer(self.named(name), token, usize::MAX, env)
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Credential> {
        let start = self.sorted.partition_point(|credential| credential.name.as_str() < name);
        self.sorted.iter().skip(start).take_while(move |credential| credential.name == name)
    }
}
