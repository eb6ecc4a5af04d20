//! The jwt-auth filter for http-wasm hosts.

novasphere_http_wasm::filter!(novasphere_jwt_auth::JwtAuth);
