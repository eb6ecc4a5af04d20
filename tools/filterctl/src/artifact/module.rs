//! Facts about a module.

use anyhow::{Context, Result, bail};
use wasmparser::{Parser, Payload};

/// A module of this project, or another proxy-wasm or http-wasm module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Module {
    /// The label that the build adds. `None` for modules of other projects and of early builds.
    pub(super) label: Option<Label>,
    /// The ABI and its version.
    pub(super) abi: String,
    /// The host, as far as the functions of the module tell.
    pub(super) host: Host,
}

/// The label of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) filter: String,
    pub(super) version: String,
    pub(super) host: String,
    /// In a release.
    pub(super) commit: Option<String>,
}

/// The host of a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Host {
    /// Envoy, also as a part of Istio and Envoy Gateway.
    #[default]
    Envoy,
    /// Kong. Its modules also run in Envoy, but cost more there.
    Kong,
    /// Traefik.
    Traefik,
}

impl Host {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Envoy => "Envoy, Istio, Envoy Gateway",
            Self::Kong => "Kong",
            Self::Traefik => "Traefik",
        }
    }

    /// The word in a label.
    const fn word(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Kong => "kong",
            Self::Traefik => "traefik",
        }
    }
}

/// The name of the section with the label.
const LABEL: &str = "novasphere";
/// Imports of http-wasm handlers come from this module.
const HTTP_WASM: &str = "http_handler";
/// nginx calls this callback without checking that it exists. Modules for Envoy lack it.
const FOR_NGINX: &str = "proxy_on_log";

impl Module {
    /// # Errors
    /// If `bytes` are not a WebAssembly module for a proxy.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        if !bytes.starts_with(b"\0asm") {
            bail!("is not a WebAssembly module");
        }
        let mut module = Self::default();
        let (mut is_http_wasm, mut abi, mut has_callback_for_nginx) = (false, None, false);
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.context("is not a valid WebAssembly module")? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        is_http_wasm |= import?.module == HTTP_WASM;
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let name = export?.name;
                        has_callback_for_nginx |= name == FOR_NGINX;
                        if let Some(version) = name.strip_prefix("proxy_abi_version_") {
                            abi = Some(version.replace('_', "."));
                        }
                    }
                }
                Payload::CustomSection(section) if section.name() == LABEL => {
                    module.label = Some(Label::parse(section.data()));
                }
                _ => {}
            }
        }
        (module.abi, module.host) = match (abi, is_http_wasm) {
            (Some(version), _) if has_callback_for_nginx => {
                (format!("proxy-wasm {version}"), Host::Kong)
            }
            (Some(version), _) => (format!("proxy-wasm {version}"), Host::Envoy),
            (None, true) => ("http-wasm".to_owned(), Host::Traefik),
            (None, false) => bail!("is a WebAssembly module, but not for a proxy"),
        };
        Ok(module)
    }

    /// Why the label contradicts the module.
    pub(super) fn contradiction(&self) -> Option<String> {
        let label = self.label.as_ref().filter(|label| label.host != self.host.word())?;
        Some(format!(
            "the label says {}, but its functions are those of a module for {}",
            label.host,
            self.host.word()
        ))
    }
}

impl Label {
    fn parse(data: &[u8]) -> Self {
        let text = String::from_utf8_lossy(data);
        let mut label = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let field = match name {
                "filter" => &mut label.filter,
                "version" => &mut label.version,
                "host" => &mut label.host,
                "commit" => label.commit.insert(String::new()),
                _ => continue,
            };
            value.clone_into(field);
        }
        label
    }
}
