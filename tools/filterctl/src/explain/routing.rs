//! The route of a request, as the file says.

#[cfg(test)]
mod hosts;
mod remarks;

use anyhow::{Result, bail};
use novasphere_explain::{Explanation, Request, Response};

use super::{decisions::PROXY, request_remarks::request_remarks};
use crate::found::{DirectResponse, Project, Refusal, Route};

/// The route of a request and its filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routed {
    /// The name of the route in the file. `None` without routes.
    pub name: Option<String>,
    /// The filters in the order of requests: indices in [`Project::filters`].
    pub filters: Vec<usize>,
    /// See [`Route::route_name`].
    pub(super) route_name: Option<String>,
    /// See [`Route::service_name`].
    pub(super) service_name: Option<String>,
    /// See [`RequestHandling::appends_peer`](crate::found::RequestHandling).
    pub(super) appends_peer: bool,
    /// See [`Route::direct`].
    pub(super) direct: Option<DirectResponse>,
    /// The conditions that the choice ignores.
    pub remarks: Vec<String>,
}

/// The host without a Host header, and without a domain in the file.
const DEFAULT_HOST: &str = "localhost";

/// The route of a request, or the route with this name. `None` if no route matches. Sets the Host of
/// a request without one, and changes Host and path as the proxy does before it selects a route.
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
        if project.has_filter_in_secret() {
            bail!("{}: the configuration of the filter is in a Secret", files.join(", "));
        }
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
    let mut routed = match (name, named.first()) {
        _ if project.routes.is_empty() => Some(Routed {
            filters: (0..project.filters.len()).collect(),
            appends_peer: project.request_handling.values().any(|handling| handling.appends_peer),
            ..Routed::default()
        }),
        (Some(_), Some(first)) => {
            let (host, target) = (text(&request.authority), text(&request.target));
            let passed_on = project.passed_on(first.group, &host, &target).ok();
            passed_on.map(|passed| routed(project, first, request, passed, Vec::new()))
        }
        _ => selected(project, request),
    };
    if let Some(routed) = &mut routed {
        routed.remarks.extend(request_remarks(project, request));
    }
    Ok(routed)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The route that the host selects.
fn selected(project: &Project, request: &mut Request) -> Option<Routed> {
    let (host, method) = (text(&request.authority), text(&request.method));
    let selected = project.route_for(&host, &method, &text(&request.target))?;
    let uncertain = selected.uncertain.map(|route| {
        format!(
            "route {}: its further conditions are not evaluated, so it may match first; choose a \
             route with --route",
            route.name
        )
    });
    let siblings = siblings(project, selected.route);
    let divided = (!siblings.is_empty()).then(|| {
        let others = siblings.join("; ");
        format!("the route divides its requests among clusters; others, for --route: {others}")
    });
    let elsewhere = selected.elsewhere.iter().map(remarks::elsewhere);
    let remarks = uncertain.into_iter().chain(divided).chain(elsewhere).collect();
    Some(routed(project, selected.route, request, (selected.host, selected.target), remarks))
}

/// The names of the routes for the other clusters of the same route.
fn siblings<'p>(project: &'p Project, route: &Route) -> Vec<&'p str> {
    let others = project.routes.iter().filter(|other| other.is_sibling_of(route));
    others.map(|other| other.name.as_str()).collect()
}

/// The proxy's own response to a request without a route.
pub fn without_route(project: &Project, request: &Request) -> Explanation {
    let respond = |response, decision| Explanation {
        response,
        decided_by: Some((PROXY, decision)),
        ..Explanation::default()
    };
    match project.refusal(&text(&request.target)) {
        None => respond(Response::new(404), "route_not_found"),
        Some(Refusal::BadPath) => respond(Response::new(400), "path_normalization_failed"),
        Some(Refusal::Redirect(path)) => {
            let location = (b"location".to_vec(), path.into_bytes());
            let response = Response { headers: vec![location], ..Response::new(307) };
            respond(response, "path_normalization_failed")
        }
    }
}

