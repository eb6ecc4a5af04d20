//! Entry points of the static configuration, and the one that the output is for.

use super::{
    configuration::{Configuration, Router},
    tls::Tls,
};
use crate::{
    convert::report::Report,
    found::{Place, Project, StaticConfig},
};

/// An entry point.
#[derive(Clone, Debug)]
struct EntryPoint {
    /// In lower case, as Traefik compares them.
    name: String,
    /// Keys of middlewares that all its routers have.
    middlewares: Vec<String>,
    tls: Option<Tls>,
    /// Whether all its requests are redirected to another entry point.
    redirects: bool,
    is_default: bool,
}

/// The entry points whose routers the output has.
#[derive(Debug, Default)]
pub(super) struct EntryPoints {
    all: Vec<EntryPoint>,
    /// Names of entry points that the same clients reach.
    chosen: Vec<String>,
    /// Whether the output is for TLS, because a router is.
    is_tls: bool,
}

/// The settings of the chosen entry points for a router.
#[derive(Debug)]
pub(super) struct Served {
    /// Keys of the middlewares of entry points.
    pub middlewares: Vec<String>,
    /// The TLS settings. `None` for plain HTTP.
    pub tls: Option<Tls>,
}

/// Names that stand for the same clients, with and without TLS.
const PUBLIC: [&str; 4] = ["web", "websecure", "http", "https"];

/// Entry points of Traefik itself.
const INTERNAL: [&str; 2] = ["traefik", "metrics"];

impl EntryPoints {
    /// Reads the static configurations, and chooses the entry points for the output.
    pub(super) fn read(
        project: &Project,
        configuration: &Configuration,
        report: &mut Report,
    ) -> Self {
        let mut read = Self::default();
        let files = StaticConfig::all_of(project, "entrypoints.");
        for config in &files {
            for root in ["entryPoints", "ports"] {
                for (name, place) in config.names(root) {
                    let path = format!("{root}.{name}");
                    report_settings(config, &path, name, place, report);
                    read.all.push(entry_point(config, root, name, configuration));
                }
            }
        }
        if read.all.is_empty() && !configuration.routers.is_empty() {
            let message = "the static configuration is not in the input: if its entry points have \
                           middlewares or TLS options, convert it together with these files";
            report.add(crate::convert::Fate::LeftOut, None, message.to_owned());
        }
        read.choose(configuration);
        read
    }

    fn choose(&mut self, configuration: &Configuration) {
        let known = || configuration.routers.iter().filter(|router| !router.is_everywhere);
        let exposures = |router: &Router| -> Vec<String> {
            self.of(router).iter().filter(|e| !e.redirects).map(|e| exposure(&e.name)).collect()
        };
        let all: Vec<String> = known().flat_map(exposures).collect();
        let public = all.iter().find(|name| *name == "web");
        let Some(chosen) = public.or(all.first()).cloned() else { return };
        let names = known().flat_map(|router| self.of(router));
        let names = names.map(|entry| entry.name).filter(|name| exposure(name) == chosen);
        self.chosen = names.collect();
        let is_tls = |router: &Router| {
            self.served_on(router).iter().any(|entry| router.tls.is_some() || entry.tls.is_some())
        };
        self.is_tls = known().any(is_tls);
    }

    /// The entry points of a router.
    fn of(&self, router: &Router) -> Vec<EntryPoint> {
        if router.entry_points.is_empty() {
            let is_user = |entry: &&EntryPoint| !INTERNAL.contains(&entry.name.as_str());
            let has_default = self.all.iter().any(|entry| entry.is_default);
            let default = self.all.iter().filter(is_user).filter(|e| !has_default || e.is_default);
            let default: Vec<EntryPoint> = default.cloned().collect();
            return if default.is_empty() { vec![unknown("web")] } else { default };
        }
        let names = router.entry_points.iter().map(|name| name.to_ascii_lowercase());
        let found = |name: String| {
            let known: Vec<EntryPoint> =
                self.all.iter().filter(|entry| entry.name == name).cloned().collect();
            match known.is_empty() && self.all.is_empty() {
                true => vec![unknown(&name)],
                false => known,
            }
        };
        names.flat_map(found).collect()
    }

