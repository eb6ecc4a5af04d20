//! The header-transform filter for http-wasm hosts.

novasphere_http_wasm::filter!(novasphere_header_transform::HeaderTransform);
