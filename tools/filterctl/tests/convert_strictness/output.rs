//! The verdicts of outputs, with the filters' own code.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use filterctl::{
    convert::Target,
    explain,
    found::{Found, Project},
    source::{File, Reader},
};
use novasphere_explain::{Chain, Environment, Facts, Input, KeySets, Response, Setup};
use serde_json::Value;

use super::Request;

/// A converted file.
pub(super) struct Output {
    project: Project,
    /// The names of routes that the proxy answers itself.
    answered: Vec<String>,
    /// The networks that Traefik's own middlewares let pass, by router.
    allowed: BTreeMap<String, Vec<ipnet::IpNet>>,
    chains: Vec<(Vec<usize>, Chain)>,
}

impl Output {
    pub(super) fn new(target: Target, text: &str) -> Self {
        let file = File::new("out.yaml", text.to_owned());
        let documents: Vec<Value> =
            file.documents.iter().map(|node| Reader::Yaml.value(node)).collect();
        let project = Project::new(vec![file]);
        let mut allowed = BTreeMap::new();
        let answered = match target {
            Target::Kong => names(&documents[0]["routes"]),
            Target::EnvoyGateway => documents.iter().filter_map(answered_http_route).collect(),
            Target::Traefik => traefik(&documents[0], &mut allowed),
            _ => Vec::new(),
        };
        Self { project, answered, allowed, chains: Vec::new() }
    }

    /// Whether the upstream gets a request.
    pub(super) fn passes(&mut self, request: &Request) -> bool {
        // Without filters, a project has no routes. Each file has a protected route for another host,
        // which is blocked if the policies of all hosts cannot be converted.
        let Some(selected) = self.project.route_for(request.host, request.method, request.path)
        else {
            return false;
        };
        let route = selected.route;
        if route.direct.is_some() || self.answered.contains(&route.name) {
            return false;
        }
        let address = address(request);
        let is_inside =
            |networks: &Vec<ipnet::IpNet>| networks.iter().any(|n| n.contains(&address));
        if self.allowed.get(&route.name).is_some_and(|networks| !is_inside(networks)) {
            return false;
        }
        let filters = route.filters.clone();
        if filters.is_empty() {
            return true;
        }
        self.chain(&filters).send(&input(request)).upstream.is_some()
    }

    fn chain(&mut self, filters: &[usize]) -> &mut Chain {
        let index = self.chains.iter().position(|(known, _)| known == filters);
        let index = index.unwrap_or_else(|| {
            let found: Vec<&Found> =
                filters.iter().map(|index| &self.project.filters[*index]).collect();
            let setup = Setup {
                proxy: explain::proxy(&found, None),
                filters: explain::configured(&found),
                environment: Environment { assume_missing: true, ..Environment::default() },
                keys: KeySets { assume_missing: true, ..KeySets::default() },
                redis: false,
            };
            self.chains.push((filters.to_vec(), Chain::new(setup).unwrap()));
            self.chains.len() - 1
        });
        &mut self.chains[index].1
    }
}

fn names(list: &Value) -> Vec<String> {
    let entries = list.as_array().into_iter().flatten();
    entries.map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

fn answered_http_route(object: &Value) -> Option<String> {
    let rule = &object["spec"]["rules"][0];
    (object["kind"] == "HTTPRoute" && rule.get("backendRefs").is_none())
        .then(|| object["metadata"]["name"].as_str().unwrap().to_owned())
}

/// The names of routers without servers.
fn traefik(root: &Value, allowed: &mut BTreeMap<String, Vec<ipnet::IpNet>>) -> Vec<String> {
    let http = &root["http"];
    let mut answered = Vec::new();
    for (name, router) in http["routers"].as_object().unwrap() {
        if router["service"] == "blocked" {
            answered.push(name.clone());
        }
        for middleware in router["middlewares"].as_array().into_iter().flatten() {
            let ranges = &http["middlewares"][middleware.as_str().unwrap()]["ipAllowList"];
            if let Some(ranges) = ranges["sourceRange"].as_array() {
                let networks = ranges.iter().map(|range| range.as_str().unwrap().parse().unwrap());
                allowed.insert(name.clone(), networks.collect());
            }
        }
    }
    answered
}

fn address(request: &Request) -> std::net::IpAddr {
    let text = if request.is_inside { "10.1.2.3" } else { "192.0.2.1" };
    text.parse().unwrap()
}

fn input(request: &Request) -> Input {
    let mut sent = novasphere_explain::Request::new(request.method, request.path, request.host);
    if let Some(issuer) = request.issuer {
        let header = format!(r#"{{"alg":"HS256","kid":"{issuer}"}}"#);
        let claims = format!(r#"{{"iss":"{issuer}","sub":"anna"}}"#);
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let token = format!("{}.{}.{}", encode(&header), encode(&claims), encode("signature"));
        sent.headers.push((b"authorization".to_vec(), format!("Bearer {token}").into_bytes()));
    }
    if request.has_header {
        sent.headers.push((b"x-kind".to_vec(), b"a".to_vec()));
    }
    let facts = Facts {
        millis: 1_700_000_000_000,
        client_address: Some(address(request)),
        route: None,
        service: None,
    };
    Input { request: sent, upstream: Response::new(200), facts, used: Vec::new() }
}
