//! VirtualService.

use super::workloads::Workload;
use crate::{
    convert::{
        from::{input::fields::Fields, input::kubernetes::Object},
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
        let place = object.document.place(http);
        let name = http.get_text("name").map_or(format!("{}-{n}", object.name), str::to_owned);
        let fields = Fields::new(Some(http), Reader::Kubernetes);
        let left_out = |reason: String, report: &mut Report| {
            report.left_out(&place, format!("route {name}: {reason}"));
        };
        let destinations = fields.items("route");
        let Some(destination) = destinations.first().and_then(|route| route.get("destination"))
        else {
            left_out("it has no destination".to_owned(), report);
            continue;
        };
        if destinations.len() > 1 {
            left_out("all destinations but the first".to_owned(), report);
        }
        let service = service(destination, object.namespace);
        let mut route = Route::new(&name, 0, place.clone());
        route.hosts.clone_from(&hosts);
        route.priority = i64::try_from(n).unwrap_or(i64::MAX).saturating_neg();
        if let Err(reason) = set_conditions(&mut route, fields.items("match")) {
            left_out(reason, report);
            continue;
        }
        fields.ignore(&["name"]);
        for (key, _) in fields.rest() {
            let field = key.text().unwrap_or_default();
            left_out(format!("{field}; add it to the output"), report);
        }
        match chain_of(&service, chains) {
            Ok(chain) => {
                route.chain = chain;
                route.service = gateway.add_service(service);
                report.converted(&place, format!("route {name}"));
                gateway.add_route(route);
            }
            Err(reason) => {
                left_out(format!("without {reason} its requests would pass unchecked"), report);
            }
        }
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
            let message = format!(
                "workload {name}, because without {reason} its requests would pass unchecked"
            );
            report.left_out(&object.place(), message);
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

fn set_conditions(route: &mut Route, conditions: &[Node]) -> Result<(), String> {
    for condition in conditions {
        for (key, value) in condition.members() {
            let exact = value.get_text("exact").map(str::to_owned);
            match key.text().unwrap_or_default() {
                "uri" => {
                    let prefix = value.get_text("prefix").map(|p| PathMatch::Prefix(p.to_owned()));
                    let regex = value.get_text("regex").map(|r| PathMatch::Regex(r.to_owned()));
                    let path = exact.map(PathMatch::Exact).or(prefix).or(regex);
                    route.paths.push(path.ok_or("a condition on uri")?);
                }
                "method" if conditions.len() == 1 => {
                    route.methods.push(exact.ok_or("a condition on the method")?);
                }
                "name" => {}
                other => return Err(format!("its condition {other} is not supported")),
            }
        }
    }
    route.paths.iter().find_map(PathMatch::fault).map_or(Ok(()), Err)
}
