//! Runs policies on proxy-wasm hosts.
