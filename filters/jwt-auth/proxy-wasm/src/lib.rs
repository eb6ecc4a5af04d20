//! The jwt-auth filter for proxy-wasm hosts.

novasphere_proxy_wasm::filter!(novasphere_jwt_auth::JwtAuth);
