//! VirtualService.

use super::workloads::Workload;
use crate::{
    convert::{
        from::{input::fields::Fields, input::kubernetes::Object, unchecked},
        model::{Chain, Gateway, PathMatch, Route, Scheme, Service},
        report::Report,
    },
    source::{Node, Reader},
};

type Chains<'o> = [(&'o Workload<'o>, Result<Chain, String>)];

/// Adds the routes of a VirtualService.
pub(super) fn add(
    object: &Object<'_>,
    chains: &Chains<'_>,
    gateway: &mut Gateway,
    report: &mut Report,
) {
    let hosts = object.root.at(&["spec", "hosts"]).map(crate::convert::from::input::fields::texts);
    let hosts: Vec<String> =
        hosts.unwrap_or_default().into_iter().filter(|host| host != "*").collect();
    for (n, http) in object.items(&["spec", "http"]).iter().enumerate() {
        let name = http.get_text("name").map_or(format!("{}-{n}", object.name), str::to_owned);
        let mut route = Route::new(&name, 0, object.document.place(http));
        route.hosts.clone_from(&hosts);
        route.priority = i64::try_from(gateway.routes.len()).unwrap_or(i64::MAX).saturating_neg();
        add_route(route, object, http, chains, gateway, report);
    }
}

fn add_route(
    mut route: Route,
    object: &Object<'_>,
    http: &Node,
    chains: &Chains<'_>,
    gateway: &mut Gateway,
    report: &mut Report,
) {
    let fields = Fields::new(Some(http), Reader::Kubernetes);
    let (place, name) = (route.place.clone(), route.name.clone());
    let left_out = |reason: &str, report: &mut Report| {
        report.left_out(&place, format!("route {name}: {reason}"));
    };
    let obstacle = set_conditions(&mut route, fields.items("match"));
    let destinations = fields.items("route");
    let destination = destinations.first().and_then(|route| route.get("destination"));
    if destinations.len() > 1 {
        left_out("all destinations but the first", report);
    }
    fields.ignore(&["name"]);
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        left_out(&format!("{field}; add it to the output"), report);
    }
    let service = destination.map(|destination| service(destination, object.namespace));
    let service = service.ok_or_else(|| "it has no destination".to_owned());
    let found = obstacle.map_or(service, Err).and_then(|service| {
        let chain = chain_of(&service, chains).map_err(|reason| unchecked(&reason))?;
        Ok((service, chain))
    });
    match found {
        Ok((service, chain)) => {
            route.chain = chain;
            route.service = gateway.add_service(service);
            report.converted(&place, format!("route {name}"));
            gateway.add_route(route);
        }
        Err(reason) => gateway.add_blocked(route, &reason, report),
    }
}

/// Adds a route for all requests to a workload.
pub(super) fn add_default(
    workload: &Workload<'_>,
    chain: &Result<Chain, String>,
    gateway: &mut Gateway,
    report: &mut Report,
) {
    let Some(object) = workload.authentications.first().or_else(|| workload.policies.first())
    else {
        return;
    };
    let name = workload.name.as_deref().unwrap_or("upstream");
    match chain {
        Ok(chain) => {
            let host = format!("{name}.{}.svc.cluster.local", object.namespace);
            let mut route = Route::new(name, 0, object.place());
            route.chain = chain.clone();
            route.service = gateway.add_service(Service::new(name, Scheme::Http, &host, 80));
            let message = format!(
                "{}: the output has one route for all requests to {host}",
                object.describe()
            );
            report.changed(&object.place(), message);
            gateway.add_route(route);
        }
        Err(reason) => {
            let route = Route::new(name, 0, object.place());
            gateway.add_blocked(route, &unchecked(reason), report);
        }
    }
}

/// The chain of the workload behind a Service, by name, or of all workloads.
fn chain_of(service: &Service, chains: &Chains<'_>) -> Result<Chain, String> {
    let named = |name: &str| name == service.name || name == "ingressgateway";
    let own = chains.iter().find(|(workload, _)| workload.name.as_deref().is_some_and(named));
    let general = || chains.iter().find(|(workload, _)| workload.name.is_none());
    match own.or_else(general) {
        Some((_, chain)) => chain.clone(),
        None if chains.is_empty() => Ok(Chain::default()),
        None => Err("a policy that selects its workload".to_owned()),
    }
}

fn service(destination: &Node, namespace: &str) -> Service {
    let host = destination.get_text("host").unwrap_or_default();
    let name = host.split('.').next().unwrap_or(host);
    let port = destination.at(&["port", "number"]).and_then(Node::text);
    let port = port.and_then(|port| port.parse().ok()).unwrap_or(80);
    let full = match host.contains('.') {
        true => host.to_owned(),
        false => format!("{host}.{namespace}.svc.cluster.local"),
    };
    Service::new(name, Scheme::Http, &full, port)
}

/// Sets the conditions of a route. Returns why they cannot be converted: then the route matches at
/// least the same requests.
fn set_conditions(route: &mut Route, conditions: &[Node]) -> Option<String> {
    let read: Vec<(Route, Option<String>)> =
        conditions.iter().map(|condition| read_condition(route, condition)).collect();
    let first = read.first()?.0.clone();
    let is_mixed = read.iter().any(|(other, _)| other.methods != first.methods);
    let obstacle = read.iter().find_map(|(_, obstacle)| obstacle.clone());
    let obstacle = obstacle.or(is_mixed.then(|| "its conditions have several methods".to_owned()));
    route.methods = if is_mixed { Vec::new() } else { first.methods };
    if read.iter().all(|(other, _)| !other.paths.is_empty()) {
        route.paths = read.into_iter().flat_map(|(other, _)| other.paths).collect();
    }
    obstacle
}

/// The route for one condition, and why that is not the whole condition.
fn read_condition(route: &Route, condition: &Node) -> (Route, Option<String>) {
    let mut read = Route { paths: Vec::new(), methods: Vec::new(), ..route.clone() };
    let mut obstacle = None;
    for (key, value) in condition.members() {
        let exact = value.get_text("exact").map(str::to_owned);
        match key.text().unwrap_or_default() {
            "uri" => {
                let prefix = value.get_text("prefix").map(|p| PathMatch::Prefix(p.to_owned()));
                let regex = value.get_text("regex").map(|r| PathMatch::Regex(r.to_owned()));
                let path = exact.map(PathMatch::Exact).or(prefix).or(regex);
                match path.map(|path| path.fault().map_or(Ok(path), Err)) {
                    Some(Ok(path)) => read.paths.push(path),
                    Some(Err(fault)) => obstacle = Some(fault),
                    None => obstacle = Some("its condition on uri is not supported".to_owned()),
                }
            }
            "method" if exact.is_some() => read.methods.extend(exact),
            "name" => {}
            other => obstacle = Some(format!("its condition {other} is not supported")),
        }
    }
    if condition.get("ignoreUriCase").is_some() {
        read.paths.clear();
    }
    (read, obstacle)
}
