//! Answers to the fetches and callouts of filters.

use std::{any::Any, rc::Rc};

use novasphere_core::{CalloutResult, FetchError, FetchResponse, Headers, TimerActions, UnixTime};

use super::{
    Chain,
    keys::Answer,
    loaded::{Again, Decided},
};
use crate::{Line, assumed_key};

/// Maximum number of fetches that a timer may cause.
const MAX_FETCHES: usize = 64;

impl Chain {
    /// Answers the fetches that a waiting request needs. After the time limit, it cannot wait again.
    pub(super) fn wait(&mut self, index: usize, until: UnixTime, remarks: &mut Vec<String>) {
        let fetched = self.run_timer(index, remarks);
        if !fetched {
            self.world.facts.borrow_mut().millis = until.millis;
            self.world.can_wait.set(false);
        }
    }

    pub(super) fn call(
        &mut self,
        index: usize,
        lines: &[Line],
        ticket: &Rc<dyn Any>,
        body: &[u8],
        remarks: &mut Vec<String>,
    ) -> Option<Decided> {
        let millis = self.world.facts.borrow().millis;
        let answer = self.setup.redis.then(|| self.redis.answer(body, millis)).flatten();
        remarks.push(match answer {
            Some(_) => "Redis is assumed to count".to_owned(),
            None => "Redis is assumed to be unreachable".to_owned(),
        });
        let response = match &answer {
            Some(body) => Ok(response(body.as_bytes())),
            None => Err(FetchError::NoResponse),
        };
        let callout = Some(CalloutResult { ticket, response: &response });
        let again = Again { callout, ticket: None };
        Some(self.filters.get_mut(index)?.request(lines, &self.world, again))
    }

    /// Runs the timers that the proxy would have run before the request.
    pub(super) fn refresh(&mut self, remarks: &mut Vec<String>) {
        self.world.accepted_keys.replace(assumed_key::accepted());
        for index in 0..self.filters.len() {
            self.run_timer(index, remarks);
        }
    }

    /// Runs the timer of a filter and answers its fetches. Returns whether it fetched anything.
    fn run_timer(&mut self, index: usize, remarks: &mut Vec<String>) -> bool {
        let Some(filter) = self.filters.get_mut(index).filter(|filter| filter.uses_timer()) else {
            return false;
        };
        let TimerActions { mut fetches, .. } = filter.on_timer(&self.world);
        let mut fetched = false;
        for _ in 0..MAX_FETCHES {
            let Some(fetch) = fetches.pop() else { break };
            let answer = self.issuers.answer(&fetch);
            let result = match &answer {
                Answer::Document(body) => Ok(response(body)),
                Answer::Missing(_) => Err(FetchError::NoResponse),
            };
            fetched |= result.is_ok();
            if let Answer::Missing(issuer) = &answer {
                remarks.push(format!("the keys of {issuer} were not given"));
            }
            fetches.extend(filter.on_fetch(fetch.purpose, result, &self.world).fetches);
        }
        fetched
    }
}

fn response(body: &[u8]) -> FetchResponse<'_> {
    FetchResponse { status: 200, headers: Headers::default(), body }
}