fn is_called(route: &Route, name: &str) -> bool {
    route.name == name || route.own_name() == Some(name)
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

/// The route, for a request whose Host and target the proxy passes on like this.
fn routed(
    project: &Project,
    route: &Route,
    request: &mut Request,
    (host, target): (String, String),
    mut remarks: Vec<String>,
) -> Routed {
    if target.as_bytes() != request.target {
        remarks.push(format!("the proxy changes the path to {target}"));
        request.target = target.into_bytes();
    }
    let route_name = route.name_for(&host);
    remarks.extend(remarks::generated_name(project, route, route_name.as_deref()));
    request.authority = host.into_bytes();
    remarks.extend(route.left_out.iter().cloned());
    if !route.other_conditions.is_empty() {
        let conditions = route.other_conditions.join(", ");
        remarks.push(format!("conditions of the route that are taken as met: {conditions}"));
    }
    let handling = project.request_handling.get(&route.group);
    Routed {
        name: Some(route.name.clone()),
        filters: route.filters.clone(),
        route_name,
        service_name: route.service_name.clone(),
        direct: route.direct,
        appends_peer: handling.is_some_and(|handling| handling.appends_peer),
        remarks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;

    const ENVOY: &str = r#"
http_filters:
- name: cors
  typed_config:
    config:
      vm_config: {code: {local: {filename: novasphere-cors.wasm}}}
      configuration: {"@type": x/google.protobuf.StringValue, value: '{}'}
normalize_path: true
merge_slashes: true
path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT
strip_any_host_port: true
route_config:
  virtual_hosts:
  - name: v
    domains: [api.test]
    routes:
    - {name: admin, match: {path_separated_prefix: /Admin, case_sensitive: false}, route: {cluster: a}}
    - {name: api, match: {prefix: /api/}, route: {cluster: b}}
"#;

    fn on_envoy(name: Option<&str>, host: &str, target: &str) -> (Option<Routed>, Request) {
        let project = Project::new(vec![File::new("envoy.yaml", ENVOY.to_owned())]);
        let mut request = Request::new("GET", target, host);
        let routed = find_route(&project, name, &mut request).unwrap();
        if routed.is_none() {
            let Explanation { response, .. } = without_route(&project, &request);
            request.headers = response.headers;
            request.method = response.status.to_string().into_bytes();
        }
        (routed, request)
    }

    #[test]
    fn envoy_changes_the_request_before_it_selects_a_route() {
        let (routed, request) = on_envoy(None, "API.test:8080", "//api/../aDMIN/x?y=//z");
        let routed = routed.unwrap();
        assert_eq!(routed.name.as_deref(), Some("admin"));
        assert_eq!(
            (&*request.authority, &*request.target),
            (&b"API.test"[..], &b"/aDMIN/x?y=//z"[..])
        );
        assert_eq!(routed.remarks, ["the proxy changes the path to /aDMIN/x?y=//z"]);
        let (routed, request) = on_envoy(Some("api"), "api.test", "/api/./x");
        assert_eq!(routed.unwrap().name.as_deref(), Some("api"));
        assert_eq!(request.target, b"/api/x");
    }

    #[test]
    fn envoy_responds_itself_to_some_paths() {
        for (target, status, location) in [
            ("/api/%2e%2e%2fadmin", "307", Some("/admin")),
            ("/api/#x", "400", None),
            ("/api/%00", "400", None),
            ("/other", "404", None),
        ] {
            let (routed, response) = on_envoy(None, "api.test", target);
            assert_eq!(routed, None, "{target}");
            assert_eq!(response.method, status.as_bytes(), "{target}");
            let found = response.headers.first().map(|(_, value)| text(value));
            assert_eq!(found.as_deref(), location, "{target}");
        }
    }

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
