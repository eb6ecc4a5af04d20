//! The names of decisions and events.

pub(crate) const ALLOWED: &str = "allowed";
pub(crate) const NOT_LIMITED: &str = "not_limited";
pub(crate) const EXEMPT: &str = "exempt";
pub(crate) const LIMITED: &str = "limited";
pub(crate) const DENIED: &str = "denied";
pub(crate) const AMBIGUOUS_PATH: &str = "ambiguous_path";
pub(crate) const UNRESOLVED_ALLOWED: &str = "unresolved_allowed";
pub(crate) const UNRESOLVED_REFUSED: &str = "unresolved_refused";
pub(crate) const STORE_FAILED_ALLOWED: &str = "store_failed_allowed";
pub(crate) const STORE_FAILED_REFUSED: &str = "store_failed_refused";
pub(crate) const FALLBACK_ALLOWED: &str = "fallback_allowed";
pub(crate) const FALLBACK_LIMITED: &str = "fallback_limited";

pub(crate) const EVICTED: &str = "evicted";
pub(crate) const OVERFLOWED: &str = "overflowed";
pub(crate) const RACED: &str = "raced";
pub(crate) const LEASE_HIT: &str = "lease_hit";
pub(crate) const REFUSED_AS_KNOWN: &str = "refused_as_known";
pub(crate) const REDIS_CALLED: &str = "redis_called";
pub(crate) const BREAKER_OPENED: &str = "breaker_opened";
pub(crate) const BREAKER_CLOSED: &str = "breaker_closed";
/// The event of a refusal that `report_only` turned into a pass.
pub(crate) const REPORTED: &str = "reported";
/// The attribute with the decision of such a request.
pub(crate) const REPORTED_ATTRIBUTE: &str = "rate_limit_reported";
