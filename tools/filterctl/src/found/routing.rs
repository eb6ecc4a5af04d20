//! [`Project::route_for`]: the route that the host selects for a request.

#[cfg(test)]
mod paths;

use std::borrow::Cow;

use novasphere_explain::ProxyKind;

use super::{Platform, Project, Refusal, Route, matched_path};

/// The route that the host selects for a request.
#[derive(Clone, Debug)]
pub struct Selected<'p> {
    /// The index in [`Project::routes`].
    pub index: usize,
    /// The route.
    pub route: &'p Route,
    /// An earlier route that matches if its further conditions hold, which are not evaluated here:
    /// headers, queries and the like. `None` if there is none.
    pub uncertain: Option<&'p Route>,
    /// The routes that other listeners of the same group select.
    pub elsewhere: Vec<Elsewhere<'p>>,
    /// The host as the proxy passes it on.
    pub host: String,
    /// The request target as the proxy passes it on.
    pub target: String,
}

/// The route that another listener selects for the same request.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere<'p> {
    /// The listener, or the entry point of Traefik. `None` stands for one that no route names.
    pub listener: Option<&'p str>,
    /// The route.
    pub route: &'p Route,
}

/// Whether a route matches a request.
enum Match {
    Yes,
    No,
    /// The answer depends on conditions that are not evaluated.
    Perhaps,
}

impl Project {
    /// The route that the host selects for a request, in the order of that host. `target` may have a
    /// query, `host` a port. If there are several groups, the first one that has filters and a route
    /// for the request decides. If the routes of that group name several listeners, the first
    /// listener whose route for the request has filters decides.
    pub fn route_for(&self, host: &str, method: &str, target: &str) -> Option<Selected<'_>> {
        self.groups().find_map(|group| {
            let (host, target) = self.passed_on(group, host, target).ok()?;
            let listeners = self.listeners(group).into_iter();
            let mut found: Vec<_> = listeners
                .filter_map(|name| Some((name, self.select(group, name, &host, method, &target)?)))
                .collect();
            let filtered = found.iter().position(|(_, (_, route, _))| !route.filters.is_empty());
            let first = filtered.unwrap_or(0);
            let (_, (index, route, uncertain)) =
                (first < found.len()).then(|| found.remove(first))?;
            let mut elsewhere: Vec<Elsewhere<'_>> = Vec::new();
            for (listener, (_, other, _)) in found {
                if !std::ptr::eq(other, route) {
                    elsewhere.push(Elsewhere { listener, route: other });
                }
            }
            Some(Selected { index, route, uncertain, elsewhere, host, target })
        })
    }

    /// The listeners of a group: those that its routes name, in the order of the files, then all
    /// others. `None` stands for the others if they are not known.
    fn listeners(&self, group: usize) -> Vec<Option<&str>> {
        let mut routes: Vec<&Route> = self.routes.iter().filter(|r| r.group == group).collect();
        let has_others = routes.iter().any(|route| route.listeners.is_empty());
        routes.sort_by_key(|route| (route.document, route.place.span.start));
        let mut names: Vec<Option<&str>> = Vec::new();
        for name in routes.iter().flat_map(|route| &route.listeners) {
            if !names.contains(&Some(name.as_str())) {
                names.push(Some(name));
            }
        }
        let known = self.listeners.get(&group).filter(|known| !known.is_empty());
        match known.filter(|_| has_others) {
            Some(known) => {
                for name in known {
                    if !names.contains(&Some(name.as_str())) {
                        names.push(Some(name));
                    }
                }
            }
            None => names.extend(has_others.then_some(None)),
        }
        names
    }

    /// Host and target of a request as the proxy passes them on to the routes of a group.
    ///
    /// # Errors
    /// If the proxy responds itself.
    pub fn passed_on(
        &self,
        group: usize,
        host: &str,
        target: &str,
    ) -> Result<(String, String), Refusal> {
        let handling = self.request_handling.get(&group).cloned().unwrap_or_default();
        Ok((handling.host(host).to_owned(), handling.target(target)?))
    }

    /// The response of the first listener that responds itself to a request without a route.
    pub fn refusal(&self, target: &str) -> Option<Refusal> {
        self.groups().find_map(|group| self.passed_on(group, "", target).err())
    }

    /// The groups with filters, known or not, in the order of the files.
    fn groups(&self) -> impl Iterator<Item = usize> {
        let mut groups: Vec<usize> = Vec::new();
        let has_filters = |r: &&Route| !r.filters.is_empty() || !r.left_out.is_empty();
        for route in self.routes.iter().filter(has_filters) {
            if !groups.contains(&route.group) {
                groups.push(route.group);
            }
        }
        groups.into_iter()
    }

    /// The index of the route, the route, and an uncertain one before it.
    fn select(
        &self,
        group: usize,
        listener: Option<&str>,
        host: &str,
        method: &str,
        target: &str,
    ) -> Option<(usize, &Route, Option<&Route>)> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let routes = self.routes.iter().enumerate();
        let routes = routes.filter(|(_, r)| r.group == group && r.is_on(listener));
        let mut candidates: Vec<_> = routes
            .filter_map(|(index, route)| Some((route.host_specificity(host)?, index, route)))
            .collect();
        if candidates.iter().any(|(_, _, route)| selects_host_first(route.platform)) {
            let best = candidates.iter().map(|(specificity, ..)| *specificity).max()?;
            candidates.retain(|(specificity, ..)| *specificity == best);
        }
        let mut uncertain = None;
        for (_, index, route) in candidates {
            match matches(route, method, &matched(route.platform, path)) {
                Match::Yes => {
                    let other = uncertain.filter(|other: &&Route| !other.is_alternative_of(route));
                    return Some((index, route, other));
                }
                Match::Perhaps => uncertain = uncertain.or(Some(route)),
                Match::No => {}
            }
        }
        // Only uncertain routes are left: the first of them is more likely than a 404.
        let route = uncertain?;
        let index = self.routes.iter().position(|other| std::ptr::eq(other, route))?;
        Some((index, route, uncertain))
    }
}

