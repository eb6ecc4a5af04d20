//! Upstreams of kong.yml with their targets.

use super::{File, items, refers};
use crate::{
    convert::{
        from::input::{fields::Fields, urls},
        model::{Endpoint, Service},
        report::Report,
    },
    source::{Node, Reader},
};

impl File<'_> {
    /// Replaces the address of a service by the targets of the upstream that it names.
    pub(super) fn add_targets(&self, service: &mut Service, report: &mut Report) {
        let upstreams = self.root.items("upstreams");
        let named = |node: &&Node| node.get_text("name") == Some(service.host.as_str());
        let Some(upstream) = upstreams.iter().find(named) else { return };
        let separate =
            self.root.items("targets").iter().filter(|target| {
                refers(target, "upstream").as_deref() == Some(service.host.as_str())
            });
        let targets = items(upstream, "targets").iter().chain(separate);
        let endpoints: Vec<Endpoint> = targets
            .filter_map(|target| {
                let fields = Fields::new(Some(target), Reader::Kong);
                let (host, port) = urls::split_port(fields.text("target")?, 8000)?;
                let weight = fields.number("weight").unwrap_or(100);
                Some(Endpoint { host, port, weight })
            })
            .filter(|endpoint| endpoint.weight > 0)
            .collect();
        if !endpoints.is_empty() {
            service.endpoints = endpoints;
        }
        let fields = Fields::new(Some(upstream), Reader::Kong);
        fields.ignore(&["name", "id", "targets", "tags", "slots"]);
        for (key, _) in fields.rest() {
            let name = key.text().unwrap_or_default();
            let message = format!("upstream {}: {name}; set it in the proxy", service.host);
            report.left_out(&self.place(key), message);
        }
    }
}
