//! Connection managers, virtual hosts, routes and clusters.

use super::{chain, flag, items, number, text};
use crate::{
    convert::{
        from::policy::buckets,
        model::{Endpoint, Gateway, PathMatch, Route, Scheme, Service},
        report::Report,
    },
    found::Document,
    source::Node,
};

/// A connection manager, and the documents with the resources that it names.
pub(super) struct Input<'d> {
    pub(super) document: &'d Document,
    pub(super) documents: &'d [&'d Document],
    pub(super) manager: &'d Node,
}

/// A route with the scopes around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scopes<'n> {
    pub(super) route: &'n Node,
    pub(super) host: &'n Node,
    pub(super) table: &'n Node,
}

impl<'n> Scopes<'n> {
    /// The nearest override of a filter.
    pub(super) fn override_of(&self, filter: &str) -> Option<&'n Node> {
        [self.route, self.host, self.table]
            .into_iter()
            .find_map(|scope| scope.field("typed_per_filter_config")?.get(filter))
    }
}

impl<'d> Input<'d> {
    /// Adds all routes.
    pub(super) fn add(&self, gateway: &mut Gateway, report: &mut Report) {
        for table in self.tables() {
            for host in items(table, "virtual_hosts") {
                for route in items(host, "routes") {
                    self.add_route(Scopes { route, host, table }, gateway, report);
                }
            }
        }
    }

    /// Its own route table, or the tables of this name in any file.
    fn tables(&self) -> Vec<&'d Node> {
        if let Some(own) = self.manager.field("route_config") {
            return vec![own];
        }
        let name = self.manager.fields(&["rds", "route_config_name"]).and_then(Node::text);
        let mut tables = Vec::new();
        for document in self.documents {
            document.root.walk(&mut |node| {
                let is_table = node.field("virtual_hosts").is_some();
                if is_table && name.is_some() && node.get_text("name") == name {
                    tables.push(node);
                }
            });
        }
        tables
    }

    fn add_route(&self, scopes: Scopes<'d>, gateway: &mut Gateway, report: &mut Report) {
        let place = self.document.place(scopes.route);
        let number = gateway.routes.len().saturating_add(1);
        let host_name = text(scopes.host, "name").unwrap_or("route");
        let name =
            text(scopes.route, "name").map_or(format!("{host_name}-{number}"), str::to_owned);
        let mut route = Route::new(&name, 0, place.clone());
        route.priority = i64::try_from(number).unwrap_or(i64::MAX).saturating_neg();
        route.hosts = domains(scopes.host);
        let read = scopes.route.get("match").map_or(Ok(()), |m| set_conditions(&mut route, m));
        let service = read.and_then(|()| self.service(scopes.route));
        let mut service = match service {
            Ok(service) => service,
            Err(reason) => {
                report.left_out(&place, format!("route {name}: {reason}"));
                return;
            }
        };
        if let Some(action) = scopes.route.get("route") {
            self.set_action(&mut route, &mut service, action, report);
        }
        match chain::add(&mut route, self, scopes, gateway, report) {
            Ok(()) => {
                route.service = gateway.add_service(service);
                report.converted(&place, format!("route {name}"));
                gateway.add_route(route);
            }
            Err(reason) => report.left_out(
                &place,
                format!("route {name}, because without {reason} its requests would pass unchecked"),
            ),
        }
    }

    /// The service of a route.
    fn service(&self, route: &Node) -> Result<Service, String> {
        let Some(action) = route.get("route") else {
            return Err("Envoy answers it itself; keep it in Envoy".to_owned());
        };
        let Some(cluster) = text(action, "cluster") else {
            return Err("it does not name one cluster".to_owned());
        };
        self.cluster(cluster)
            .ok_or(format!("its cluster {cluster} is not in the input, or has no endpoints"))
    }

    /// A cluster by its name.
    pub(super) fn cluster(&self, name: &str) -> Option<Service> {
        let mut found = None;
        for document in self.documents {
            document.root.walk(&mut |node| {
                if found.is_none() && node.get_text("name") == Some(name) {
                    found = node.field("load_assignment").map(|assignment| (node, assignment));
                }
            });
        }
        let (cluster, assignment) = found?;
        let mut endpoints = Vec::new();
        for group in items(assignment, "endpoints") {
            for entry in items(group, "lb_endpoints") {
                let address = entry.fields(&["endpoint", "address", "socket_address"])?;
                let host = text(address, "address")?.to_owned();
                let port =
                    number(address, "port_value").and_then(|port| u16::try_from(port).ok())?;
                let weight = number(entry, "load_balancing_weight").unwrap_or(1);
                endpoints.push(Endpoint { host, port, weight });
            }
        }
        let first = endpoints.first()?;
        let is_tls = cluster.field("transport_socket").is_some();
        let mut is_http2 = cluster.field("http2_protocol_options").is_some();
        if let Some(options) = cluster.field("typed_extension_protocol_options") {
            options.walk(&mut |node| {
                is_http2 = is_http2
                    || node.fields(&["explicit_http_config", "http2_protocol_options"]).is_some();
            });
        }
        let scheme = match (is_tls, is_http2) {
            (false, false) => Scheme::Http,
            (true, false) => Scheme::Https,
            (false, true) => Scheme::H2c,
            (true, true) => Scheme::H2,
        };
        let mut service = Service::new(name, scheme, &first.host, first.port);
        service.endpoints = endpoints;
        let timeout = text(cluster, "connect_timeout").and_then(milliseconds);
        service.connect_timeout_ms = timeout;
        Some(service)
    }

    fn set_action(
        &self,
        route: &mut Route,
        service: &mut Service,
        action: &Node,
        report: &mut Report,
    ) {
        service.read_timeout_ms = text(action, "idle_timeout").and_then(milliseconds);
        if text(action, "host_rewrite_literal") == Some(service.authority().as_str())
            || flag(action, "auto_host_rewrite")
        {
            route.preserve_host = false;
        }
        let known = [
            "cluster",
            "idle_timeout",
            "timeout",
            "host_rewrite_literal",
            "auto_host_rewrite",
            "hostRewriteLiteral",
            "autoHostRewrite",
            "idleTimeout",
        ];
        for (key, _) in action.members() {
            let name = key.text().unwrap_or_default();
            if !known.contains(&name) {
                let message = format!("route {}: {name}; add it to the output", route.name);
                report.left_out(&self.document.place(key), message);
            }
        }
        if text(action, "timeout").is_some_and(|timeout| timeout != "0s") {
            let message = format!("route {}: its total timeout; add it to the output", route.name);
            report.left_out(&route.place, message);
        }
    }
}