/// Whether the host selects the most specific host name first, and then never tries another.
const fn selects_host_first(platform: Platform) -> bool {
    matches!(platform, Platform::Envoy | Platform::EnvoyGateway | Platform::Istio)
}

/// The path that the host compares with its routes.
fn matched(platform: Platform, path: &str) -> Cow<'_, str> {
    match platform.proxy() {
        ProxyKind::Envoy => Cow::Borrowed(path),
        ProxyKind::Kong => matched_path::on_kong(path),
        ProxyKind::Traefik => matched_path::on_traefik(path),
    }
}

fn matches(route: &Route, method: &str, path: &str) -> Match {
    if !route.methods.is_empty() && !route.methods.iter().any(|m| m == method) {
        return Match::No;
    }
    match route.path.matches(path) {
        Some(false) => Match::No,
        Some(true) if route.other_conditions.is_empty() => Match::Yes,
        Some(true) | None => Match::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;

    fn project(text: &str) -> Project {
        let text = text.replace("WASM", WASM);
        Project::new(vec![File::new("x.yaml", text)])
    }

    fn selected<'p>(project: &'p Project, host: &str, target: &str) -> Option<&'p str> {
        project.route_for(host, "GET", target).map(|selected| selected.route.name.as_str())
    }

    const WASM: &str = r#"{name: cors, typed_config: {"@type": x/envoy.extensions.filters.http.wasm.v3.Wasm, config: {vm_config: {code: {local: {filename: /w/novasphere-cors.wasm}}}}}}"#;

    const ENVOY: &str = r#"
http_filters: [WASM]
SETTINGS
route_config:
  virtual_hosts:
  - {name: any, domains: ["*"], routes: [{name: any, match: {prefix: /}}]}
  - name: one
    domains: [api.x.io]
    routes:
    - {name: flagged, match: {prefix: /a, headers: [{name: x, present_match: true}]}}
    - {name: short, match: {prefix: /a}}
    - {name: long, match: {prefix: /a/b}}
  - {name: many, domains: ["*.x.io"], routes: [{name: many, match: {prefix: /}}]}
"#;

    fn envoy(settings: &str) -> Project {
        project(&ENVOY.replace("SETTINGS", settings))
    }

    #[test]
    fn envoy_selects_the_virtual_host_then_the_first_route() {
        let project = envoy("");
        let found = project.route_for("API.x.io", "GET", "/a/b?c=/d").unwrap();
        assert_eq!(found.route.name, "short");
        assert_eq!(found.uncertain.map(|route| route.name.as_str()), Some("flagged"));
        // Another virtual host is never tried.
        assert_eq!(selected(&project, "api.x.io", "/z"), None);
        assert_eq!(selected(&project, "other.x.io", "/z"), Some("many"));
        assert_eq!(selected(&project, "y.io", "/z"), Some("any"));
    }

    #[test]
    fn envoy_compares_the_port_unless_it_is_stripped() {
        assert_eq!(selected(&envoy(""), "api.x.io:8000", "/a"), Some("any"));
        let stripped = envoy("strip_any_host_port: true");
        assert_eq!(selected(&stripped, "api.x.io:8000", "/a"), Some("short"));
        let text = ENVOY
            .replace("SETTINGS", "")
            .replace("route_config:\n", "route_config:\n  ignore_port_in_host_matching: true\n");
        assert_eq!(selected(&project(&text), "api.x.io:8000", "/a"), Some("short"));
    }

    #[test]
    fn kong_and_traefik_try_all_host_names() {
        let project = project(
            "_format_version: '3.0'\nservices:\n- name: s\n  filter_chains: [{filters: [{name: \
             novasphere_cors}]}]\n  routes:\n  - {name: a, hosts: [x.io], paths: [/a]}\n  - {name: b, \
             paths: [/]}\n",
        );
        assert_eq!(selected(&project, "x.io:8000", "/a/b"), Some("a"));
        assert_eq!(selected(&project, "x.io", "/z"), Some("b"));
    }

    #[test]
    fn methods_are_compared() {
        let project = project(
            "_format_version: '3.0'\nservices:\n- name: s\n  filter_chains: [{filters: [{name: \
             novasphere_cors}]}]\n  routes:\n  - {name: a, methods: [POST], paths: [/]}\n",
        );
        assert!(project.route_for("x", "POST", "/").is_some());
        assert!(project.route_for("x", "GET", "/").is_none());
    }
}
