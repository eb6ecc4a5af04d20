//! The header-transform filter for proxy-wasm hosts.

novasphere_proxy_wasm::filter!(novasphere_header_transform::HeaderTransform);
