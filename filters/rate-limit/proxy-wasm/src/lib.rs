//! The rate-limit filter for proxy-wasm hosts.

novasphere_proxy_wasm::filter!(novasphere_rate_limit::RateLimit);
