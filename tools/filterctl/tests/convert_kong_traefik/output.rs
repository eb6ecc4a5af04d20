//! The verdicts of an output for Envoy or Kong: routes as the file says, then the filters' own code.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use filterctl::{
    convert::{Source, Target, convert},
    explain::configured,
    found::{Found, Project},
    private_key::sign_hmac,
    source::File,
};
use novasphere_explain::{
    Chain, Environment, Facts, Input, KeySets, ProxyKind, Request, Response, Setup,
};

use super::requests::Sent;

/// The secret of all credentials, in sources and outputs.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A converted source.
pub struct Output {
    project: Project,
    environment: Environment,
    proxy: ProxyKind,
    pub text: String,
}

/// The outputs whose verdicts are known as a whole. On Traefik, native middlewares do a part.
pub const TARGETS: [Target; 2] = [Target::Envoy, Target::Kong];

impl Output {
    pub fn new(from: Source, to: Target, files: Vec<File>) -> Self {
        let conversion = convert(from, to, &Project::new(files)).unwrap();
        let variables = conversion.report.variables.iter();
        let variables: BTreeMap<String, String> =
            variables.map(|variable| (variable.name.clone(), SECRET.to_owned())).collect();
        let file = File::new("out.yaml", conversion.text.clone());
        let environment = Environment { variables, assume_missing: true };
        let proxy = if to == Target::Kong { ProxyKind::Kong } else { ProxyKind::Envoy };
        Self { project: Project::new(vec![file]), environment, proxy, text: conversion.text }
    }

    /// How many of `count` equal requests pass. `None` if the path may match the look-ahead of a
    /// blocked route, which filterctl does not evaluate.
    pub fn passes(&self, sent: &Sent, count: usize) -> Option<usize> {
        if self.text.contains("(?=") && sent.path.starts_with("/ab") {
            return None;
        }
        let Some(selected) = self.project.route_for(sent.host, sent.method, sent.path) else {
            return Some(0);
        };
        let route = selected.route;
        // Kong keeps the conditions of blocked routes on headers, which no request has.
        let has_headers = !route.other_conditions.is_empty();
        assert!(self.proxy == ProxyKind::Kong || selected.uncertain.is_none(), "{}", self.text);
        if route.direct.is_some() || route.service_name.is_none() || has_headers {
            return Some(0);
        }
        let filters = route.filters.iter().map(|index| &self.project.filters[*index]);
        let filters: Vec<&Found> = filters.collect();
        let setup = Setup {
            proxy: self.proxy,
            filters: configured(&filters),
            environment: self.environment.clone(),
            keys: KeySets { given: Vec::new(), assume_missing: true },
            redis: true,
        };
        let mut chain = Chain::new(setup).unwrap();
        let mut send = || chain.send(&input(sent, route.service_name.as_deref()));
        Some((0..count).filter(|_| send().upstream.is_some()).count())
    }
}

fn input(sent: &Sent, service: Option<&str>) -> Input {
    let mut request = Request::new(sent.method, sent.path, sent.host);
    if let Some(consumer) = sent.token {
        let value = format!("Bearer {}", token(consumer));
        request.headers.push((b"authorization".to_vec(), value.into_bytes()));
    }
    let facts = Facts {
        millis: 1_800_000_000_000,
        client_address: Some(sent.ip()),
        route: None,
        service: service.map(str::to_owned),
    };
    Input { request, upstream: Response::new(200), facts, used: Vec::new() }
}

/// A token of a consumer, signed with [`SECRET`].
fn token(consumer: &str) -> String {
    let payload = format!(r#"{{"iss":"{consumer}","sub":"{consumer}","exp":1900000000}}"#);
    let parts = [r#"{"alg":"HS256","typ":"JWT"}"#, &payload].map(|part| BASE64.encode(part));
    let message = parts.join(".");
    let signature = sign_hmac(SECRET.as_bytes(), "HS256", message.as_bytes()).unwrap();
    format!("{message}.{}", BASE64.encode(signature))
}
