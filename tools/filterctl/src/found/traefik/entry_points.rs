//! [`EntryPoints`]: the entry points of static configurations, and which of them a router uses.

use super::StaticConfig;
use crate::found::{Document, DocumentKind};

/// An entry point of a static configuration.
#[derive(Debug)]
struct EntryPoint {
    /// In lower case.
    name: String,
    is_default: bool,
    /// Whether all its requests are redirected to another entry point.
    redirects: bool,
    /// `sanitizePath`.
    sanitizes_path: bool,
    /// The middlewares that run before each router's own.
    middlewares: Vec<String>,
}

/// The entry points of static configurations.
#[derive(Debug, Default)]
pub(crate) struct EntryPoints {
    all: Vec<EntryPoint>,
    /// Whether a Helm chart may add entry points that its values do not show.
    has_chart: bool,
}

/// Entry points of a router that have the same middlewares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Served {
    /// The names in lower case. Empty for all.
    pub(crate) listeners: Vec<String>,
    /// The names of their middlewares.
    pub(crate) middlewares: Vec<String>,
}

/// Entry points that Traefik uses for itself.
const INTERNAL: [&str; 2] = ["traefik", "metrics"];

impl EntryPoints {
    /// The entry points in these documents. A Helm chart calls them ports.
    pub(crate) fn of(documents: &[Document]) -> Self {
        let mut all = Vec::new();
        for config in StaticConfig::all_in(documents, "entrypoints.") {
            for root in ["entryPoints", "ports"] {
                for (name, _) in config.names(root) {
                    let texts = |field: &str| -> Vec<String> {
                        let path = format!("{root}.{name}.{field}");
                        let values = config.all(&path);
                        values.map(|(value, _)| value.to_owned()).collect()
                    };
                    all.push(EntryPoint {
                        name: name.to_owned(),
                        is_default: texts("asDefault").first().is_some_and(|value| value == "true"),
                        redirects: redirects(texts),
                        sanitizes_path: texts("http.sanitizePath")
                            .first()
                            .is_none_or(|value| value != "false"),
                        middlewares: [texts("http.middlewares"), texts("middlewares")].concat(),
                    });
                }
            }
        }
        let is_chart = |document: &Document| {
            let is_static = document.kind == DocumentKind::TraefikStatic;
            let fields = ["ports", "additionalArguments"];
            is_static && fields.into_iter().any(|name| document.root.get(name).is_some())
        };
        Self { all, has_chart: documents.iter().any(is_chart) }
    }

    /// The entry points of a router that names these, grouped by their middlewares. Without those that
    /// only redirect, if another one remains.
    pub(crate) fn of_router<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<Served> {
        let mut names: Vec<String> =
            names.map(|name| name.trim().to_ascii_lowercase()).filter(|n| !n.is_empty()).collect();
        if names.is_empty() {
            names = self.names(|entry| entry.is_default);
        }
        if names.is_empty() {
            let everywhere = self.apart(self.names(|e| !INTERNAL.contains(&e.name.as_str())));
            return match everywhere.as_slice() {
                [] => vec![Served::default()],
                [one] => vec![Served { listeners: Vec::new(), ..one.clone() }],
                _ => everywhere,
            };
        }
        self.apart(names)
    }

    /// The names of the entry points of a router that names none. `None` if the files may not show
    /// all of them.
    pub(crate) fn public_names(&self) -> Option<Vec<String>> {
        let names = self.names(|e| !INTERNAL.contains(&e.name.as_str()) && !e.redirects);
        (!self.has_chart && !names.is_empty()).then_some(names)
    }

    /// Whether any entry point sanitizes paths. True if none is known, because that is the default.
    pub(crate) fn sanitize_paths(&self) -> bool {
        let mut public =
            self.all.iter().filter(|e| !INTERNAL.contains(&e.name.as_str())).peekable();
        public.peek().is_none() || public.any(|entry| entry.sanitizes_path)
    }

    fn names(&self, is_meant: impl Fn(&EntryPoint) -> bool) -> Vec<String> {
        self.all.iter().filter(|entry| is_meant(entry)).map(|entry| entry.name.clone()).collect()
    }

    fn apart(&self, mut names: Vec<String>) -> Vec<Served> {
        let serves = |name: &String| !self.all.iter().any(|e| e.name == *name && e.redirects);
        if names.iter().any(serves) {
            names.retain(serves);
        }
        let mut served: Vec<Served> = Vec::new();
        for name in names {
            let entry = self.all.iter().find(|entry| entry.name == name);
            let middlewares = entry.map(|entry| entry.middlewares.clone()).unwrap_or_default();
            match served.iter_mut().find(|served| served.middlewares == middlewares) {
                Some(same) => same.listeners.push(name),
                None => served.push(Served { listeners: vec![name], middlewares }),
            }
        }
        served
    }
}

/// Whether the fields of an entry point, or of a port of a Helm chart, redirect all requests. If they
/// have a priority, routers may come first.
fn redirects(texts: impl Fn(&str) -> Vec<String>) -> bool {
    let is_set = |field: &str| {
        texts(field).first().is_some_and(|value| !["", "{}", "null", "~"].contains(&value.as_str()))
    };
    let fields = ["http.redirections.entryPoint", "redirections.entryPoint", "redirectTo"];
    let to = |start: &str| ["", ".to", ".port"].iter().any(|end| is_set(&format!("{start}{end}")));
    fields.into_iter().any(|start| to(start) && !is_set(&format!("{start}.priority")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{found::Project, source::File};

    fn served(text: &str, names: &[&str]) -> Vec<Vec<String>> {
        let project = Project::new(vec![File::new("x.yaml", text.to_owned())]);
        let entry_points = EntryPoints::of(&project.documents);
        let served = entry_points.of_router(names.iter().copied()).into_iter();
        served.map(|served| served.listeners).collect()
    }

    #[test]
    fn entry_point_that_only_redirects_serves_no_router() {
        let apart = [vec!["web".to_owned()], vec!["websecure".to_owned()]];
        for (root, web, redirects) in [
            ("entryPoints", "http: {redirections: {entryPoint: {to: websecure}}}", true),
            ("ports", "http: {redirections: {entryPoint: {to: websecure}}}", true),
            ("ports", "redirections: {entryPoint: {to: websecure, scheme: https}}", true),
            ("ports", "redirectTo: {port: websecure}", true),
            ("ports", "redirectTo: websecure", true),
            ("ports", "redirectTo: {}", false),
            (
                "entryPoints",
                "http: {redirections: {entryPoint: {to: websecure, priority: 9}}}",
                false,
            ),
        ] {
            let secure = "websecure: {http: {middlewares: [auth@file]}}";
            let text = format!("providers: {{}}\n{root}:\n  web: {{{web}}}\n  {secure}\n");
            let both = served(&text, &["web", "websecure"]);
            assert_eq!(both, if redirects { &apart[1..] } else { &apart[..] }, "{text}");
            let everywhere = served(&text, &[]);
            let expected = if redirects { vec![Vec::new()] } else { apart.to_vec() };
            assert_eq!(everywhere, expected, "{text}");
            assert_eq!(served(&text, &["web"]), apart[..1], "{text}");
        }
    }
}
