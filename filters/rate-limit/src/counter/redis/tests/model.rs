//! Redis with the script, as plain code; and proxies that use it.

use std::{any::Any, cell::RefCell, collections::HashMap, rc::Rc};

use novasphere_core::{
    CalloutResult, Decision, Env, FetchError, FetchResponse, Filter, Headers, RequestHead,
    testing::TestHost,
};

use crate::{
    RateLimit,
    filter::{Decided, State},
    headers::Headroom,
};

/// What `count.lua` does, by a clock that the test sets.
#[derive(Default)]
pub struct Redis {
    pub millis: u64,
    pub values: HashMap<String, Vec<(u64, u64)>>,
    pub calls: u64,
}

impl Redis {
    /// The reply to a command.
    pub fn answer(&mut self, body: &[u8]) -> String {
        self.calls += 1;
        let command: Vec<String> = serde_json::from_slice(body).unwrap();
        let [eval, _, keys, key, nonce, rest @ ..] = &command[..] else { panic!("{command:?}") };
        assert_eq!((eval.as_str(), keys.as_str()), ("EVAL", "1"));
        let number = |text: &String| -> u64 { text.parse().unwrap() };
        let [cost, share, most, back, since] = [0, 1, 2, 3, 4].map(|i| number(&rest[i]));
        let now = self.millis / 1_000;
        let old = self.values.get(key).cloned().unwrap_or_default();
        let mut left = u64::MAX;
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
            let count = if start <= since { count.saturating_sub(back) } else { count };
            left = left.min(number(&window[1]).saturating_sub(count));
            new.push((start, count));
        }
        let taken = left.checked_sub(cost).map_or(0, |left| cost + (left * share / 100).min(most));
        new.iter_mut().for_each(|(_, count)| *count += taken);
        let counts: Vec<String> = new.iter().map(|(_, count)| format!(",{count}")).collect();
        self.values.insert(key.clone(), new);
        format!(r#"{{"result":["{nonce}",{taken},{}{}]}}"#, self.millis, counts.concat())
    }
}

/// A worker of a proxy.
pub struct Worker<'f> {
    pub policy: &'f RateLimit,
    pub state: State,
    pub host: TestHost,
}

/// A call under way.
pub struct UnderWay {
    pub ticket: Rc<dyn Any>,
    pub body: Vec<u8>,
}

/// What a worker does with a request at first.
pub enum First<'f> {
    Asks(UnderWay),
    Decides(Decided<'f>),
}

impl<'f> Worker<'f> {
    pub fn new(policy: &'f RateLimit, millis: u64) -> Self {
        let host = TestHost::default();
        host.millis.set(millis);
        Self { policy, state: State::default(), host }
    }

    fn on_request(&mut self, client: &str, answer: Option<CalloutResult<'_>>) -> Decided<'f> {
        let env = Env { callout: answer, ..self.host.env() };
        let lines = [(&b"c"[..], client.as_bytes()), (b":path", b"/"), (b":method", b"GET")];
        let head = RequestHead { headers: Headers::borrowed(lines) };
        self.policy.on_request(&head, &mut self.state, &env)
    }

    /// A request comes.
    pub fn begin(&mut self, client: &str) -> First<'f> {
        match self.on_request(client, None) {
            Decision::Call(call) => First::Asks(UnderWay { ticket: call.ticket, body: call.body }),
            step => First::Decides(step),
        }
    }

    /// Its call ends.
    pub fn end(
        &mut self,
        client: &str,
        call: UnderWay,
        response: Result<(u16, &str), FetchError>,
    ) -> Decided<'f> {
        let response = response.map(|(status, body)| FetchResponse {
            status,
            headers: Headers::default(),
            body: body.as_bytes(),
        });
        self.on_request(client, Some(CalloutResult { ticket: &call.ticket, response: &response }))
    }

    /// Its call ends, and the client has left.
    pub fn abandon(&mut self, call: &UnderWay, response: Result<(u16, &str), FetchError>) {
        let response = response.map(|(status, body)| FetchResponse {
            status,
            headers: Headers::default(),
            body: body.as_bytes(),
        });
        let answer = CalloutResult { ticket: &call.ticket, response: &response };
        self.policy.on_orphaned_callout(answer, &mut self.state, &self.host.env());
    }

    /// A request from its start to its end.
    pub fn ask(&mut self, client: &str, redis: &RefCell<Redis>) -> Decided<'f> {
        match self.begin(client) {
            First::Decides(step) => step,
            First::Asks(call) => {
                let answer = redis.borrow_mut().answer(&call.body);
                self.end(client, call, Ok((200, &answer)))
            }
        }
    }

    /// The same when calls come to nothing.
    pub fn ask_in_vain(&mut self, response: Result<(u16, &str), FetchError>) -> &'static str {
        match self.begin("a") {
            First::Decides(step) => reason(&step),
            First::Asks(call) => reason(&self.end("a", call, response)),
        }
    }

    pub fn pass(&self, millis: u64) {
        self.host.millis.set(self.host.millis.get() + millis);
    }
}

pub fn reason(step: &Decided<'_>) -> &'static str {
    crate::tests::reason(step)
}

pub fn headroom(step: Decided<'_>) -> Headroom {
    match step {
        Decision::Continue { carry: Some(headroom), .. } => headroom,
        other => panic!("{other:?}"),
    }
}
