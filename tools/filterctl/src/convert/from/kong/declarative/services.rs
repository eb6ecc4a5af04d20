//! Services of kong.yml.

use super::{
    super::entities::{Entities, Scope, ServiceEntity},
    File, items, report_rest,
};
use crate::{
    convert::{
        from::{
            input::fields::{Fields, yaml},
            input::urls::{self, Url},
        },
        model::{Scheme, Service},
        report::Report,
    },
    source::{Node, Reader},
};

/// Fields that only Kong has.
const SETTINGS: [&str; 5] = ["retries", "write_timeout", "tls_verify", "tls_verify_depth", "tags"];

impl<'d> File<'d> {
    /// Adds all services with their routes.
    pub(super) fn add_services(&mut self, entities: &mut Entities, report: &mut Report) {
        for node in self.root.items("services") {
            let index = self.add_service(node, entities, report);
            for route in items(node, "routes") {
                self.add_route(route, Some(index), None, entities, report);
            }
        }
    }

    /// Adds a service. Returns its index.
    fn add_service(
        &mut self,
        node: &'d Node,
        entities: &mut Entities,
        report: &mut Report,
    ) -> usize {
        let fields = self.fields(node, "service");
        let place = self.place(node);
        let number = entities.services.len().saturating_add(1);
        let name = fields.text("name").map_or(format!("service-{number}"), str::to_owned);
        let address = address(&fields, &name);
        let mut obstacle = None;
        if address.is_none() {
            let reason = "its protocol is not HTTP, or it has no host";
            report.left_out(&place, format!("service {name}: {reason}"));
            obstacle = Some(format!("service {name}: {reason}"));
        }
        let mut service = address.unwrap_or_else(|| Service::new(&name, Scheme::Http, "none", 80));
        service.id = fields.text("id").map(str::to_owned);
        service.connect_timeout_ms = Some(fields.number("connect_timeout").unwrap_or(60_000));
        service.read_timeout_ms = Some(fields.number("read_timeout").unwrap_or(60_000));
        for name in SETTINGS {
            service.kong.set_some(name, fields.get(name).and_then(|node| yaml(node, Reader::Kong)));
        }
        self.add_targets(&mut service, report);
        let is_enabled = fields.flag("enabled") != Some(false);
        let of_chains = self.filter_chains(node, &format!("service {name}"), report);
        fields.ignore(&["routes", "plugins", "filter_chains", "created_at", "updated_at"]);
        report_rest(&fields, &place, &format!("service {name}"), report);
        let obstacle = obstacle.or(of_chains);
        entities.services.push(ServiceEntity { service, is_enabled, obstacle });
        let index = entities.services.len().saturating_sub(1);
        self.nest_plugins(node, Scope { service: Some(index), ..Scope::default() });
        index
    }
}

/// The address of a service, from `url` or from its parts.
fn address(fields: &Fields<'_>, name: &str) -> Option<Service> {
    if let Some(url) = fields.text("url") {
        let mut service = Url::parse(url)?.service(name);
        if service.base_path.is_empty() {
            service.base_path = base_path(fields);
        }
        return Some(service);
    }
    let scheme = urls::scheme(fields.text("protocol").unwrap_or("http"))?;
    let port = fields.number("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(80);
    let host = fields.text("host").filter(|host| !host.is_empty())?;
    let mut service = Service::new(name, scheme, host, port);
    service.base_path = base_path(fields);
    Some(service)
}

fn base_path(fields: &Fields<'_>) -> String {
    fields.text("path").unwrap_or_default().trim_end_matches('/').to_owned()
}
