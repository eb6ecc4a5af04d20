//! The engine of the playground page: the filters, and the checks and conversions of filterctl, in a
//! browser.
//!
//! Each function takes and returns JSON text. Errors are for people. The page keeps all state except
//! that of a [`Session`]: the memory of a proxy.
//!
//! - `setup`: a configuration with its proxy and environment;
//! - `demo_keys`: keys that sign the tokens of the page;
//! - `checked`: the findings about a configuration;
//! - `sent`: requests and explanations;
//! - `shared`: the state of the page for a link;
//! - `tokens`: tokens to send and to decode;
//! - `pasted`: the configuration in the files of each host;
//! - `converted`: configurations of other plugins.

// The attribute of wasm-bindgen generates the glue, which is unsafe. Nothing else here is.
#![allow(unsafe_code)]

mod checked;
mod converted;
mod demo_keys;
mod pasted;
mod sent;
mod setup;
mod shared;
mod tokens;

use anyhow::Result;
use serde_json::Value;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use self::sent::Sent;

/// The version of the filters.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The findings about a configuration, and the variables that it reads.
///
/// # Errors
/// If the argument is not a setup.
#[wasm_bindgen]
pub fn check(setup: &str) -> Result<String, JsError> {
    text(checked::check(setup))
}

/// A configuration and a request without credentials, to share.
///
/// # Errors
/// If the argument is not such a state.
#[wasm_bindgen]
pub fn shareable(state: &str) -> Result<String, JsError> {
    text(shared::shareable(state))
}

/// The keys that can sign tokens for a configuration, with headers and claims that it accepts.
///
/// # Errors
/// If the argument is not a setup, or the filter rejects the configuration.
#[wasm_bindgen(js_name = tokenKeys)]
pub fn token_keys(setup: &str) -> Result<String, JsError> {
    text(tokens::keys(setup))
}

/// A signed token.
///
/// # Errors
/// If the configuration has no such key.
#[wasm_bindgen]
pub fn mint(request: &str) -> Result<String, JsError> {
    text(tokens::mint(request))
}

/// The content of a token, and the verdict of the configuration about it.
///
/// # Errors
/// If the text is not a signed token.
#[wasm_bindgen]
pub fn decode(request: &str) -> Result<String, JsError> {
    text(tokens::decode(request))
}

/// The configuration in the files of a host.
///
/// # Errors
/// If the argument is not a setup.
#[wasm_bindgen]
pub fn paste(setup: &str) -> Result<String, JsError> {
    text(pasted::paste(setup))
}

/// The configuration of another plugin or proxy, converted.
///
/// # Errors
/// If the text has nothing to convert.
#[wasm_bindgen]
pub fn convert(request: &str) -> Result<String, JsError> {
    text(converted::convert(request))
}

/// A proxy with its filters. Counts and keys stay in its memory.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Session(Sent);

#[wasm_bindgen]
impl Session {
    /// Loads the filters.
    ///
    /// # Errors
    /// The faults, if the filter rejects its configuration.
    #[wasm_bindgen(constructor)]
    pub fn new(setup: &str) -> Result<Session, JsError> {
        Sent::new(setup).map(Self).map_err(|error| JsError::new(&format!("{error:#}")))
    }

    /// Sends a request, and explains what happens to it.
    ///
    /// # Errors
    /// If the request has the wrong form.
    pub fn send(&mut self, request: &str) -> Result<String, JsError> {
        text(self.0.send(request))
    }
}

fn text(result: Result<Value>) -> Result<String, JsError> {
    result.map(|value| value.to_string()).map_err(|error| JsError::new(&format!("{error:#}")))
}
