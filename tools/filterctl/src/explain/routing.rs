//! The route of a request, as the file says.

use anyhow::{Result, bail};
use novasphere_explain::{Facts, Request};

use crate::found::{Project, Route};

/// The route of a request and its filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routed {
    /// The name of the route in the file. `None` without routes.
    pub name: Option<String>,
    /// The filters in the order of requests: indices in [`Project::filters`].
    pub filters: Vec<usize>,
    /// See [`Route::route_name`].
    route_name: Option<String>,
    /// See [`Route::service_name`].
    service_name: Option<String>,
    /// The conditions that the choice ignores.
    pub remarks: Vec<String>,
}

impl Routed {
    /// Adds the names that the host gives to filters.
    pub fn facts(&self, facts: &mut Facts) {
        facts.route.clone_from(&self.route_name);
        facts.service.clone_from(&self.service_name);
    }
}

/// The host without a Host header, and without a domain in the file.
const DEFAULT_HOST: &str = "localhost";

/// The route of a request, or the route with this name. `None` if no route matches. Sets the Host of
/// a request without one.
///
/// # Errors
/// If the files have no filter or no such route.
pub fn find_route(
    project: &Project,
    name: Option<&str>,
    request: &mut Request,
) -> Result<Option<Routed>> {
    if project.filters.is_empty() {
        let files: Vec<&str> = project.files.iter().map(|file| file.name.as_str()).collect();
        bail!("no filter of this project in {}", files.join(", "));
    }
    let named: Vec<&Route> = project
        .routes
        .iter()
        .filter(|route| name.is_none_or(|name| is_called(route, name)))
        .collect();
    if let (Some(name), true) = (name, named.is_empty()) {
        let names: Vec<&str> = project.routes.iter().map(|route| route.name.as_str()).collect();
        bail!("--route: no route {name:?}; expected one of {}", names.join(", "));
    }
    if request.authority.is_empty() {
        let domains = named.iter().flat_map(|route| &route.domains);
        let host = domains.filter_map(|domain| example(domain)).next();
        request.authority = host.unwrap_or_else(|| DEFAULT_HOST.to_owned()).into_bytes();
    }
    if project.routes.is_empty() {
        let filters = (0..project.filters.len()).collect();
        return Ok(Some(Routed { filters, ..Routed::default() }));
    }
    Ok(match (name, named.first()) {
        (Some(_), Some(first)) => Some(routed(first, Vec::new())),
        _ => selected(project, request),
    })
}

/// The route that the host selects.
fn selected(project: &Project, request: &Request) -> Option<Routed> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (host, method) = (text(&request.authority), text(&request.method));
    let target = text(&request.target);
    let selected = project.route_for(&host, &method, &target)?;
    let remark = selected.uncertain.map(|route| {
        format!(
            "route {}: its further conditions are not evaluated, so it may match first; choose a \
             route with --route",
            route.name
        )
    });
    Some(routed(selected.route, remark.into_iter().collect()))
}

fn is_called(route: &Route, name: &str) -> bool {
    route.name == name || route.route_name.as_deref() == Some(name)
}

/// A host that a domain covers. `None` for `*`.
fn example(domain: &str) -> Option<String> {
    let domain = domain.strip_suffix(":*").unwrap_or(domain);
    match domain.strip_prefix('*') {
        Some("") => None,
        Some(suffix) => Some(format!("www{suffix}")),
        None => {
            Some(domain.strip_suffix('*').map_or(domain.to_owned(), |start| format!("{start}test")))
        }
    }
}

fn routed(route: &Route, mut remarks: Vec<String>) -> Routed {
    if !route.other_conditions.is_empty() {
        let conditions = route.other_conditions.join(", ");
        remarks.push(format!("conditions of the route that are taken as met: {conditions}"));
    }
    if route.is_direct {
        remarks.push("the proxy responds itself, without an upstream".to_owned());
    }
    Routed {
        name: Some(route.name.clone()),
        filters: route.filters.clone(),
        route_name: route.route_name.clone(),
        service_name: route.service_name.clone(),
        remarks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;

    const KONG: &str = r#"
_format_version: "3.0"
services:
- name: api
  url: http://api:80
  routes:
  - {name: health, hosts: [api.test], paths: [/healthz], methods: [GET]}
  - {name: all, hosts: [api.test], paths: [/], methods: [GET]}
  filter_chains:
  - filters: [{name: novasphere_cors, config: {}}]
"#;

    fn choose(name: Option<&str>, method: &str, path: &str) -> Option<Routed> {
        let project = Project::new(vec![File::new("kong.yml", KONG.to_owned())]);
        let mut request = Request::new(method, path, "");
        let routed = find_route(&project, name, &mut request).unwrap();
        assert_eq!(request.authority, b"api.test");
        routed
    }

    #[test]
    fn request_selects_the_route() {
        assert_eq!(choose(None, "GET", "/healthz?x").unwrap().name.as_deref(), Some("health"));
        let routed = choose(None, "GET", "/a").unwrap();
        assert_eq!((routed.name.as_deref(), routed.filters.as_slice()), (Some("all"), &[0][..]));
        assert_eq!(routed.service_name.as_deref(), Some("api"));
        assert_eq!(choose(None, "POST", "/a"), None);
    }

    #[test]
    fn route_can_be_named() {
        assert_eq!(choose(Some("all"), "POST", "/a").unwrap().name.as_deref(), Some("all"));
        let project = Project::new(vec![File::new("kong.yml", KONG.to_owned())]);
        let error = find_route(&project, Some("x"), &mut Request::new("GET", "/", "")).unwrap_err();
        assert!(error.to_string().contains("expected one of health, all"), "{error}");
    }

    #[test]
    fn domains_have_examples() {
        for (domain, expected) in [
            ("*", None),
            ("*.x.io", Some("www.x.io")),
            ("api.x.io:*", Some("api.x.io")),
            ("api.*", Some("api.test")),
        ] {
            assert_eq!(example(domain).as_deref(), expected, "{domain}");
        }
    }
}
