//! The middlewares of routers.

use std::collections::BTreeSet;

use novasphere_explain::FilterKind;

use crate::{
    chains::{Chains, facts::owned_headers},
    check::lints::report::Report,
    finding::codes,
    found::{
        DocumentKind, EntryPoints, Object, Objects, Place, Project, Route,
        middlewares::{
            Middleware, chain_of_file, chain_of_object, expand, is_of_kubernetes, name_of,
            with_provider,
        },
    },
    source::Node,
};

/// A router with its middlewares.
#[derive(Debug)]
pub(super) struct Router<'p> {
    pub(super) entry_points: Vec<&'p str>,
    place: Place,
    /// See [`Route::listeners`].
    listeners: Vec<String>,
    /// The definitions of the middlewares, in order, including the middlewares of entry points and
    /// in chains. Unknown middlewares are left out.
    middlewares: Vec<&'p Node>,
    has_tls: bool,
}

impl Router<'_> {
    fn is(&self, route: &Route) -> bool {
        route.place == self.place && route.listeners == self.listeners
    }

    /// Whether all requests are redirected to https, so that none reaches an upstream.
    fn redirects(&self) -> bool {
        let to_https = |middleware: &&Node| {
            let scheme = middleware.at(&["redirectScheme", "scheme"]).and_then(Node::text);
            scheme == Some("https")
        };
        !self.has_tls && self.middlewares.iter().any(to_https)
    }

    /// Whether requests reach a filter, or an upstream that is behind filters on other routers.
    pub(super) fn reaches_protected(&self, project: &Project) -> bool {
        if self.redirects() {
            return false;
        }
        let Some(route) = project.routes.iter().find(|route| self.is(route)) else {
            return true;
        };
        let protects = |other: &&Route| !other.filters.is_empty();
        let mut protected = project.routes.iter().filter(protects);
        protected.any(|other| {
            other.place == route.place
                || other.service_name.is_some() && other.service_name == route.service_name
        })
    }
}

/// The routers of dynamic configurations and IngressRoutes.
pub(super) fn find(project: &Project) -> Vec<Router<'_>> {
    let dynamic = || project.documents_of(&DocumentKind::TraefikDynamic).map(|(_, d)| d);
    let entry_points = EntryPoints::of(&project.documents);
    let objects = Objects::new(&project.documents, &project.filters);
    let find = |name: &str| {
        if is_of_kubernetes(name) {
            let found = objects.middleware(name)?;
            return Some((found.spec()?, chain_of_object(found.spec()?, found.namespace())));
        }
        let name = name.split('@').next()?;
        let found = dynamic().find_map(|d| d.root.at(&["http", "middlewares", name]))?;
        Some((found, chain_of_file(found)))
    };
    let mut routers = Vec::new();
    for document in dynamic() {
        let all = document.root.at(&["http", "routers"]).map(Node::members).unwrap_or_default();
        for (_, router) in all {
            let names = texts(router, "entryPoints");
            for served in entry_points.of_router(names.iter().copied()) {
                let own = texts(router, "middlewares").into_iter().map(str::to_owned);
                let middlewares = served.middlewares.into_iter().chain(own).collect();
                routers.push(Router {
                    entry_points: names.clone(),
                    place: document.place(router),
                    listeners: served.listeners,
                    middlewares: expand(middlewares, find).0,
                    has_tls: router.get("tls").is_some(),
                });
            }
        }
    }
    for object in objects.of_kind("IngressRoute") {
        let Some(spec) = object.spec() else { continue };
        for route in spec.get("routes").map(Node::items).unwrap_or_default() {
            let found = ingress_routers(find, *object, (spec, route), &entry_points);
            routers.extend(found);
        }
    }
    routers
}

