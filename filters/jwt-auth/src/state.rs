//! What a verified token was found to say, and what a worker remembers.

use std::rc::Rc;

use novasphere_core::UnixTime;

use crate::{identity::headers::Fate, keys::key::Key, keys::remote::Known, token::cache::Cache};

/// A token that is good, in the form in which it is used.
#[derive(Debug)]
pub(crate) struct Approved {
    pub(crate) fates: Vec<Fate<'static>>,
    /// Names and values.
    pub(crate) attributes: Vec<(String, Vec<u8>)>,
}

/// The end of a search for the sender.
pub(crate) enum Found {
    Approved(Rc<Approved>),
    /// Keys are on their way; then at the latest.
    Later {
        queue: usize,
        until: UnixTime,
    },
}

/// What one worker remembers.
#[derive(Default)]
pub struct State {
    /// Of each source of keys.
    known: Vec<Known<Key>>,
    cache: Option<Cache<Approved>>,
}

impl State {
    /// The cache of verified tokens, for so many and so many bytes.
    pub(crate) fn cache(&mut self, tokens: usize, bytes: usize) -> &mut Cache<Approved> {
        self.cache.get_or_insert_with(|| Cache::new(tokens, bytes))
    }

    /// Does something that may change the keys. What was verified with others is forgotten then.
    pub(crate) fn forget_if_keys_change<T>(
        &mut self,
        change: impl FnOnce(&mut Vec<Known<Key>>) -> T,
    ) -> T {
        let generations = |known: &[Known<Key>]| -> Vec<u64> {
            known.iter().map(|known| known.generation).collect()
        };
        let before = generations(&self.known);
        let result = change(&mut self.known);
        if generations(&self.known) != before
            && let Some(cache) = &mut self.cache
        {
            cache.clear();
        }
        result
    }
}
