//! VirtualService.

use super::{answers, chains::Chains, changes, conditions, gateways, peers, workloads::Workload};
use crate::{
    convert::{
        from::{
            input::fields::Fields, input::fields::texts, input::kubernetes::Object, input::servers,
        },
        model::{Chain, Gateway, Route, Scheme, Service},
        report::Report,
    },
    source::{Node, Reader},
};

/// The names of the Services that VirtualServices route to.
pub(super) fn destinations(objects: &[Object<'_>]) -> Vec<String> {
    let services = objects.iter().filter(|object| object.kind == "VirtualService");
    let routes = services.flat_map(|object| object.items(&["spec", "http"]));
    let destinations =
        routes.flat_map(|http| http.get("route").map(Node::items).unwrap_or_default());
    destinations
        .filter_map(|route| route.at(&["destination", "host"])?.text())
        .filter_map(|host| host.split('.').next().map(str::to_owned))
        .collect()
}

/// Adds the routes of a VirtualService.
pub(super) fn add(
    object: &Object<'_>,
    chains: &Chains<'_>,
    gateway: &mut Gateway,
    report: &mut Report,
) {
    let list = |name: &str| object.root.at(&["spec", name]).map(texts).unwrap_or_default();
    let hosts: Vec<String> = list("hosts").into_iter().filter(|host| host != "*").collect();
    let names = gateways::names(object);
    let of_gateway = |name| Workload::of_gateway(name, chains.objects, chains.root);
    let gateways: Vec<Workload> = names.iter().map(of_gateway).collect();
    let servers = gateways::servers(&names, object.namespace, chains.objects);
    let of_gateway = names.iter().find_map(|name| gateways::obstacle(name, chains.objects));
    for (n, http) in object.items(&["spec", "http"]).iter().enumerate() {
        let name = http.get_text("name").map_or(format!("{}-{n}", object.name), str::to_owned);
        let mut route = Route::new(&name, 0, object.document.place(http));
        route.hosts.clone_from(&hosts);
        route.priority = i64::try_from(gateway.routes.len()).unwrap_or(i64::MAX).saturating_neg();
        let fields = Fields::new(Some(http), Reader::Kubernetes);
        let obstacle = conditions::set(&mut route, fields.items("match"));
        let obstacle = obstacle.or_else(|| of_gateway.clone());
        let read = obstacle.map_or(Ok(()), Err).and_then(|()| {
            let read = Http { object, fields: &fields, chains, gateways: &gateways };
            read.set(&mut route, gateway, report)
        });
        fields.ignore(&["name"]);
        for (key, _) in fields.rest() {
            let field = key.text().unwrap_or_default();
            report.left_out(&route.place, format!("route {name}: {field}; add it to the output"));
        }
        let place = route.place.clone();
        let routes = match &servers {
            Some(servers) => servers::restricted(route, servers),
            None => vec![route],
        };
        if routes.is_empty() {
            report.not_needed(
                &place,
                format!("route {name}: no server of its Gateway has its hosts"),
            );
        } else if read.is_ok() {
            report.converted(&place, format!("route {name}"));
        }
        for route in routes {
            match &read {
                Ok(()) => gateway.add_route(route),
                Err(reason) => gateway.add_blocked(route, reason, report),
            }
        }
    }
}

/// An entry of `http`.
struct Http<'h> {
    object: &'h Object<'h>,
    fields: &'h Fields<'h>,
    chains: &'h Chains<'h>,
    gateways: &'h [Workload],
}

