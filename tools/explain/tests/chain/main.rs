//! Requests through chains of filters, without a proxy.

// Clippy permits these in test functions, but not in the functions that they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod counts;
mod hosts;
mod keys;
mod notes;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_explain::{
    Chain, Configured, Environment, Explanation, Facts, FilterKind, Input, KeySets, ProxyKind,
    Request, Response, Setup,
};

/// 2024-02-29T13:37:42Z.
const NOW: u64 = 1_709_213_862;

const SECRET: &str = "novasphere-demo-secret-of-48-bytes-0123456789abc";

fn setup(proxy: ProxyKind, filters: &[(FilterKind, &str)]) -> Setup {
    let configured = |(kind, json): &(FilterKind, &str)| Configured {
        kind: *kind,
        json: (*json).into(),
        values_are_text: false,
        guesses_types: false,
    };
    let variables = [("JWT_SECRET".to_owned(), SECRET.to_owned())].into();
    Setup {
        proxy,
        filters: filters.iter().map(configured).collect(),
        environment: Environment { variables, assume_missing: false },
        keys: KeySets::default(),
        redis: true,
    }
}

fn chain(proxy: ProxyKind, filters: &[(FilterKind, &str)]) -> Chain {
    Chain::new(setup(proxy, filters)).unwrap()
}

fn input(headers: &[(&str, &str)]) -> Input {
    let mut request = Request::new("GET", "/api/v1/wukongs", "api.novasphere.io");
    let line = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
    request.headers = headers.iter().map(line).collect();
    let facts = Facts {
        millis: NOW * 1_000,
        client_address: Some("192.0.2.1".parse().unwrap()),
        route: None,
        service: None,
    };
    Input { request, upstream: Response::new(200), facts, used: Vec::new() }
}

/// A token without a valid signature.
fn unsigned(header: &str, claims: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(header), part(claims), BASE64_URL_SAFE_NO_PAD.encode([7; 64]))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn decision(explanation: &Explanation) -> (&'static str, &'static str) {
    let last = explanation.steps.last().unwrap();
    (last.filter, last.reason)
}

fn header<'e>(response: &'e Response, name: &str) -> Vec<&'e str> {
    let lines = response.headers.iter().filter(|(own, _)| own == name.as_bytes());
    lines.map(|(_, value)| str::from_utf8(value).unwrap()).collect()
}
