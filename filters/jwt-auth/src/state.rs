//! The memory of one worker, and the result of authenticating a request.

use std::rc::Rc;

use novasphere_core::UnixTime;

use crate::{
    identity::{attributes::Attribute, headers::HeaderAction},
    keys::{key::Key, remote::KeyCache},
    token::cache::TokenCache,
};

/// The effects of a verified token on a request.
#[derive(Debug)]
pub(crate) struct VerifiedToken {
    /// The action for each identity header.
    pub(crate) headers: Vec<HeaderAction<'static>>,
    pub(crate) attributes: Vec<Attribute>,
    /// The bits of the requirements that the token met.
    pub(crate) met: u64,
}

impl VerifiedToken {
    /// The size of its values in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(HeaderAction::bytes).sum();
        let attributes: usize = self.attributes.iter().map(Attribute::bytes).sum();
        headers + attributes
    }
}

/// The result of authenticating a request.
pub(crate) enum Authentication {
    Verified(Rc<VerifiedToken>),
    /// The keys are being fetched.
    Pending {
        queue: usize,
        /// The time of the last attempt.
        until: UnixTime,
    },
}

/// The keys and verified tokens that one worker remembers.
#[derive(Default)]
pub struct State {
    /// The fetched keys of each source.
    keys: Vec<KeyCache<Key>>,
    tokens: Option<TokenCache<VerifiedToken>>,
}

impl State {
    /// The cache of verified tokens, for at most `tokens` tokens and `bytes` bytes.
    pub(crate) fn tokens(&mut self, tokens: usize, bytes: usize) -> &mut TokenCache<VerifiedToken> {
        self.tokens.get_or_insert_with(|| TokenCache::new(tokens, bytes))
    }

    /// Whether the fetched keys may be outdated, because the timer paused.
    pub(crate) fn has_outdated_keys(&self, now: UnixTime) -> bool {
        self.keys.iter().any(|cache| cache.may_be_outdated(now.millis))
    }

    /// Runs `update`, which may change the fetched keys. If it does, forgets the tokens verified
    /// with the previous keys.
    pub(crate) fn update_keys<T>(
        &mut self,
        update: impl FnOnce(&mut Vec<KeyCache<Key>>) -> T,
    ) -> T {
        let generations = |keys: &[KeyCache<Key>]| -> Vec<u64> {
            keys.iter().map(KeyCache::generation_in_use).collect()
        };
        let before = generations(&self.keys);
        let result = update(&mut self.keys);
        if generations(&self.keys) != before
            && let Some(tokens) = &mut self.tokens
        {
            tokens.clear();
        }
        result
    }
}
