//! The servers of Gateways.

use super::workloads::GatewayName;
use crate::{
    convert::from::input::{fields::texts, kubernetes::Object, servers::Server},
    source::Node,
};

/// The servers that a VirtualService of this namespace attaches to. `None` if they are not known.
pub(super) fn servers<'o>(
    names: &[GatewayName],
    namespace: &str,
    objects: &'o [Object<'o>],
) -> Option<Vec<Server<'o>>> {
    let mut found = Vec::new();
    for name in names {
        let servers = objects.iter().find(|object| name.is(object))?.items(&["spec", "servers"]);
        if servers.is_empty() {
            return None;
        }
        found.extend(servers.iter().filter_map(|node| server(node, name, namespace)));
    }
    (!names.is_empty()).then_some(found)
}

/// The server, unless it serves no requests of the VirtualService.
fn server<'n>(node: &'n Node, gateway: &GatewayName, namespace: &str) -> Option<Server<'n>> {
    let protocol = node.at(&["port", "protocol"]).and_then(Node::text).unwrap_or_default();
    let mode = node.at(&["tls", "mode"]).and_then(Node::text);
    let redirects = node.at(&["tls", "httpsRedirect"]).and_then(Node::text) == Some("true");
    let is_http = ["", "HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB"]
        .iter()
        .any(|known| protocol.eq_ignore_ascii_case(known));
    if !is_http || redirects || mode.is_some_and(|mode| mode.ends_with("PASSTHROUGH")) {
        return None;
    }
    let is_tls = protocol.eq_ignore_ascii_case("HTTPS") || mode.is_some();
    let all = node.get("hosts").map(Node::items).unwrap_or_default();
    let hosts = all.iter().filter_map(Node::text).filter_map(|host| {
        let (of, host) = host.split_once('/').unwrap_or(("*", host));
        let is_own = match of {
            "*" => true,
            "." => gateway.namespace == namespace,
            of => of == namespace,
        };
        is_own.then_some(host)
    });
    let hosts: Vec<&str> = hosts.collect();
    if hosts.is_empty() && !all.is_empty() {
        return None;
    }
    let is_for_all = hosts.contains(&"*");
    Some(Server { hosts: if is_for_all { Vec::new() } else { hosts }, is_tls })
}

/// Why routes of a Gateway cannot be converted: it keeps out clients without a certificate.
pub(super) fn obstacle(gateway: &GatewayName, objects: &[Object<'_>]) -> Option<String> {
    let object = objects.iter().find(|object| gateway.is(object))?;
    let is_mutual = |server: &Node| {
        let mode = server.at(&["tls", "mode"]).and_then(Node::text);
        matches!(mode, Some("MUTUAL" | "ISTIO_MUTUAL"))
    };
    let is_obstacle = object.items(&["spec", "servers"]).iter().any(is_mutual);
    is_obstacle.then(|| format!("its Gateway {} asks for client certificates", gateway.name))
}

/// The names of Gateways in a list of a VirtualService.
pub(super) fn names(object: &Object<'_>) -> Vec<GatewayName> {
    let names = object.root.at(&["spec", "gateways"]).map(texts).unwrap_or_default();
    let names = names.iter().filter(|name| *name != "mesh");
    names.map(|name| GatewayName::new(name, object.namespace)).collect()
}
