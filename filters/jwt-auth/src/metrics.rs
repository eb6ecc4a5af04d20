//! The events that the filter counts besides its decisions.

use novasphere_core::metric_names;

metric_names! {
    /// A countable event.
    pub(crate) enum Event {
        /// The host verified a valid signature.
        VerifiedByHost => "verified_by_host",
        /// A request passed only because of `report_only`.
        Reported => "reported",
        /// The token was in the cache.
        CacheHit => "cache_hit",
        /// The token was not in the cache.
        CacheMiss => "cache_miss",
        /// A token was dropped from the cache to make room.
        CacheEvicted => "cache_evicted",
        /// A key set was fetched.
        KeysFetched => "keys_fetched",
        /// A fetch failed.
        KeyFetchFailed => "key_fetch_failed",
    }
}
