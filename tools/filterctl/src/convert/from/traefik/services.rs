//! Services of files and of Kubernetes.

use crate::{
    convert::{
        from::{input::fields::Fields, input::urls::Url},
        model::{Endpoint, Scheme, Service},
        report::Report,
    },
    found::Document,
    source::{Node, Reader},
};

/// A service of a file, and whether it gets the client's `Host`.
pub(super) fn file_service(
    document: &Document,
    name: &str,
    report: &mut Report,
) -> Option<(Service, bool)> {
    let services = document.root.at(&["http", "services"])?;
    let (key, node) = services.member(name)?;
    let Some(balancer) = node.get("loadBalancer") else {
        let message = format!("service {name}: only loadBalancer is supported");
        report.left_out(&document.place(key), message);
        return None;
    };
    let fields = Fields::new(Some(balancer), Reader::Yaml);
    let servers = fields.items("servers").iter();
    let urls: Vec<(Url, i64)> = servers
        .filter_map(|server| {
            let fields = Fields::new(Some(server), Reader::Yaml);
            let url = Url::parse(fields.text("url")?)?;
            Some((url, fields.number("weight").unwrap_or(1)))
        })
        .collect();
    let (first, _) = urls.first()?;
    let mut service = first.service(name);
    service.endpoints = urls
        .iter()
        .map(|(url, weight)| Endpoint { host: url.host.clone(), port: url.port, weight: *weight })
        .collect();
    let preserve_host = fields.flag("passHostHeader") != Some(false);
    fields.ignore(&["responseForwarding"]);
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        report.left_out(
            &document.place(key),
            format!("service {name}: {field}; set it in the proxy"),
        );
    }
    Some((service, preserve_host))
}

/// The Services of a route in the cluster.
pub(super) fn cluster_service(backends: &[Node], namespace: &str) -> (Option<Service>, bool) {
    let mut service: Option<Service> = None;
    let mut preserve_host = true;
    for backend in backends {
        let fields = Fields::new(Some(backend), Reader::Kubernetes);
        let Some(name) = fields.text("name") else { continue };
        if fields.text("kind").is_some_and(|kind| kind != "Service") {
            continue;
        }
        let namespace = fields.text("namespace").unwrap_or(namespace);
        let host = format!("{name}.{namespace}.svc.cluster.local");
        let port = fields.number("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(80);
        let weight = fields.number("weight").unwrap_or(1);
        preserve_host = preserve_host && fields.flag("passHostHeader") != Some(false);
        let scheme = match fields.text("scheme") {
            Some("https") => Scheme::Https,
            Some("h2c") => Scheme::H2c,
            _ if port == 443 => Scheme::Https,
            _ => Scheme::Http,
        };
        let new = service.get_or_insert_with(|| {
            let mut first = Service::new(name, scheme, &host, port);
            first.endpoints.clear();
            first
        });
        new.endpoints.push(Endpoint { host, port, weight });
    }
    (service, preserve_host)
}
