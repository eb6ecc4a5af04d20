//! The token sources.

use novasphere_core::{BuildContext, HeaderName};

use super::field;
use crate::{
    config::Config,
    sources::{
        TokenSources,
        subprotocol::{Subprotocols, check_prefix},
    },
};

pub(super) fn build(config: &Config, cx: &mut BuildContext<'_>) -> TokenSources {
    field::check_items(&config.uri_param_names, "uri_param_names", cx);
    for (i, name) in config.cookie_names.iter().enumerate() {
        // Cookie names and header names have the same characters (RFC 9110 section 5.6.2).
        if HeaderName::parse(name).is_err() {
            let message = format!("must be a cookie name (RFC 6265 4.1.1), got {name:?}");
            cx.fault(format!("cookie_names[{i}]"), message);
        }
    }
    let mut headers = Vec::new();
    for (i, name) in config.header_names.iter().enumerate() {
        match HeaderName::parse(name) {
            Ok(name) => headers.push(name),
            Err(invalid) => cx.fault(format!("header_names[{i}]"), invalid.to_string()),
        }
    }
    check_prefixes(&config.websocket_protocols, cx);
    let lists = [
        &config.header_names,
        &config.uri_param_names,
        &config.cookie_names,
        &config.websocket_protocols,
    ];
    if lists.into_iter().all(Vec::is_empty) {
        let message = "configure at least one token source in header_names, uri_param_names, \
                       cookie_names or websocket_protocols";
        cx.fault("header_names", message);
    }
    TokenSources {
        params: config.uri_param_names.clone(),
        cookies: config.cookie_names.clone(),
        headers,
        subprotocols: Subprotocols::new(config.websocket_protocols.clone()),
        forward: config.forward_token,
    }
}

fn check_prefixes(prefixes: &[String], cx: &mut BuildContext<'_>) {
    for (i, prefix) in prefixes.iter().enumerate() {
        let path = format!("websocket_protocols[{i}]");
        if let Err(invalid) = check_prefix(prefix) {
            cx.fault(path, field::invalid_text(&invalid, prefix));
        } else if prefixes.iter().take(i).any(|other| other == prefix) {
            cx.fault(path, format!("{prefix:?} is listed twice"));
        }
    }
}
