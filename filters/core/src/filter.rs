//! The contract between a filter and a host adapter.

use crate::{
    BuildContext, CalloutResult, ConfigErrors, Decision, Env, FetchError, FetchResponse,
    FieldHints, HeaderInterest, HeaderMutation, Host, LocalResponse, RequestHead, ResponseHead,
    TimerActions, decode,
};

/// One filter: immutable data computed from its configuration, and the functions that apply it.
///
/// Order of calls for a request: [`on_request`](Filter::on_request) once, or again after each
/// [`Decision::Pause`] and after a [`Decision::Call`]. Then
/// [`on_response`](Filter::on_response) once, but only if the decision was
/// [`Decision::Continue`]. A filter that responds itself puts all headers into its
/// [`LocalResponse`], so local responses look the same on hosts with different callback orders. In
/// a chain, the other filters then get [`on_local_response`](Filter::on_local_response).
///
/// ```
/// use novasphere_core::{
///     BuildContext, Decision, Env, Filter, HeaderInterest, HeaderMutation, LocalResponse,
///     RequestHead, ResponseHead, testing::TestHost,
/// };
///
/// /// Blocks one method.
/// struct BlockMethod {
///     method: String,
///     request_headers: HeaderInterest,
/// }
///
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Config {
///     method: String,
/// }
///
/// impl Filter for BlockMethod {
///     const NAME: &'static str = "block-method";
///     const REASONS: &'static [&'static str] = &["allowed", "blocked"];
///     type Config = Config;
///     type State = ();
///     type Carry = ();
///
///     fn build(config: Config, cx: &mut BuildContext<'_>) -> Self {
///         if config.method.is_empty() {
///             cx.fault("method", "is empty");
///         }
///         Self { method: config.method, request_headers: HeaderInterest::named([":method"]) }
///     }
///
///     fn request_headers(&self) -> &HeaderInterest {
///         &self.request_headers
///     }
///
///     fn response_headers(&self) -> &HeaderInterest {
///         &HeaderInterest::None
///     }
///
///     fn on_request<'f>(
///         &'f self,
///         head: &RequestHead<'_>,
///         _: &mut (),
///         _: &Env<'_>,
///     ) -> Decision<'f, ()> {
///         if head.method() != self.method.as_bytes() {
///             return Decision::Continue { mutations: Vec::new(), carry: (), reason: "allowed" };
///         }
///         let response = LocalResponse {
///             status: 405,
///             headers: Vec::new(),
///             body: b"".into(),
///             grpc_status: None,
///             message: "".into(),
///             rate_limited: false,
///         };
///         let (mutations, response) = (Vec::new(), Box::new(response));
///         Decision::Respond { mutations, response, reason: "blocked" }
///     }
///
///     fn on_response<'f>(&'f self, _: (), _: &ResponseHead<'_>) -> Vec<HeaderMutation<'f>> {
///         Vec::new()
///     }
/// }
///
/// let host = TestHost::default();
/// assert!(BlockMethod::from_json(br#"{"method": "TRACE"}"#, &host).is_ok());
/// let errors = BlockMethod::from_json(br#"{"method": 1}"#, &host).err().unwrap();
/// let fault = r#"method: expected a string, got 1; write it in quotes: "1""#;
/// assert_eq!(errors.to_string(), fault);
/// ```
pub trait Filter: Sized {
    /// The filter's name as users write it, for example `jwt-auth`.
    const NAME: &'static str;

    /// Every reason [`on_request`](Filter::on_request) can give, exported as the metric label
    /// `decision`. The set is closed because hosts never free a metric. Lower case, words joined by
    /// `_`. See [`metric_names!`](crate::metric_names!).
    const REASONS: &'static [&'static str];

    /// Countable events other than the decision about a request. Also a closed set.
    const EVENTS: &'static [&'static str] = &[];

    /// What faults say about names and numbers beyond the types of `Config`. A single filter has one
    /// entry with an empty name. A chain has an entry for each member that is a filter.
    const FIELD_HINTS: &'static [(&'static str, FieldHints)] = &[];

    /// The configuration as users write it.
    type Config: serde::de::DeserializeOwned;

    /// The memory one worker keeps between requests: keys, caches. Empty at start.
    type State: Default;

    /// The data that a continued request passes on to its response.
    type Carry;

    /// Metrics that depend on the configuration. Hosts call this once.
    fn metric_definitions(&self) -> Vec<MetricDefinition> {
        Vec::new()
    }

    /// Decodes a configuration (JSON text, UTF-8) and builds the filter. Warnings go to the host.
    ///
    /// # Errors
    /// All faults found, each with the field's path, the value (never a secret) and a remedy.
    #[cold]
    fn from_json(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors> {
        let (config, errors) = decode(config, Self::FIELD_HINTS, host)?;
        let mut cx = BuildContext::new(host, errors);
        let filter = Self::build(config, &mut cx);
        cx.finish(filter)
    }

    /// Checks a decoded configuration and computes the filter.
    ///
    /// Faults go to `cx`. If there is one, the caller drops the returned filter.
    fn build(config: Self::Config, cx: &mut BuildContext<'_>) -> Self;

    /// The request headers this filter reads. Reading is the main cost on most hosts.
    fn request_headers(&self) -> &HeaderInterest;

    /// The response headers this filter reads.
    fn response_headers(&self) -> &HeaderInterest;

    /// Whether [`on_timer`](Filter::on_timer) has work to do.
    fn uses_timer(&self) -> bool {
        false
    }

    /// Whether [`on_timer`](Filter::on_timer) only records metrics. A host that cannot restart a
    /// timer may then stop it while no requests arrive.
    fn timer_is_optional(&self) -> bool {
        false
    }

    /// Whether the filter uses [`SharedData`](crate::SharedData).
    fn uses_shared_data(&self) -> bool {
        false
    }

    /// Decides about a request. Must not panic, whatever the bytes.
    fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        state: &mut Self::State,
        env: &Env<'_>,
    ) -> Decision<'f, Self::Carry>;

    /// Mutates the response head of a request this filter continued.
    fn on_response<'f>(
        &'f self,
        carry: Self::Carry,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>>;

    /// Changes the local response that another filter of the same chain made to `request`. `carry`
    /// is `None` if the chain ended before this filter.
    ///
    /// By default, the response of a later filter changes like a response of the upstream, and the
    /// response of an earlier filter does not change.
    fn on_local_response<'f>(
        &'f self,
        carry: Option<Self::Carry>,
        _request: &RequestHead<'_>,
        _: &Env<'_>,
        response: &mut LocalResponse<'f>,
    ) {
        if let Some(carry) = carry {
            response.mutate(|head| self.on_response(carry, head));
        }
    }

    /// The name of the filter that made the last [`LocalResponse`]. A chain names one of its
    /// filters.
    fn responder(_: &Self::State) -> &'static str {
        Self::NAME
    }

    /// Does work that belongs to no request. If [`uses_timer`](Filter::uses_timer), every worker
    /// calls it soon after the configuration, then at the requested time, and more often while
    /// requests are paused.
    fn on_timer(&self, _: &mut Self::State, _: &Env<'_>) -> TimerActions {
        TimerActions::default()
    }

    /// Handles a callout that ended after its request. Hosts may omit this call.
    fn on_orphaned_callout(&self, _: CalloutResult<'_>, _: &mut Self::State, _: &Env<'_>) {}

    /// Handles the end of a fetch. `purpose` is the [`Fetch`](crate::Fetch)'s own.
    fn on_fetch(
        &self,
        _purpose: usize,
        _response: Result<FetchResponse<'_>, FetchError>,
        _: &mut Self::State,
        _: &Env<'_>,
    ) -> TimerActions {
        TimerActions::default()
    }

    /// The configuration ends before its fetches. Releases their leases in the shared data, so that
    /// the next configuration can fetch at once. Hosts may omit this call.
    fn abandon_fetches(&self, _: &mut Self::State, _: &Env<'_>) {}
}

/// A metric of one configuration. Hosts never free a metric, so names and labels must come from a
/// closed set, at most the words of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricDefinition {
    /// The filter the metric belongs to.
    pub filter: &'static str,
    /// Labels, `name=value`, joined by dots. Names and values contain no dots.
    pub labels: String,
    /// The metric's name: lower case, words joined by `_`.
    pub name: &'static str,
    /// Counter or gauge.
    pub kind: MetricKind,
}

/// The kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Grows by the recorded value.
    Counter,
    /// Takes the recorded value.
    Gauge,
}
