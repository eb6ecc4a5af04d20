//! The four filters as one chain for proxy-wasm hosts.

novasphere_proxy_wasm::filter!(novasphere_gateway::Gateway);
