//! The filters in the real Envoy (`make wasm proxies`).

mod attributes;
mod bearer;
mod claims;
mod converted;
mod cross_site;
mod envoy_cases;
mod exactness;
mod explained_routes;
mod host_config;
mod host_verify;
mod init;
mod invalid;
mod key_server;
mod load_warnings;
mod manifests;
mod many_clients;
mod rate_limit;
mod refusals;
mod reload;
mod remote_keys;
mod render;
mod robustness;
mod secrecy;
mod streaming;
mod transform;
mod yaml_values;
