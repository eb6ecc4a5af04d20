//! Services, routes, chains and plugins of a declarative configuration.

use novasphere_explain::{FilterKind, ProxyKind};

use crate::{
    chains::{Chain, Chains},
    check::lints::report::Report,
    finding::codes,
    found::{Document, DocumentKind, Platform, Project},
    source::Node,
};

pub(super) fn check(project: &Project, chains: &Chains<'_>, report: &mut Report) {
    let of_kong = |chain: &&Chain<'_>| chain.platform.proxy() == ProxyKind::Kong;
    for chain in chains.all.iter().filter(of_kong) {
        for (_, step) in chain.of_kind(FilterKind::JwtAuth).skip(1) {
            let message = step.says("runs again: both the service and the route have jwt-auth");
            report.add(&codes::CHECKED_TWICE, step.place(""), message);
        }
    }
    for (index, document) in project.documents_of(&DocumentKind::Kong) {
        let file = File { project, chains, index, document };
        global(document, report);
        disabled(document, report);
        // Without filters of this project, the rest is none of its concern.
        if project.filters.iter().any(|filter| filter.document == index) {
            ids(document, report);
            arbitrary_order(document, report);
            file.chains_on_routes(report);
        }
    }
}

struct File<'p, 'c> {
    project: &'p Project,
    chains: &'c Chains<'p>,
    index: usize,
    document: &'p Document,
}

impl File<'_, '_> {
    /// Routes with jwt-auth whose service has none.
    fn chains_on_routes(&self, report: &mut Report) {
        for service in list(&self.document.root, "services") {
            let routes = list(service, "routes");
            let of_routes = |offset: usize| routes.iter().any(|r| r.span.contains(&offset));
            let of_service = self.auth_in(service).into_iter().any(|start| !of_routes(start));
            for route in routes.iter().filter(|_| !of_service) {
                if !self.auth_in(route).is_empty() {
                    let name = route.get_text("name").unwrap_or_default();
                    let message =
                        format!("the route {name:?} has jwt-auth, but its service does not");
                    report.add(&codes::CHAIN_ON_ROUTE, self.document.place(route), message);
                }
            }
        }
    }

    /// The places of jwt-auths in an entity.
    fn auth_in(&self, entity: &Node) -> Vec<usize> {
        let filters = self.project.filters.iter().enumerate();
        filters
            .filter(|(_, f)| f.document == self.index && f.platform == Platform::Kong)
            .filter(|(_, f)| entity.span.contains(&f.place.span.start))
            .filter(|(n, _)| self.chains.steps(*n).iter().any(|s| s.kind == FilterKind::JwtAuth))
            .map(|(_, f)| f.place.span.start)
            .collect()
    }
}

fn list<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    node.get(name).map(Node::items).unwrap_or_default()
}

fn is_filter(plugin: &Node) -> bool {
    let name = plugin.get_text("name").unwrap_or_default();
    FilterKind::from_name(name).is_some() && name.starts_with("novasphere")
}

/// Plugins that are filters, without an id.
fn without_id(entity: &Node) -> Vec<&Node> {
    let plugins = list(entity, "plugins").iter();
    plugins.filter(|plugin| is_filter(plugin) && plugin.get("id").is_none()).collect()
}

fn ids(document: &Document, report: &mut Report) {
    let root = &document.root;
    let mut missing = Vec::new();
    let mut entities: Vec<(&str, &Node)> = Vec::new();
    for service in list(root, "services") {
        entities.push(("service", service));
        entities.extend(list(service, "routes").iter().map(|route| ("route", route)));
    }
    entities.extend(list(root, "routes").iter().map(|route| ("route", route)));
    for (kind, entity) in &entities {
        if entity.get("id").is_none() {
            missing.push((*kind, *entity));
        }
        let chains = list(entity, "filter_chains").iter().filter(|chain| chain.get("id").is_none());
        missing.extend(chains.map(|chain| ("chain", chain)));
        // Several without ids have a finding of their own.
        if let ([plugin], 1) = (&without_id(entity)[..], filter_count(entity)) {
            missing.push(("plugin", plugin));
        }
    }
    let chains = list(root, "filter_chains").iter().filter(|chain| chain.get("id").is_none());
    missing.extend(chains.map(|chain| ("chain", chain)));
    let Some((kind, first)) = missing.first() else { return };
    let more = match missing.len() {
        1 => String::new(),
        count => format!(" (and {} more entities)", count.saturating_sub(1)),
    };
    let message = format!(
        "{kind} without an id{more}: if its name changes, requests pass without filters during the \
         update"
    );
    report.add(&codes::NO_ID, document.place(first), message);
}

/// The number of plugins that are filters.
fn filter_count(entity: &Node) -> usize {
    list(entity, "plugins").iter().filter(|plugin| is_filter(plugin)).count()
}

fn arbitrary_order(document: &Document, report: &mut Report) {
    let root = &document.root;
    let services = list(root, "services").iter();
    let nested = list(root, "services").iter().flat_map(|service| list(service, "routes"));
    for entity in services.chain(nested).chain(list(root, "routes")) {
        let filters = filter_count(entity);
        if let (Some(first), true) = (without_id(entity).first(), filters > 1) {
            let message = format!("{filters} filters are plugins, and not all have an id");
            report.add(&codes::ARBITRARY_ORDER, document.place(first), message);
        }
    }
}

fn global(document: &Document, report: &mut Report) {
    let root = &document.root;
    let consumers = list(root, "consumers").iter().flat_map(|c| list(c, "plugins"));
    let of_root = list(root, "plugins").iter().filter(|plugin| {
        plugin.get("consumer").is_some()
            || plugin.get("service").is_none() && plugin.get("route").is_none()
    });
    for plugin in consumers.chain(of_root).filter(|plugin| is_filter(plugin)) {
        let name = plugin.get_text("name").unwrap_or_default();
        let message = format!("{name}: a filter needs a service or a route, and no consumer");
        report.add(&codes::GLOBAL_FILTER, document.place(plugin), message);
    }
}

fn disabled(document: &Document, report: &mut Report) {
    let is_off = |entity: &Node| entity.get_text("enabled") == Some("false");
    document.root.walk(&mut |node| {
        let filters = list(node, "filters").iter().filter(|entry| is_filter(entry));
        let is_chain_off = is_off(node);
        let plugins = list(node, "plugins").iter().filter(|plugin| is_filter(plugin));
        let off = filters
            .filter(|entry| is_chain_off || is_off(entry))
            .chain(plugins.filter(|plugin| is_off(plugin)));
        for entry in off {
            let name = entry.get_text("name").unwrap_or_default();
            let message = format!("{name}: is switched off");
            report.add(&codes::FILTER_DISABLED, document.place(entry), message);
        }
    });
}