    fn served_on(&self, router: &Router) -> Vec<EntryPoint> {
        let mut entries = self.of(router);
        entries.retain(|entry| self.chosen.contains(&entry.name) && !entry.redirects);
        entries
    }

    /// The settings of the chosen entry points for a router.
    ///
    /// # Errors
    /// Why clients of the output do not reach it.
    pub(super) fn served(&self, router: &Router) -> Result<Served, String> {
        if router.is_everywhere {
            let tls = self.is_tls.then(Tls::default);
            return Ok(Served { middlewares: Vec::new(), tls });
        }
        let entries = self.of(router);
        if entries.is_empty() {
            return Err("its entry points are not in the static configuration".to_owned());
        }
        if entries.iter().all(|entry| entry.redirects) {
            return Err("its entry point redirects all requests".to_owned());
        }
        let mut served = self.served_on(router);
        if served.is_empty() {
            let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
            return Err(format!(
                "it is on the entry point {} only, and the output is for {}; convert it with a \
                 file of its own",
                names.join(", "),
                self.chosen.first().map_or("none", String::as_str)
            ));
        }
        let tls_of = |entry: &EntryPoint| router.tls.clone().or_else(|| entry.tls.clone());
        served.retain(|entry| tls_of(entry).is_some() == self.is_tls);
        let Some(first) = served.first() else {
            return Err("it is for plain HTTP, and the output is for TLS; redirect plain HTTP in \
                        front of the output"
                .to_owned());
        };
        let mut middlewares: Vec<String> = Vec::new();
        for name in served.iter().flat_map(|entry| &entry.middlewares) {
            if !middlewares.contains(name) {
                middlewares.push(name.clone());
            }
        }
        Ok(Served { middlewares, tls: tls_of(first) })
    }
}

/// An entry point without settings.
fn unknown(name: &str) -> EntryPoint {
    EntryPoint {
        name: name.to_owned(),
        middlewares: Vec::new(),
        tls: None,
        redirects: false,
        is_default: false,
    }
}

/// The clients that reach an entry point.
fn exposure(name: &str) -> String {
    if PUBLIC.contains(&name) { "web".to_owned() } else { name.to_owned() }
}

fn entry_point(
    config: &StaticConfig,
    root: &str,
    name: &str,
    configuration: &Configuration,
) -> EntryPoint {
    let path = format!("{root}.{name}");
    let texts = |field: &str| -> Vec<String> {
        config.all(&format!("{path}.{field}")).map(|(value, _)| value.to_owned()).collect()
    };
    let middlewares = [texts("http.middlewares"), texts("middlewares")].concat();
    let keys = middlewares.iter().map(|name| configuration.key_of_text(name)).collect();
    let has = |field: &str| {
        let path = format!("{path}.{field}");
        config.get(&path).is_some_and(|(value, _)| value != "false")
            || !config.names(&path).is_empty()
    };
    let is_off = |field: &str| texts(field).first().is_some_and(|value| value == "false");
    let is_chart = root == "ports";
    let enabled = ["tls.enabled", "http.tls.enabled"];
    // The Helm chart turns TLS on for websecure.
    let by_default = is_chart && name == "websecure" && !enabled.into_iter().any(is_off);
    let fields = if is_chart { &["tls.enabled", "http.tls.enabled"][..] } else { &["http.tls"] };
    let has_tls = by_default || fields.iter().any(|field| has(field));
    let options = [texts("http.tls.options"), texts("tls.options")].concat();
    let options = options.first().and_then(|name| name.split('@').next()).map(str::to_owned);
    let redirects = ["http.redirections", "redirections", "redirectTo"].into_iter().any(has);
    EntryPoint {
        name: name.to_owned(),
        middlewares: keys,
        tls: has_tls.then_some(Tls { options }),
        redirects,
        is_default: texts("asDefault").first().is_some_and(|value| value == "true"),
    }
}

fn report_settings(
    config: &StaticConfig,
    path: &str,
    name: &str,
    place: &Place,
    report: &mut Report,
) {
    let other = ["forwardedheaders", "proxyprotocol"];
    for (field, _) in config.names(path) {
        if other.contains(&field) {
            let message = format!("entry point {name}: {field}; set it in the proxy");
            report.left_out(place, message);
        }
    }
}
