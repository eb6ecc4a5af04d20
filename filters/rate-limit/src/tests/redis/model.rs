//! A model of Redis with the script, and workers that use it.

use std::{any::Any, cell::RefCell, collections::HashMap, rc::Rc};

use novasphere_core::{
    CalloutResult, Decision, Env, FetchError, FetchResponse, Filter, Headers, RequestHead,
    testing::TestHost,
};

use crate::{RateLimit, filter::State, headers::Headroom};

/// Redis with `count.lua`, with a clock that the test sets.
#[derive(Default)]
pub struct Redis {
    pub millis: u64,
    pub values: HashMap<String, Vec<(u64, u64)>>,
    pub calls: u64,
}

impl Redis {
    /// The response to a command.
    pub fn respond(&mut self, body: &[u8]) -> String {
        self.calls += 1;
        let command: Vec<String> = serde_json::from_slice(body).unwrap();
        let [eval, _, keys, key, nonce, rest @ ..] = &command[..] else { panic!("{command:?}") };
        assert_eq!((eval.as_str(), keys.as_str()), ("EVAL", "1"));
        let number = |text: &String| -> u64 { text.parse().unwrap() };
        let [cost, share, max, returned, leased_at] = [0, 1, 2, 3, 4].map(|i| number(&rest[i]));
        let now = self.millis / 1_000;
        let old = self.values.get(key).cloned().unwrap_or_default();
        let mut remaining = u64::MAX;
        let mut new = Vec::new();
        for (i, window) in rest[5..].chunks(2).enumerate() {
            let start = match window[0].split_once(' ') {
                None => now - now % number(&window[0]),
                Some(_) => {
                    let moments = window[0].split(' ').map(|m| m.parse::<u64>().unwrap());
                    moments.filter(|moment| *moment <= now).max().unwrap()
                }
            };
            let (was, count) = old.get(i).copied().unwrap_or_default();
            let count = if was < start { 0 } else { count };
            let count = if start <= leased_at { count.saturating_sub(returned) } else { count };
            remaining = remaining.min(number(&window[1]).saturating_sub(count));
            new.push((start, count));
        }
        let taken = remaining
            .checked_sub(cost)
            .map_or(0, |remaining| cost + (remaining * share / 100).min(max));
        new.iter_mut().for_each(|(_, count)| *count += taken);
        let counts: Vec<String> = new.iter().map(|(_, count)| format!(",{count}")).collect();
        self.values.insert(key.clone(), new);
        format!(r#"{{"result":["{nonce}",{taken},{}{}]}}"#, self.millis, counts.concat())
    }
}

/// A worker of a proxy.
pub struct Worker<'f> {
    pub filter: &'f RateLimit,
    pub state: State,
    pub host: TestHost,
}

/// A pending call.
pub struct PendingCall {
    pub ticket: Rc<dyn Any>,
    pub body: Vec<u8>,
}

/// A decision of the filter.
pub type Decided<'f> = Decision<'f, Option<Box<Headroom>>>;

/// The first decision of a worker about a request.
pub enum Start<'f> {
    Calls(PendingCall),
    Decides(Decided<'f>),
}

impl<'f> Worker<'f> {
    pub fn new(filter: &'f RateLimit, millis: u64) -> Self {
        let host = TestHost::default();
        host.millis.set(millis);
        Self { filter, state: State::default(), host }
    }

    fn on_request(&mut self, client: &str, result: Option<CalloutResult<'_>>) -> Decided<'f> {
        let env = Env { callout: result, ..self.host.env() };
        let lines = [(&b"c"[..], client.as_bytes()), (b":path", b"/"), (b":method", b"GET")];
        let head = RequestHead { headers: Headers::borrowed(lines) };
        self.filter.on_request(&head, &mut self.state, &env)
    }

    /// Starts a request.
    pub fn begin(&mut self, client: &str) -> Start<'f> {
        // It belongs to one request.
        self.host.attributes.borrow_mut().remove("rate_limit_counted");
        match self.on_request(client, None) {
            Decision::Call(call) => {
                Start::Calls(PendingCall { ticket: call.ticket, body: call.body })
            }
            decision => Start::Decides(decision),
        }
    }

    /// Ends the call of a request.
    pub fn end(
        &mut self,
        client: &str,
        call: PendingCall,
        response: Result<(u16, &str), FetchError>,
    ) -> Decided<'f> {
        let response = response.map(|(status, body)| FetchResponse {
            status,
            headers: Headers::default(),
            body: body.as_bytes(),
        });
        self.on_request(client, Some(CalloutResult { ticket: &call.ticket, response: &response }))
    }

    /// Ends the call of a request whose client has left.
    pub fn abandon(&mut self, call: &PendingCall, response: Result<(u16, &str), FetchError>) {
        let response = response.map(|(status, body)| FetchResponse {
            status,
            headers: Headers::default(),
            body: body.as_bytes(),
        });
        let response = CalloutResult { ticket: &call.ticket, response: &response };
        self.filter.on_orphaned_callout(response, &mut self.state, &self.host.env());
    }

    /// Sends a request, and ends its call with the response of `redis`.
    pub fn send(&mut self, client: &str, redis: &RefCell<Redis>) -> Decided<'f> {
        match self.begin(client) {
            Start::Decides(decision) => decision,
            Start::Calls(call) => {
                let response = redis.borrow_mut().respond(&call.body);
                self.end(client, call, Ok((200, &response)))
            }
        }
    }

    /// Sends a request, and ends its call with `response`. Returns the reason.
    pub fn send_with(&mut self, response: Result<(u16, &str), FetchError>) -> &'static str {
        match self.begin("a") {
            Start::Decides(decision) => reason(&decision),
            Start::Calls(call) => reason(&self.end("a", call, response)),
        }
    }

    pub fn pass(&self, millis: u64) {
        self.host.millis.set(self.host.millis.get() + millis);
    }
}

pub fn reason(decision: &Decided<'_>) -> &'static str {
    crate::tests::reason(decision)
}

pub fn headroom(decision: Decided<'_>) -> Box<Headroom> {
    match decision {
        Decision::Continue { carry: Some(headroom), .. } => headroom,
        other => panic!("{other:?}"),
    }
}
