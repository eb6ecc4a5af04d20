//! [`Project`]: the files of one command and their contents.

use std::{collections::HashMap, ops::Range};

use anyhow::Result;
use novasphere_explain::{FilterKind, ProxyKind};

use super::{
    Document, DocumentKind, FilterConfig, Found, Platform, RequestHandling, Route, documents,
};
use super::{envoy, kong, kubernetes, traefik};
use crate::source::{File, Reader};

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The index in [`Project::files`].
    pub file: usize,
    /// The bytes.
    pub span: Range<usize>,
}

/// The files of one command and their contents.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The files.
    pub files: Vec<File>,
    /// The documents of known kinds.
    pub documents: Vec<Document>,
    /// The configured filters, in the order of files and documents.
    pub filters: Vec<Found>,
    /// The routes, in the order in which the host tries them.
    pub routes: Vec<Route>,
    /// How the proxy changes requests before it selects a route, by [`Route::group`].
    pub request_handling: HashMap<usize, RequestHandling>,
    /// The listeners that a route without [`Route::listeners`] is for, by [`Route::group`]. Missing if
    /// the files do not show all of them.
    pub listeners: HashMap<usize, Vec<String>>,
}

impl Project {
    /// Reads files and finds everything in them.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn read(paths: &[String]) -> Result<Self> {
        let files = paths.iter().map(|path| File::read(path)).collect::<Result<_>>()?;
        Ok(Self::new(files))
    }

    /// Finds everything in files.
    pub fn new(files: Vec<File>) -> Self {
        let documents = documents::find(&files);
        let mut project = Self { files, documents, ..Self::default() };
        envoy::find(&mut project);
        kong::find(&mut project);
        let middlewares = traefik::add_filters(&mut project);
        kubernetes::find(&mut project, &middlewares);
        project
    }

    /// The configurations of `kind` without a host: each file is one.
    pub fn bare(files: Vec<File>, kind: FilterKind, proxy: ProxyKind) -> Self {
        let mut project = Self { files, ..Self::default() };
        for (index, file) in project.files.iter().enumerate() {
            let Some(root) = file.documents.first() else { continue };
            // JSON text reaches the filter as it is, so that it reports repeated members.
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&file.text).is_ok();
            let mut config = FilterConfig::fields(root, Reader::Yaml);
            if is_json {
                config.json.clone_from(&file.text);
                config.is_text = true;
            }
            project.documents.push(Document {
                file: index,
                root: root.clone(),
                kind: DocumentKind::Bare,
            });
            project.filters.push(Found {
                kind,
                platform: Platform::Bare(proxy),
                name: kind.name().to_owned(),
                module: String::new(),
                config,
                entry: root.clone(),
                place: Place { file: index, span: root.head() },
                document: project.documents.len().saturating_sub(1),
            });
        }
        project
    }

    /// A number that no route has as its group.
    pub(super) fn new_group(&self) -> usize {
        self.routes.iter().map(|route| route.group.saturating_add(1)).max().unwrap_or(0)
    }

    /// Whether a file has a filter whose whole configuration is in a Secret.
    pub fn has_filter_in_secret(&self) -> bool {
        self.documents.iter().any(kubernetes::is_filter_in_secret)
    }

    /// The documents of a kind, with their indices.
    pub fn documents_of(&self, kind: &DocumentKind) -> impl Iterator<Item = (usize, &Document)> {
        self.documents.iter().enumerate().filter(move |(_, document)| document.kind == *kind)
    }
}
