//! Rules of an HTTPRoute of the Gateway API.

use super::kubernetes::Object;
use crate::{
    convert::{
        model::{Action, NewPath, PathMatch, Redirect, Route},
        report::Report,
    },
    source::Node,
};

/// A rule of an HTTPRoute.
#[derive(Debug)]
pub struct Rule<'n> {
    /// A route for each method, without services and filters.
    pub routes: Vec<Route>,
    /// The name, the namespace and the port of the Service.
    pub backend: Option<(String, String, Option<&'n Node>)>,
    /// The names of resources that filters refer to.
    pub extensions: Vec<String>,
}

/// Reads a rule.
///
/// # Errors
/// Why it cannot be converted.
pub fn rule<'n>(
    object: &Object<'_>,
    rule: &'n Node,
    report: &mut Report,
) -> Result<Rule<'n>, String> {
    let hosts = hostnames(object);
    let mut routes: Vec<Route> = Vec::new();
    let matches = rule.get("matches").map(Node::items).unwrap_or_default();
    for condition in matches {
        for name in ["headers", "queryParams"] {
            if condition.get(name).is_some() {
                return Err(format!("conditions in {name} are not supported"));
            }
        }
        let path = condition.get("path").map(path).transpose()?;
        let method = condition.get_text("method").map(str::to_owned);
        let methods: Vec<String> = method.into_iter().collect();
        match routes.iter_mut().find(|route| route.methods == methods) {
            Some(route) => route.paths.extend(path),
            None => {
                let mut route = Route::new(object.name, 0, object.document.place(rule));
                route.hosts.clone_from(&hosts);
                route.methods = methods;
                route.paths.extend(path);
                routes.push(route);
            }
        }
    }
    if routes.is_empty() {
        let mut route = Route::new(object.name, 0, object.document.place(rule));
        route.hosts = hosts;
        routes.push(route);
    }
    let (extensions, redirect) = filters(object, rule, report)?;
    if let Some(redirect) = redirect {
        routes.iter_mut().for_each(|route| route.action = Action::Redirect(redirect.clone()));
    }
    let backends = rule.get("backendRefs").map(Node::items).unwrap_or_default();
    if backends.len() > 1 {
        let message = format!("{}: all backends but the first", object.describe());
        report.left_out(&object.document.place(rule), message);
    }
    let backend = backends.first().and_then(|backend| {
        let name = backend.get_text("name")?.to_owned();
        let namespace = backend.get_text("namespace").unwrap_or(object.namespace).to_owned();
        Some((name, namespace, backend.get("port")))
    });
    Ok(Rule { routes, backend, extensions })
}

/// The routes of a rule without the conditions that [`rule`] does not support: they match at least
/// the requests of the rule.
pub fn widened(object: &Object<'_>, rule: &Node) -> Vec<Route> {
    let mut route = Route::new(object.name, 0, object.document.place(rule));
    route.hosts = hostnames(object);
    let matches = rule.get("matches").map(Node::items).unwrap_or_default();
    let routes = matches.iter().map(|condition| {
        let mut route = route.clone();
        route.paths.extend(condition.get("path").and_then(|node| path(node).ok()));
        route.methods.extend(condition.get_text("method").map(str::to_owned));
        route
    });
    let routes: Vec<Route> = routes.collect();
    if routes.is_empty() { vec![route] } else { routes }
}

fn hostnames(object: &Object<'_>) -> Vec<String> {
    let names = object.items(&["spec", "hostnames"]).iter();
    names.filter_map(|name| name.text().map(str::to_owned)).collect()
}

/// The names of resources that filters refer to, and the redirect.
fn filters(
    object: &Object<'_>,
    rule: &Node,
    report: &mut Report,
) -> Result<(Vec<String>, Option<Redirect>), String> {
    let (mut extensions, mut redirect) = (Vec::new(), None);
    for filter in rule.get("filters").map(Node::items).unwrap_or_default() {
        match filter.get_text("type") {
            Some("ExtensionRef") => {
                let name = filter.at(&["extensionRef", "name"]).and_then(Node::text);
                extensions.extend(name.map(str::to_owned));
            }
            Some("RequestRedirect") => {
                let settings =
                    filter.get("requestRedirect").ok_or("a redirect without settings")?;
                redirect = Some(new_redirect(settings)?);
            }
            kind => {
                let kind = kind.unwrap_or("without a type");
                let message =
                    format!("{}: filter {kind}; keep it in the HTTPRoute", object.describe());
                report.left_out(&object.document.place(filter), message);
            }
        }
    }
    Ok((extensions, redirect))
}

fn new_redirect(settings: &Node) -> Result<Redirect, String> {
    let number = |name: &str| match settings.get(name) {
        Some(node) => {
            let number = node.text().and_then(|text| text.parse::<i64>().ok());
            number.map(Some).ok_or_else(|| format!("a redirect whose {name} is not a number"))
        }
        None => Ok(None),
    };
    let path = match settings.get("path") {
        Some(path) => {
            let full = path.get_text("replaceFullPath").map(str::to_owned).map(NewPath::Full);
            let prefix = path.get_text("replacePrefixMatch").map(str::to_owned);
            Some(full.or(prefix.map(NewPath::Prefix)).ok_or("a redirect with another path")?)
        }
        None => None,
    };
    Ok(Redirect {
        scheme: settings.get_text("scheme").map(str::to_owned),
        host: settings.get_text("hostname").map(str::to_owned),
        port: number("port")?,
        path,
        status: number("statusCode")?.unwrap_or(302),
        strip_query: false,
    })
}

fn path(node: &Node) -> Result<PathMatch, String> {
    let value = node.get_text("value").unwrap_or("/").to_owned();
    let path = match node.get_text("type") {
        Some("Exact") => PathMatch::Exact(value),
        Some("RegularExpression") => PathMatch::Regex(value),
        _ => PathMatch::Segments(value),
    };
    path.fault().map_or(Ok(path), Err)
}
