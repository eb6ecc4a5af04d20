//! The token sources.

use novasphere_core::{BuildContext, HeaderName};

use super::field;
use crate::{
    config::{Config, TokenHeaderConfig},
    sources::{
        TokenSources,
        header::TokenHeader,
        subprotocol::{Subprotocols, check_prefix},
    },
};

#[cold]
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
    for (i, entry) in config.header_names.iter().enumerate() {
        headers.extend(token_header(entry, &format!("header_names[{i}]"), cx));
    }
    check_prefixes(&config.websocket_protocols, cx);
    let others = [&config.uri_param_names, &config.cookie_names, &config.websocket_protocols];
    if config.header_names.is_empty() && others.into_iter().all(Vec::is_empty) {
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

/// The header of an entry of `header_names`. `None` after a fault.
#[cold]
fn token_header(
    entry: &TokenHeaderConfig,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Option<TokenHeader> {
    let name = match HeaderName::parse(&entry.name) {
        Ok(name) => name,
        Err(invalid) => {
            cx.fault(path, invalid.to_string());
            return None;
        }
    };
    let scheme = entry.scheme.as_deref();
    let fault = |invalid| {
        let message = field::invalid_text(&invalid, scheme.unwrap_or_default());
        cx.fault(format!("{path}.scheme"), message);
    };
    TokenHeader::new(name, scheme).map_err(fault).ok()
}

#[cold]
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
