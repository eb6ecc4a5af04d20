//! Credentials: the keys in the configuration, and the selection of one by a token.

use novasphere_core::{
    Env, Json,
    trace::{self, Note},
};

use crate::{
    decision::Refusal,
    identity::consumer::Consumer,
    keys::{
        key::{self, Key},
        tries::Tries,
    },
    rejection::{Rejection, claim_excerpt, excerpt, excerpts},
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
    /// Sorted by name. The last configured credential of a name comes first: a rotation appends the
    /// new key.
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
        let index = self.sorted.partition_point(|other| other.name.as_str() < name);
        self.sorted.insert(index, credential);
    }

    /// The credential that signed `token`. Credentials of the token's name are tried: first those
    /// with its `kid`, then those without `kid`.
    pub(crate) fn signer(
        &self,
        token: &Token<'_>,
        tries: &mut Tries,
        env: &Env<'_>,
    ) -> Result<&Credential, Rejection> {
        let claim_name = &self.key_claim_name;
        let claim = token.claims.get(claim_name).or_else(|| token.header.get(claim_name));
        let named = claim.and_then(Json::as_str).map(|name| self.named(name)).unwrap_or_default();
        trace::note(|| {
            let names = excerpts(self.names());
            let found = format!("{claim_name} {}", claim_excerpt(claim));
            let note = Note::new("credentials").found(found).matches(!named.is_empty());
            note.expected(if names.is_empty() { "no credential".to_owned() } else { names })
        });
        if named.is_empty() {
            // The name may have any characters.
            let quoted_name = excerpt(claim_name);
            let found = format!("{} {}", quoted_name.trim_matches('\''), claim_excerpt(claim));
            return Err(Refusal::UnknownIssuer.found(found));
        }
        let algorithms = || named.iter().map(|credential| credential.key.algorithm());
        if !algorithms().any(|algorithm| algorithm.has_name(token.algorithm())) {
            return Err(key::algorithm_rejection(algorithms(), token));
        }
        key::signer(named.iter(), true, token, tries, env)
            .map_err(|refusal| key::rejection(refusal, named.iter().map(AsRef::as_ref), token))
    }

    /// Each name once, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.groups().filter_map(|group| group.first()).map(|first| first.name.as_str())
    }

    /// The credentials of each name.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[Credential]> {
        self.sorted.chunk_by(|one, other| one.name == other.name)
    }

    /// The credentials with this name.
    fn named(&self, name: &str) -> &[Credential] {
        let start = self.sorted.partition_point(|credential| credential.name.as_str() < name);
        let rest = self.sorted.get(start..).unwrap_or_default();
        rest.get(..rest.partition_point(|credential| credential.name == name)).unwrap_or_default()
    }
}
