//! Fixed responses and redirects.

use super::{flag, number, text};
use crate::{
    convert::model::{Action, NewPath, Redirect, Response},
    source::Node,
};

/// The action of a route that Envoy answers itself. `None` for a route that forwards requests.
///
/// # Errors
/// Why the response has no counterpart.
pub(super) fn action(route: &Node) -> Result<Option<Action>, String> {
    if let Some(node) = route.field("direct_response") {
        return response(node).map(Action::Respond).map(Some);
    }
    route.field("redirect").map(|node| redirect(node).map(Action::Redirect)).transpose()
}

fn response(node: &Node) -> Result<Response, String> {
    let status = number(node, "status").filter(|status| (200..600).contains(status));
    let status = status.ok_or("its direct_response has no status")?;
    let body = match node.field("body") {
        None => String::new(),
        Some(body) => {
            let inline = text(body, "inline_string");
            inline.ok_or("the body of its direct_response is not an inline_string")?.to_owned()
        }
    };
    if let Some(field) = other_field(node, &["status", "body"]) {
        return Err(format!("{field} of its direct_response is not supported"));
    }
    Ok(Response { status, body })
}

fn redirect(node: &Node) -> Result<Redirect, String> {
    let known = [
        "https_redirect",
        "scheme_redirect",
        "host_redirect",
        "port_redirect",
        "path_redirect",
        "prefix_rewrite",
        "response_code",
        "strip_query",
    ];
    if let Some(field) = other_field(node, &known) {
        return Err(format!("{field} of its redirect is not supported"));
    }
    let own = |name: &str| text(node, name).map(str::to_owned);
    let scheme = match flag(node, "https_redirect") {
        true => Some("https".to_owned()),
        false => own("scheme_redirect"),
    };
    let path = own("path_redirect").map(NewPath::Full);
    let status = match text(node, "response_code") {
        None | Some("MOVED_PERMANENTLY") => 301,
        Some("FOUND") => 302,
        Some("SEE_OTHER") => 303,
        Some("TEMPORARY_REDIRECT") => 307,
        Some("PERMANENT_REDIRECT") => 308,
        Some(other) => return Err(format!("response_code {other} of its redirect is unknown")),
    };
    Ok(Redirect {
        scheme,
        host: own("host_redirect"),
        port: number(node, "port_redirect"),
        path: path.or(own("prefix_rewrite").map(NewPath::Prefix)),
        status,
        strip_query: flag(node, "strip_query"),
    })
}

/// The first field that is not known, in either spelling.
fn other_field<'n>(node: &'n Node, known: &[&str]) -> Option<&'n str> {
    let is_known = |name: &str| {
        known.contains(&name)
            || known.iter().any(|known| known.replace('_', "") == name.to_ascii_lowercase())
    };
    node.members().iter().filter_map(|(key, _)| key.text()).find(|name| !is_known(name))
}
