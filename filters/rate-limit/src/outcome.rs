//! The outcome of a count.

use novasphere_core::{Env, trace};

use crate::{
    counter::{Count, Counted, Failed},
    decision::{Outcome, Reason},
    filter::RateLimit,
    headers::Headroom,
    notes,
};

impl RateLimit {
    /// The outcome of a request under a limiter. `rule` matches the request, if any.
    #[inline]
    pub(crate) fn outcome<'f>(
        &'f self,
        rule: Option<usize>,
        limiter: usize,
        cost: u32,
        count: Count<'f>,
        env: &Env<'_>,
    ) -> Outcome<'f> {
        trace::notes(|| notes::count(&self.settings, limiter, cost, &count));
        match count {
            Count::Done(Counted { counts, fallback: false, refused: None }) => {
                pass(Reason::Allowed, Headroom::new(limiter, counts))
            }
            count => self.rare_outcome(rule, limiter, cost, count, env),
        }
    }

    /// All outcomes but the usual one, which is inlined.
    #[cold]
    fn rare_outcome<'f>(
        &'f self,
        rule: Option<usize>,
        limiter: usize,
        cost: u32,
        count: Count<'f>,
        env: &Env<'_>,
    ) -> Outcome<'f> {
        match count {
            Count::Done(Counted { counts, refused: None, .. }) => {
                pass(Reason::FallbackAllowed, Headroom::new(limiter, counts))
            }
            Count::Done(Counted { counts, fallback, refused: Some(client) }) => {
                let reason = if fallback { Reason::FallbackLimited } else { Reason::Limited };
                let headroom = Headroom::new(limiter, counts);
                self.refuse(reason, rule, &headroom, cost, client, env)
            }
            Count::Call(callout) => Outcome::Call(callout),
            Count::Failed(Failed::Allow) => Outcome::Pass(Reason::StoreFailedAllowed, None),
            Count::Failed(Failed::SharedData) => {
                let response = self.settings.responses.shared_data_failed();
                Outcome::Refuse(Reason::StoreFailedRefused, response)
            }
            Count::Failed(Failed::Redis { retry_after }) => {
                let response = self.settings.responses.redis_unavailable(retry_after);
                Outcome::Refuse(Reason::StoreFailedRefused, response)
            }
        }
    }
}

fn pass<'f>(reason: Reason, headroom: Headroom) -> Outcome<'f> {
    Outcome::Pass(reason, Some(Box::new(headroom)))
}
