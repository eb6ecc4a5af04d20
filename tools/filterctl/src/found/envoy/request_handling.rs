//! The settings of a connection manager that change paths, hosts and X-Forwarded-For.

use super::routes::flag;
use crate::{
    found::{EscapedSlashes, RequestHandling, StripsPort},
    source::Node,
};

/// The settings of a connection manager in a document.
pub(in crate::found) fn of_manager(manager: &Node, root: &Node) -> RequestHandling {
    let is_true = |name: &str| {
        // The dumps of Envoy show a BoolValue as an object.
        flag(manager, name) || manager.field(name).is_some_and(|value| flag(value, "value"))
    };
    RequestHandling {
        escaped_slashes: escaped_slashes(manager),
        normalizes_path: is_true("normalize_path"),
        merges_slashes: is_true("merge_slashes"),
        strips_port: if is_true("strip_any_host_port") {
            StripsPort::Any
        } else if is_true("strip_matching_host_port") {
            StripsPort::Of(listener_port(manager, root))
        } else {
            StripsPort::No
        },
        strips_dot: is_true("strip_trailing_host_dot"),
        rejects_fragment: true,
        appends_peer: is_true("use_remote_address") && !is_true("skip_xff_append"),
        traefik: None,
    }
}

fn escaped_slashes(manager: &Node) -> EscapedSlashes {
    let action = manager.field("path_with_escaped_slashes_action").and_then(Node::text);
    match action {
        Some("REJECT_REQUEST" | "2") => EscapedSlashes::Reject,
        Some("UNESCAPE_AND_REDIRECT" | "3") => EscapedSlashes::UnescapeAndRedirect,
        Some("UNESCAPE_AND_FORWARD" | "4") => EscapedSlashes::Unescape,
        _ => EscapedSlashes::Keep,
    }
}

/// The port of the listener around a connection manager.
fn listener_port(manager: &Node, root: &Node) -> Option<u16> {
    let mut port = None;
    root.walk(&mut |node| {
        let is_around = node.span.start <= manager.span.start && manager.span.end <= node.span.end;
        let address = node.fields(&["address", "socket_address", "port_value"]);
        if let Some(text) = address.and_then(Node::text).filter(|_| is_around) {
            port = text.parse().ok();
        }
    });
    port
}