impl Http<'_> {
    /// Sets the action and the filters of a route.
    ///
    /// # Errors
    /// Why they cannot be converted.
    fn set(
        &self,
        route: &mut Route,
        gateway: &mut Gateway,
        report: &mut Report,
    ) -> Result<(), String> {
        let fault = self.fields.get("fault");
        if fault.is_some_and(|fault| fault.get("abort").is_some()) {
            return Err("its fault rejects requests".to_owned());
        }
        if fault.is_some() {
            report.left_out(&route.place, format!("route {}: fault", route.name));
        }
        if let Some(action) = answers::action(self.fields)? {
            route.action = action;
            route.chain = self.chains.of_gateways(self.gateways, report)?;
            return Ok(());
        }
        let mut found: Option<(Service, Chain)> = None;
        for destination in self.fields.items("route") {
            let node = destination.get("destination").ok_or("it has no destination")?;
            let (service, namespace) = service(node, self.object.namespace);
            let workload = Workload::of_service(&service.name, &namespace, self.chains.objects);
            self.check(destination, &workload)?;
            let chain = self.chains.of(&workload, self.gateways, report)?;
            match &found {
                None => found = Some((service, chain)),
                Some((_, first)) if *first == chain => {
                    let message = format!("route {}: all destinations but the first", route.name);
                    report.left_out(&route.place, message);
                }
                Some(_) => return Err("its destinations have different policies".to_owned()),
            }
        }
        let (mut service, chain) = found.ok_or("it has no destination")?;
        route.chain = chain;
        if let Some(node) = self.fields.get("rewrite") {
            changes::rewrite(route, &mut service, node)?;
        }
        if let Some(node) = self.fields.get("headers") {
            route.chain.header_transform = changes::headers(route, node, report)?;
        }
        route.service = gateway.add_service(service);
        Ok(())
    }

    /// Checks what only one destination has.
    ///
    /// # Errors
    /// Why it cannot be converted.
    fn check(&self, destination: &Node, workload: &Workload) -> Result<(), String> {
        if destination.get("headers").is_some() {
            return Err("headers of its destination are not supported".to_owned());
        }
        let Chains { objects, known, root, .. } = self.chains;
        let has_gateway = !self.gateways.is_empty();
        let obstacle = peers::obstacle(workload, objects, known, root);
        obstacle.filter(|_| !has_gateway).map_or(Ok(()), Err)
    }
}

/// Adds a route for all requests to each workload.
pub(super) fn add_default(chains: &Chains<'_>, gateway: &mut Gateway, report: &mut Report) {
    let workloads = chains.selected();
    for workload in &workloads {
        let Some(policy) =
            chains.policies.iter().find(|p| p.object.namespace == workload.namespace)
        else {
            continue;
        };
        let (name, namespace) = (&workload.name, &workload.namespace);
        let host = format!("{name}.{namespace}.svc.cluster.local");
        let mut route = Route::new(name, 0, policy.object.place());
        if workloads.len() > 1 {
            route.hosts = vec![host.clone(), format!("{name}.{namespace}"), name.clone()];
        }
        let Chains { objects, known, root, .. } = chains;
        let obstacle = peers::obstacle(workload, objects, known, root);
        let obstacle = obstacle.filter(|_| workload.gateway.is_none());
        match obstacle.map_or_else(|| chains.of(workload, &[], report), Err) {
            Ok(chain) => {
                route.chain = chain;
                route.service = gateway.add_service(Service::new(name, Scheme::Http, &host, 80));
                let message = format!(
                    "{}: the output has one route for all requests to {host}",
                    policy.object.describe()
                );
                report.changed(&policy.object.place(), message);
                gateway.add_route(route);
            }
            Err(reason) => gateway.add_blocked(route, &reason, report),
        }
    }
}

/// The Service of a destination, and its namespace.
fn service(destination: &Node, namespace: &str) -> (Service, String) {
    let host = destination.get_text("host").unwrap_or_default();
    let mut labels = host.split('.');
    let name = labels.next().unwrap_or(host);
    let own = labels.next().unwrap_or(namespace);
    let port = destination.at(&["port", "number"]).and_then(Node::text);
    let port = port.and_then(|port| port.parse().ok()).unwrap_or(80);
    let full = match host.contains('.') {
        true => host.to_owned(),
        false => format!("{host}.{namespace}.svc.cluster.local"),
    };
    (Service::new(name, Scheme::Http, &full, port), own.to_owned())
}
