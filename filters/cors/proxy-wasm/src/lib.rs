//! The cors filter for proxy-wasm hosts.

novasphere_proxy_wasm::filter!(novasphere_cors::Cors);
