//! A filter whose behaviour is the path of a request.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    rc::Rc,
    sync::LazyLock,
};

use novasphere_core::{
    BuildContext, Callout, CalloutResult, Decision, Endpoint, Env, FetchError, Filter,
    HeaderInterest, HeaderMutation, HeaderName, LocalResponse, RequestHead, ResponseHead,
    TimerActions, UnixTime,
};

thread_local! {
    /// Whether the state of a new worker panics.
    pub(super) static STATE_PANICS: Cell<bool> = const { Cell::new(false) };
    /// Whether the filter's timer panics.
    pub(super) static TIMER_PANICS: Cell<bool> = const { Cell::new(false) };
    /// Runs once, while the filter decides that a request waits.
    pub(super) static WHILE_DECIDING: RefCell<Option<Box<dyn FnOnce()>>> =
        const { RefCell::new(None) };
    /// The number of calls that abandon fetches.
    pub(super) static ABANDONED: Cell<u32> = const { Cell::new(0) };
}

static USER: HeaderName = HeaderName::from_static("x-user");
static SECRET: HeaderName = HeaderName::from_static("x-secret");
static ADDED: HeaderName = HeaderName::from_static("x-added");
static ENDPOINT: LazyLock<Endpoint> =
    LazyLock::new(|| Endpoint::parse("http://redis.example/count").unwrap());

pub(super) struct PathFilter;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    valid: bool,
}

/// The number of requests of a worker.
pub(super) struct State(u32);

impl Default for State {
    fn default() -> Self {
        assert!(!STATE_PANICS.get(), "the state panics");
        Self(0)
    }
}

impl Filter for PathFilter {
    const NAME: &'static str = "path-filter";
    const REASONS: &'static [&'static str] = &["allowed", "refused"];
    const EVENTS: &'static [&'static str] = &["orphaned"];
    type Config = Config;
    type State = State;
    type Carry = &'static str;

    fn build(config: Config, cx: &mut BuildContext<'_>) -> Self {
        if !config.valid {
            cx.fault("valid", "must be true, got false");
        }
        Self
    }

    fn request_headers(&self) -> &HeaderInterest {
        &HeaderInterest::All
    }

    fn response_headers(&self) -> &HeaderInterest {
        &HeaderInterest::All
    }

    fn uses_timer(&self) -> bool {
        true
    }

    fn on_timer(&self, _: &mut State, _: &Env<'_>) -> TimerActions {
        assert!(!TIMER_PANICS.get(), "the timer panics");
        TimerActions { again_in_ms: Some(10), wake: true, ..TimerActions::default() }
    }

    fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decision<'f, &'static str> {
        state.0 += 1;
        match head.target() {
            b"/" => allow(vec![
                HeaderMutation::remove(&SECRET),
                HeaderMutation::Set(&USER, b"u-1".into()),
            ]),
            b"/empty" => allow(vec![HeaderMutation::Set(&USER, b"".into())]),
            b"/refuse" => refuse(),
            b"/panic" => panic!("with a secret"),
            b"/state" => {
                env.attributes.set("requests", state.0.to_string().as_bytes());
                allow(Vec::new())
            }
            b"/address" => {
                let address = env.connection.client_address().unwrap().to_string();
                allow(vec![HeaderMutation::Set(&USER, address.into_bytes().into())])
            }
            b"/call" | b"/call-patiently" => match env.callout {
                None if head.target() == b"/call" => call(100),
                None => call(60_000),
                Some(result) if result.response.is_ok() => allow(Vec::new()),
                Some(_) => refuse(),
            },
            b"/call-panic" if env.callout.is_none() => call(100),
            b"/call-panic" => panic!("after a callout"),
            b"/wait" | b"/wait-briefly" if env.ticket.is_none() => {
                assert!(env.pending.has_capacity(0, 1));
                if let Some(run) = WHILE_DECIDING.take() {
                    run();
                }
                wait(head.target(), env)
            }
            b"/wait-briefly" if env.pending.has_capacity(0, 1) => wait(head.target(), env),
            b"/wait" => allow(Vec::new()),
            _ => refuse(),
        }
    }

    /// Counts a thousand requests, and an event.
    fn on_orphaned_callout(&self, result: CalloutResult<'_>, state: &mut State, env: &Env<'_>) {
        assert!(matches!(result.response, Err(FetchError::NoResponse)));
        state.0 += 1_000;
        env.metrics.count("orphaned");
    }

    fn abandon_fetches(&self, _: &mut State, _: &Env<'_>) {
        ABANDONED.set(ABANDONED.get() + 1);
    }

    fn on_response<'f>(&'f self, carry: &str, head: &ResponseHead<'_>) -> Vec<HeaderMutation<'f>> {
        assert!(!head.headers.contains("x-panic"));
        vec![HeaderMutation::Set(&ADDED, carry.as_bytes().to_vec().into())]
    }
}

fn allow<'f>(mutations: Vec<HeaderMutation<'f>>) -> Decision<'f, &'static str> {
    Decision::Continue { mutations, carry: "carried", reason: "allowed" }
}

fn refuse<'f>() -> Decision<'f, &'static str> {
    let response = LocalResponse {
        status: 403,
        headers: vec![(&ADDED, b"local".into())],
        body: b"no".into(),
        grpc_status: None,
        message: "no".into(),
        rate_limited: false,
    };
    let (mutations, response) = (vec![HeaderMutation::remove(&SECRET)], Box::new(response));
    Decision::Respond { mutations, response, reason: "refused" }
}

fn call<'f>(timeout_ms: u32) -> Decision<'f, &'static str> {
    Decision::Call(Box::new(Callout {
        ticket: Rc::new(()),
        upstream: "redis",
        endpoint: &ENDPOINT,
        headers: &[],
        body: b"count".to_vec(),
        timeout_ms,
        max_body: 100,
    }))
}

fn wait<'f>(path: &[u8], env: &Env<'_>) -> Decision<'f, &'static str> {
    let limit = if path == b"/wait" { 60_000 } else { 2_000 };
    let until = UnixTime { millis: env.clock.now().millis + limit };
    let ticket: Rc<dyn Any> = Rc::new(());
    Decision::Pause { queue: 0, until, ticket }
}
