//! Authentication by the host itself, which can send identity headers as jwt-auth does.

use novasphere_explain::ProxyKind;

use crate::{
    found::{Document, DocumentKind, Project},
    source::Node,
};

/// Filters of Envoy that can set request headers from an identity.
const ENVOY: [&str; 5] =
    [".JwtAuthentication", ".ExtAuthz", ".ExternalProcessor", ".Lua", ".OAuth2"];

/// Plugins of Kong that set `X-Consumer-*`.
const KONG: [&str; 9] = [
    "basic-auth",
    "hmac-auth",
    "jwt",
    "key-auth",
    "key-auth-enc",
    "ldap-auth",
    "mtls-auth",
    "oauth2",
    "openid-connect",
];

/// Objects of Envoy Gateway and Istio that can set request headers from an identity.
const OBJECTS: [&str; 3] = ["SecurityPolicy", "RequestAuthentication", "AuthorizationPolicy"];

/// Whether a file configures authentication of this proxy itself.
pub(super) fn is_configured(project: &Project, proxy: ProxyKind) -> bool {
    project.documents.iter().any(|document| match proxy {
        ProxyKind::Envoy => in_envoy(document),
        ProxyKind::Kong => in_kong(document),
        ProxyKind::Traefik => false,
    })
}

fn in_envoy(document: &Document) -> bool {
    if matches!(&document.kind, DocumentKind::Kubernetes(kind) if OBJECTS.contains(&kind.as_str()))
    {
        return true;
    }
    let mut is_found = false;
    document.root.walk(&mut |node| {
        let url = node.get_text("@type").unwrap_or_default();
        is_found |= ENVOY.iter().any(|name| url.ends_with(name));
    });
    is_found
}

fn in_kong(document: &Document) -> bool {
    let is_auth = |plugin: &Node, field: &str| {
        plugin.get_text(field).is_some_and(|name| KONG.contains(&name))
    };
    match &document.kind {
        DocumentKind::Kubernetes(kind) if kind.ends_with("Plugin") => {
            is_auth(&document.root, "plugin")
        }
        DocumentKind::Kong => {
            let mut is_found = false;
            document.root.walk(&mut |node| {
                let plugins = node.get("plugins").map(Node::items).unwrap_or_default();
                is_found |= plugins.iter().any(|plugin| is_auth(plugin, "name"));
            });
            is_found
        }
        _ => false,
    }
}