fn ingress_routers<'p>(
    find: impl Fn(&str) -> Option<Middleware<&'p Node>> + Copy,
    object: Object<'p>,
    (spec, route): (&'p Node, &'p Node),
    entry_points: &EntryPoints,
) -> Vec<Router<'p>> {
    let references = route.get("middlewares").map(Node::items).unwrap_or_default().iter();
    let own = references.filter_map(|reference| name_of(reference, object.namespace()));
    let own: Vec<String> = own.collect();
    let with_own = |first: Vec<String>| {
        let first = first.iter().map(|name| with_provider(name, "kubernetescrd"));
        first.chain(own.iter().cloned()).collect()
    };
    let names = texts(spec, "entryPoints");
    let served = entry_points.of_router(names.iter().copied()).into_iter();
    let routers = served.map(|served| Router {
        entry_points: names.clone(),
        place: object.document.place(route),
        listeners: served.listeners,
        middlewares: expand(with_own(served.middlewares), find).0,
        has_tls: spec.get("tls").is_some(),
    });
    routers.collect()
}

fn texts<'n>(node: &'n Node, name: &str) -> Vec<&'n str> {
    let items = node.get(name).map(Node::items).unwrap_or_default();
    items.iter().filter_map(Node::text).collect()
}

pub(super) fn check(
    project: &Project,
    chains: &Chains<'_>,
    routers: &[Router<'_>],
    report: &mut Report,
) {
    let routes: Vec<&Route> =
        project.routes.iter().filter(|r| routers.iter().any(|known| known.is(r))).collect();
    for router in routers {
        let Some(route) = routes.iter().find(|route| router.is(route)) else { continue };
        let has_auth = has_auth(chains, route);
        if has_auth || router.middlewares.iter().any(|m| m.get("rateLimit").is_some()) {
            order(router, report);
        }
        if !has_auth && !router.redirects() {
            forged(chains, router, route, &routes, report);
        }
    }
}

fn has_auth(chains: &Chains<'_>, route: &Route) -> bool {
    chains.of_route(route).iter().any(|step| step.kind == FilterKind::JwtAuth)
}

fn order(router: &Router<'_>, report: &mut Report) {
    let rejects = |middleware: &Node| {
        let plugin = middleware.get("plugin").map(Node::members).unwrap_or_default();
        let is_auth = plugin.iter().any(|(name, _)| {
            name.text().and_then(FilterKind::from_name) == Some(FilterKind::JwtAuth)
        });
        is_auth || middleware.get("rateLimit").is_some()
    };
    let first = router.middlewares.iter().position(|middleware| rejects(middleware));
    let behind = router.middlewares.iter().skip(first.map_or(usize::MAX, |n| n.saturating_add(1)));
    for middleware in behind {
        let settings = middleware.get("headers").map(Node::members).unwrap_or_default();
        let is_for_rejections = settings.iter().filter_map(|(name, _)| name.text()).find(|name| {
            let security = ["stsSeconds", "contentTypeNosniff", "frameDeny", "referrerPolicy"];
            name.starts_with("accessControl") || security.contains(name)
        });
        if let Some(setting) = is_for_rejections {
            let message = format!(
                "a middleware with headers.{setting} runs behind one that rejects requests: its \
                 rejections have no such headers"
            );
            report.add(&codes::HEADERS_NOT_FIRST, router.place.clone(), message);
        }
    }
}

/// Identity headers that reach an upstream which trusts them, because another router protects it.
fn forged(
    chains: &Chains<'_>,
    router: &Router<'_>,
    route: &Route,
    routes: &[&Route],
    report: &mut Report,
) {
    let protected = routes
        .iter()
        .filter(|other| other.service_name.is_some() && other.service_name == route.service_name);
    let owned: BTreeSet<String> = protected
        .flat_map(|other| chains.of_route(other))
        .filter(|step| step.kind == FilterKind::JwtAuth)
        .flat_map(|step| owned_headers(&step))
        .collect();
    let mut removed = BTreeSet::new();
    for middleware in &router.middlewares {
        let custom = middleware.at(&["headers", "customRequestHeaders"]).map(Node::members);
        for (name, value) in custom.unwrap_or_default() {
            if value.text() == Some("") {
                removed.extend(name.text().map(str::to_ascii_lowercase));
            }
        }
    }
    let passing: Vec<&str> = owned.difference(&removed).map(String::as_str).collect();
    if !passing.is_empty() {
        let message = format!(
            "the router {:?} runs without jwt-auth: forged {} reach the upstream",
            route.name,
            passing.join(", ")
        );
        report.add(&codes::FORGED_IDENTITY_PASSES, router.place.clone(), message);
    }
}
