//! The contract every filter fulfils and every host adapter drives.

use crate::{
    Answer, ConfigErrors, Duty, Edit, Env, FetchError, FetchReply, Host, RequestHead, ResponseHead,
    Step,
};

/// One filter: immutable data computed from its configuration, plus how to apply it.
///
/// Order of calls for a request: [`on_request`](Policy::on_request) once, or again and again while
/// it answers [`Step::Wait`] or [`Step::Call`]; then, only when it answered [`Step::Continue`],
/// [`on_response`](Policy::on_response) once. A policy that replies
/// puts all its headers in its [`Reply`](crate::Reply). So local replies look the same on hosts
/// whose callback orders differ.
pub trait Policy: Sized {
    /// The filter's name as users know it, for example `jwt-auth`.
    const NAME: &'static str;

    /// Every decision [`on_request`](Policy::on_request) can come to: a closed set, because hosts
    /// never free a metric. Lower case, words joined by `_`.
    const DECISIONS: &'static [&'static str];

    /// Events worth a counter that are not the decision about a request; a closed set too.
    const EVENTS: &'static [&'static str] = &[];

    /// What one worker remembers between requests (keys, caches). Empty at start.
    type State: Default;

    /// What one request hands to its response.
    type Carry;

    /// What a configuration has counted and measured beside these. Asked once.
    fn own_metrics(&self) -> Vec<OwnMetric> {
        Vec::new()
    }

    /// Checks a configuration (JSON text, UTF-8) and computes the policy.
    ///
    /// # Errors
    /// All faults found, each with the path of the field, the value (never a secret) and a remedy.
    fn configure(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors>;

    /// Which heads must be read. Reading is the main cost on most hosts.
    fn needs(&self) -> Needs<'_>;

    /// Decides about a request. Never panics, whatever the bytes.
    fn on_request<'p>(
        &'p self,
        head: &RequestHead<'_>,
        state: &mut Self::State,
        env: &Env<'_>,
    ) -> Step<'p, Self::Carry>;

    /// Edits the head of a response to a request this policy let pass.
    fn on_response<'p>(&'p self, carry: Self::Carry, head: &ResponseHead<'_>) -> Vec<Edit<'p>>;

    /// The filter that made the last [`Reply`](crate::Reply): itself, unless it is a chain of
    /// several.
    fn replier(_: &Self::State) -> &'static str {
        Self::NAME
    }

    /// What is to be done apart from requests. Asked soon after the configuration if `needs` says
    /// so, then as the answer says, and sooner while requests wait. Every worker asks.
    fn on_timer(&self, _: &mut Self::State, _: &Env<'_>) -> Duty {
        Duty::default()
    }

    /// A call ended whose request nobody waits for any more. Hosts need not tell.
    fn on_unclaimed(&self, _: Answer<'_>, _: &mut Self::State, _: &Env<'_>) {}

    /// A fetch ended; `purpose` is its own.
    fn on_fetched(
        &self,
        _purpose: usize,
        _reply: Result<FetchReply<'_>, FetchError>,
        _: &mut Self::State,
        _: &Env<'_>,
    ) -> Duty {
        Duty::default()
    }
}

/// What a policy reads, known when it is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs<'p> {
    /// From the request's head.
    pub request: Read<'p>,
    /// From the response's head.
    pub response: Read<'p>,
    /// Whether the policy has duties apart from requests.
    pub timer: bool,
    /// Whether the policy uses the [`Store`](crate::Store).
    pub store: bool,
}

/// How much of a head a policy reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read<'p> {
    /// Nothing: the policy gets an empty head.
    Nothing,
    /// Of each of these names, in lower case and all different, the first line; other lines may be
    /// there too, or not. Cheaper than everything for up to three.
    Named(&'p [String]),
    /// Everything if there is a line of one of these names, in lower case; otherwise nothing. For
    /// what is seldom there.
    WholeIfAny(&'p [String]),
    /// Everything, in one read.
    Whole,
}

/// A metric of one configuration. Hosts never free one, so that the names come from a closed set:
/// the configuration's own words at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnMetric {
    /// The filter it belongs to.
    pub filter: &'static str,
    /// Labels, `name=value`, joined by dots; no other dots.
    pub labels: String,
    /// What is counted or measured: lower case, words joined by `_`.
    pub name: &'static str,
    /// How.
    pub kind: MetricKind,
}

/// How a metric changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It grows by what is recorded.
    Counter,
    /// It becomes what is recorded.
    Gauge,
}
