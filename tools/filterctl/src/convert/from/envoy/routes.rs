//! Connection managers, virtual hosts and routes.

use super::{
    answers, chain, clusters::milliseconds, conditions, flag, items, parts, rewrites, text,
};
use crate::{
    convert::{
        from::unchecked,
        model::{Action, Gateway, PathMatch, Response, Route, Service},
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
    pub(super) listener: usize,
}

/// A route with the scopes around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scopes<'n> {
    pub(super) route: &'n Node,
    pub(super) host: &'n Node,
    pub(super) table: &'n Node,
    /// Paths of rules of jwt_authn that routes before this one match.
    pub(super) excluded: &'n [PathMatch],
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
    pub(super) fn add_all(&self, gateway: &mut Gateway, report: &mut Report) {
        for table in self.tables() {
            for host in items(table, "virtual_hosts") {
                for route in items(host, "routes") {
                    self.add_route(Scopes { route, host, table, excluded: &[] }, gateway, report);
                }
                self.close(host, gateway, report);
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

    /// Rejects the requests of a virtual host without routes, as Envoy does, or of one whose routes
    /// are not in a list.
    fn close(&self, host: &Node, gateway: &mut Gateway, report: &mut Report) {
        if !items(host, "routes").is_empty() {
            return;
        }
        let name = text(host, "name").unwrap_or("route");
        for hosts in conditions::hosts(host) {
            let mut route = Route::new(name, 0, self.document.place(host));
            route.hosts = hosts;
            route.listener = self.listener;
            route.requires_tls = requires_tls(host);
            if host.field("matcher").is_some() {
                gateway.add_blocked(
                    route,
                    "the matcher of its virtual host is not supported",
                    report,
                );
            } else if !route.hosts.is_empty() {
                route.action = Action::Respond(Response { status: 404, body: String::new() });
                gateway.add_route(route);
            }
        }
    }

    fn add_route(&self, scopes: Scopes<'d>, gateway: &mut Gateway, report: &mut Report) {
        let number = gateway.routes.len().saturating_add(1);
        let host_name = text(scopes.host, "name").unwrap_or("route");
        let name =
            text(scopes.route, "name").map_or(format!("{host_name}-{number}"), str::to_owned);
        let mut route = Route::new(&name, 0, self.document.place(scopes.route));
        let priority = i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(1_000);
        route.priority = priority.saturating_neg();
        route.listener = self.listener;
        route.requires_tls = requires_tls(scopes.host);
        let condition = scopes.route.get("match");
        let mut obstacle = condition.and_then(|condition| conditions::set(&mut route, condition));
        if conditions::shares_name(scopes.host, scopes.table) {
            // The requests of all ports match the first of these routes.
            route.priority = route.priority.saturating_add(i64::MAX);
            obstacle = Some("another virtual host has its name with another port".to_owned());
        }
        for hosts in conditions::hosts(scopes.host) {
            let route = Route { hosts, ..route.clone() };
            let parts = match obstacle {
                None => parts::parts(&route, self, scopes),
                Some(_) => Vec::new(),
            };
            for (n, part) in parts.iter().enumerate() {
                let excluded = parts.get(..n).unwrap_or_default();
                // The parts come before the route, in the order of the rules.
                let before = parts::MAX.saturating_add(1).saturating_sub(n);
                let before = i64::try_from(before).unwrap_or_default();
                let priority = route.priority.saturating_add(before);
                let part = Route { paths: vec![part.clone()], priority, ..route.clone() };
                self.add(part, Scopes { excluded, ..scopes }, gateway, report, None);
            }
            let scopes = Scopes { excluded: &parts, ..scopes };
            self.add(route, scopes, gateway, report, obstacle.as_deref());
        }
    }

    /// Adds a route, or blocks it.
    fn add(
        &self,
        mut route: Route,
        scopes: Scopes<'_>,
        gateway: &mut Gateway,
        report: &mut Report,
        obstacle: Option<&str>,
    ) {
        match self.read(&mut route, scopes, gateway, report, obstacle) {
            Ok(()) => {
                report.converted(&route.place, format!("route {}", route.name));
                gateway.add_route(route);
            }
            Err(reason) => gateway.add_blocked(route, &reason, report),
        }
    }

    /// Reads the action and the filters of a route.
    ///
    /// # Errors
    /// Why the route cannot be converted.
    fn read(
        &self,
        route: &mut Route,
        scopes: Scopes<'_>,
        gateway: &mut Gateway,
        report: &mut Report,
        obstacle: Option<&str>,
    ) -> Result<(), String> {
        if let Some(obstacle) = obstacle {
            return Err(obstacle.to_owned());
        }
        let mut service = None;
        match answers::action(scopes.route)? {
            Some(action) => route.action = action,
            None => {
                let action = scopes.route.get("route").ok_or("its action is not supported")?;
                let mut found = self.service(action)?;
                if let Some(difference) = rewrites::set(route, &mut found, action)? {
                    let message = format!("route {}: prefix_rewrite: {difference}", route.name);
                    report.changed(&route.place, message);
                }
                self.set_action(route, &mut found, action, report);
                service = Some(found);
            }
        }
        chain::add(route, self, scopes, gateway, report).map_err(|check| unchecked(&check))?;
        if let Some(service) = service {
            route.service = gateway.add_service(service);
        }
        Ok(())
    }

    /// The service of a route.
    fn service(&self, action: &Node) -> Result<Service, String> {
        let Some(cluster) = text(action, "cluster") else {
            return Err("it does not name one cluster".to_owned());
        };
        self.cluster(cluster)
            .ok_or(format!("its cluster {cluster} is not in the input, or has no endpoints"))
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
            "prefix_rewrite",
            "prefixRewrite",
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

/// Whether a virtual host redirects requests without TLS. For `EXTERNAL_ONLY`, internal ones too.
fn requires_tls(host: &Node) -> bool {
    text(host, "require_tls").is_some_and(|requirement| requirement != "NONE")
}
