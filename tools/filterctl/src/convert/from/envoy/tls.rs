//! The transport socket of a filter chain, without secrets.

use super::{kind, text};
use crate::{
    convert::{
        from::input::fields::yaml,
        report::Report,
        yaml::{Map, Yaml},
    },
    found::{Document, Place},
    source::{Node, Reader},
};

/// The transport socket. Secrets become variables.
///
/// # Errors
/// Why it cannot be converted.
pub(super) fn socket(node: &Node, document: &Document, report: &mut Report) -> Result<Map, String> {
    let config = node.field("typed_config").ok_or("its transport socket has no typed_config")?;
    if kind(config) != "DownstreamTlsContext" || text(config, "@type").is_none() {
        return Err("its transport socket is not TLS".to_owned());
    }
    let mut unsupported = None;
    config.walk(&mut |node| unsupported = unsupported.or_else(|| obstacle(node)));
    if let Some(name) = unsupported {
        return Err(format!("{name} of its transport socket is not supported"));
    }
    let place = document.place(node);
    match yaml(node, Reader::Envoy) {
        Some(Yaml::Map(mut socket)) => {
            hide_secrets(&mut socket, &place, report);
            Ok(socket)
        }
        _ => Err("its transport socket is not an object".to_owned()),
    }
}

/// The name of a part that needs other parts of the file, or programs.
fn obstacle(node: &Node) -> Option<&'static str> {
    let names = [
        "private_key_provider",
        "pkcs12",
        "custom_handshaker",
        "custom_tls_certificate_selector",
        "session_ticket_keys",
        "session_ticket_keys_sds_secret_config",
        "tls_certificate_provider_instance",
        "tls_certificate_certificate_provider_instance",
        "ca_certificate_provider_instance",
    ];
    if let Some(name) = names.into_iter().find(|name| node.field(name).is_some()) {
        return Some(name);
    }
    let secrets = ["tls_certificate_sds_secret_configs", "validation_context_sds_secret_config"];
    secrets.into_iter().find(|name| {
        let Some(config) = node.field(name) else { return false };
        let configs =
            if config.items().is_empty() { std::slice::from_ref(config) } else { config.items() };
        // Files stay where they are.
        !configs.iter().all(|one| one.fields(&["sds_config", "path_config_source"]).is_some())
    })
}

/// Public parts of a TLS context.
const PUBLIC: [&str; 8] = [
    "certificate_chain",
    "certificateChain",
    "trusted_ca",
    "trustedCa",
    "crl",
    "ocsp_staple",
    "ocspStaple",
    "signed_certificate_timestamp",
];

/// Replaces all texts in the file, except certificates, by environment variables.
fn hide_secrets(map: &mut Map, place: &Place, report: &mut Report) {
    let names: Vec<String> = map.names().map(str::to_owned).collect();
    for name in names {
        let is_public = PUBLIC.contains(&name.as_str());
        match map.get_mut(&name) {
            Some(Yaml::Map(inner)) => {
                let inline = ["inline_string", "inlineString", "inline_bytes", "inlineBytes"];
                let has_text = inline.iter().any(|kind| inner.get(kind).is_some());
                if has_text && !is_public {
                    let meaning = format!("{name} of the listener's TLS certificate, as PEM");
                    let variable = report.variable("NOVASPHERE_TLS", &name, meaning, Some(place));
                    *inner = Map::new().with("environment_variable", variable);
                } else {
                    hide_secrets(inner, place, report);
                }
            }
            Some(Yaml::List(items)) => {
                for item in items {
                    if let Yaml::Map(item) = item {
                        hide_secrets(item, place, report);
                    }
                }
            }
            _ => {}
        }
    }
}
