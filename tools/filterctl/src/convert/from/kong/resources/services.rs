//! Services that routes name.

use super::{
    super::entities::{Entities, Scope, ServiceEntity},
    Cluster,
    annotations::report_unknown,
};
use crate::{
    convert::{
        from::{input::kubernetes::Object, input::urls},
        model::{Scheme, Service},
        report::Report,
    },
    source::Node,
};

/// Annotations of Services that are read, or have no effect here.
const KNOWN: [&str; 6] = ["plugins", "protocol", "connect-timeout", "read-timeout", "path", "tags"];

impl Cluster<'_> {
    /// Adds a Service with its plugins. Returns its index.
    pub(super) fn add_service(
        &mut self,
        name: &str,
        namespace: &str,
        port: Option<&Node>,
        entities: &mut Entities,
        report: &mut Report,
    ) -> usize {
        let objects = self.objects;
        let object = objects
            .iter()
            .find(|o| o.kind == "Service" && o.name == name && o.namespace == namespace);
        let port = port_number(port, object);
        let key = format!("{namespace}/{name}:{port}");
        if let Some((_, index)) = self.services.iter().find(|(known, _)| *known == key) {
            return *index;
        }
        let is_taken = entities.services.iter().any(|s| s.service.name == name);
        let own_name =
            if is_taken { format!("{namespace}.{name}.{port}") } else { name.to_owned() };
        let host = format!("{name}.{namespace}.svc.cluster.local");
        let service = service(&own_name, &host, port, object);
        entities.services.push(ServiceEntity { service, is_enabled: true, obstacle: None });
        let index = entities.services.len().saturating_sub(1);
        self.services.push((key, index));
        if let Some(object) = object {
            let scope = Scope { service: Some(index), ..Scope::default() };
            let names = object.list("konghq.com/plugins");
            self.plugins.refer(&names, object, scope, entities);
            report_unknown(object, &KNOWN, report);
        }
        index
    }
}

fn service(name: &str, host: &str, port: u16, object: Option<&Object<'_>>) -> Service {
    let annotation = |name: &str| object.and_then(|o| o.annotation(&format!("konghq.com/{name}")));
    let scheme = annotation("protocol").and_then(urls::scheme).unwrap_or(Scheme::Http);
    let mut service = Service::new(name, scheme, host, port);
    let timeout = |name: &str| annotation(name).and_then(|text| text.parse().ok());
    service.connect_timeout_ms = Some(timeout("connect-timeout").unwrap_or(60_000));
    service.read_timeout_ms = Some(timeout("read-timeout").unwrap_or(60_000));
    let path = annotation("path").unwrap_or_default();
    service.base_path = path.trim_end_matches('/').to_owned();
    service
}

/// The port of a Service, by number or by name.
fn port_number(port: Option<&Node>, service: Option<&Object<'_>>) -> u16 {
    let text = port.and_then(Node::text).unwrap_or_default();
    if let Ok(number) = text.parse() {
        return number;
    }
    let ports = service.and_then(|o| o.root.at(&["spec", "ports"])).map(Node::items);
    let mut ports = ports.unwrap_or_default().iter();
    let named = ports.find(|port| port.get_text("name") == Some(text));
    named.and_then(|port| port.get_text("port")?.parse().ok()).unwrap_or(80)
}
