//! The quirks of Kong's nginx that tests/emulated-host/README.md lists. For each quirk, a naive
//! filter shows that it causes harm, and the project's filters cope with it.

mod calls;
mod claims;
mod clock;
mod configuration;
mod forgery;
mod headers;
mod invalid;
mod killed;
mod leases;
mod limit_timers;
mod metrics;
mod naive;
mod paused_keys;
mod properties;
mod redis;
mod replies;
mod response_headers;
mod shared_data;
mod shipped;
mod target;
mod timers;