fn milliseconds(text: &str) -> Option<i64> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    let whole = format!("{:.0}", seconds * 1000.0);
    whole
        .parse()
        .ok()
        .filter(|ms| *ms > 0)
        .or_else(|| Some(buckets::seconds(text)?.saturating_mul(1000)))
}

/// The host names of a virtual host, without variants with a port. Empty for all.
fn domains(host: &Node) -> Vec<String> {
    let all: Vec<&str> = items(host, "domains").iter().filter_map(Node::text).collect();
    if all.contains(&"*") {
        return Vec::new();
    }
    let mut domains: Vec<String> = Vec::new();
    for domain in all {
        let name = domain.strip_suffix(":*").unwrap_or(domain);
        if !domains.iter().any(|known| known == name) {
            domains.push(name.to_owned());
        }
    }
    domains
}

fn set_conditions(route: &mut Route, condition: &Node) -> Result<(), String> {
    for (key, value) in condition.members() {
        let name = key.text().unwrap_or_default();
        let own = || value.text().unwrap_or_default().to_owned();
        match name {
            "path" => route.paths.push(PathMatch::Exact(own())),
            "prefix" => route.paths.push(PathMatch::Prefix(own())),
            "path_separated_prefix" | "pathSeparatedPrefix" => {
                route.paths.push(PathMatch::Segments(own()));
            }
            "safe_regex" | "safeRegex" => {
                let regex = value.get_text("regex").unwrap_or_default();
                route.paths.push(PathMatch::Regex(regex.replace("(?P<", "(?<")));
            }
            "headers" => {
                for header in value.items() {
                    let methods =
                        methods(header).ok_or("conditions on headers are not supported")?;
                    route.methods.extend(methods);
                }
            }
            name => return Err(format!("its condition {name} is not supported")),
        }
    }
    route.paths.iter().find_map(PathMatch::fault).map_or(Ok(()), Err)
}

/// The methods that a condition on a header allows: one, or a list such as `GET|POST`.
fn methods(header: &Node) -> Option<Vec<String>> {
    if text(header, "name") != Some(":method") || header.field("invert_match").is_some() {
        return None;
    }
    let exact = header.fields(&["string_match", "exact"]).or_else(|| header.field("exact_match"));
    if let Some(exact) = exact.and_then(Node::text) {
        return Some(vec![exact.to_owned()]);
    }
    let regex = header.fields(&["string_match", "safe_regex", "regex"])?.text()?;
    let is_list = regex.bytes().all(|b| b.is_ascii_uppercase() || b == b'|');
    is_list.then(|| regex.split('|').map(str::to_owned).collect())
}
