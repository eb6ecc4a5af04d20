//! [`StaticConfig`]: the static configuration, from files and arguments.

use crate::{
    found::{Document, DocumentKind, Place, Project},
    source::{Content, Node},
};

/// A static configuration as settings: `entrypoints.web.address`.
#[derive(Debug)]
pub(crate) struct StaticConfig {
    /// The settings by path, in lower case, as Traefik compares them. A list has one entry for each
    /// item.
    settings: Vec<(String, String, Place)>,
    /// The place for messages about missing settings.
    pub(crate) place: Place,
}

impl StaticConfig {
    /// All static configurations. Those in the arguments of containers, if one of the arguments
    /// starts with `--` and this text in lower case.
    pub(crate) fn all_of(project: &Project, argument: &str) -> Vec<Self> {
        Self::all_in(&project.documents, argument)
    }

    /// [`StaticConfig::all_of`] for the documents of a project.
    pub(in crate::found) fn all_in(documents: &[Document], argument: &str) -> Vec<Self> {
        let files = documents.iter().filter(|d| d.kind == DocumentKind::TraefikStatic);
        let workloads = documents.iter();
        files
            .map(Self::new)
            .chain(workloads.filter_map(|document| Self::of_workload(document, argument)))
            .collect()
    }

    /// The static configuration in the arguments of a container.
    fn of_workload(document: &Document, argument: &str) -> Option<Self> {
        let DocumentKind::Kubernetes(kind) = &document.kind else { return None };
        if !matches!(kind.as_str(), "Deployment" | "DaemonSet" | "StatefulSet") {
            return None;
        }
        let containers = document.root.at(&["spec", "template", "spec", "containers"])?.items();
        let start = format!("--{argument}");
        let args =
            containers.iter().filter_map(|container| container.get("args")).find(|args| {
                let mut texts = args.items().iter().filter_map(Node::text);
                texts.any(|text| text.to_ascii_lowercase().starts_with(&start))
            })?;
        let mut config = Self { settings: Vec::new(), place: document.place(args) };
        config.add_arguments(document, args);
        Some(config)
    }

    fn new(document: &Document) -> Self {
        let plugins = document.root.get("experimental");
        let place = document.place(plugins.unwrap_or(&document.root));
        let mut config = Self { settings: Vec::new(), place };
        config.add(document, "", &document.root);
        // A Helm chart passes these on.
        if let Some(arguments) = document.root.get("additionalArguments") {
            config.add_arguments(document, arguments);
        }
        config
    }

    fn add(&mut self, document: &Document, path: &str, node: &Node) {
        match &node.content {
            Content::Scalar { text, .. } => {
                let place = Place { file: document.file, span: node.span.clone() };
                self.settings.push((path.to_owned(), text.clone(), place));
            }
            Content::Sequence(items) => {
                items.iter().for_each(|item| self.add(document, path, item))
            }
            // `tls: {}` turns a feature on.
            Content::Mapping(members) if members.is_empty() => {
                self.settings.push((path.to_owned(), "{}".to_owned(), document.place(node)));
            }
            Content::Mapping(members) => {
                for (name, value) in members {
                    let name = name.text().unwrap_or_default().to_ascii_lowercase();
                    let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                    self.add(document, &path, value);
                }
            }
        }
    }

    fn add_arguments(&mut self, document: &Document, arguments: &Node) {
        for argument in arguments.items() {
            let text = argument.text().unwrap_or_default().trim_start_matches('-');
            let (path, value) = text.split_once('=').unwrap_or((text, "true"));
            let place = Place { file: document.file, span: argument.span.clone() };
            for value in value.split(',') {
                let path = path.to_ascii_lowercase();
                self.settings.push((path, value.to_owned(), place.clone()));
            }
        }
    }

    /// The values of a setting.
    pub(crate) fn all<'s>(&'s self, path: &str) -> impl Iterator<Item = (&'s str, &'s Place)> {
        let path = path.to_ascii_lowercase();
        let settings = self.settings.iter().filter(move |(known, ..)| *known == path);
        settings.map(|(_, value, place)| (value.as_str(), place))
    }

    /// The value of a setting.
    pub(crate) fn get(&self, path: &str) -> Option<(&str, &Place)> {
        self.all(path).next()
    }

    /// The names below a path, and the places of their first settings.
    pub(crate) fn names(&self, path: &str) -> Vec<(&str, &Place)> {
        let mut names: Vec<(&str, &Place)> = Vec::new();
        let start = format!("{}.", path.to_ascii_lowercase());
        for (known, _, place) in &self.settings {
            let Some(rest) = known.strip_prefix(&start) else { continue };
            let name = rest.split('.').next().unwrap_or_default();
            if !names.iter().any(|(known, _)| *known == name) {
                names.push((name, place));
            }
        }
        names
    }
}
