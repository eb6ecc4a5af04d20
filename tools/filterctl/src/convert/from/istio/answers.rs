//! Fixed responses and redirects.

use crate::{
    convert::{
        from::input::fields::Fields,
        model::{Action, NewPath, Redirect, Response},
    },
    source::Node,
};

/// The action of a route that Envoy answers itself. `None` for a route that forwards requests.
///
/// # Errors
/// Why the response has no counterpart.
pub(super) fn action(http: &Fields<'_>) -> Result<Option<Action>, String> {
    if let Some(node) = http.get("redirect") {
        return redirect(node).map(Action::Redirect).map(Some);
    }
    http.get("directResponse").map(|node| response(node).map(Action::Respond)).transpose()
}

fn response(node: &Node) -> Result<Response, String> {
    let status = node.get_text("status").and_then(|status| status.parse().ok());
    let body = node.get("body");
    if body.is_some_and(|body| body.get("string").is_none()) {
        return Err("the body of its directResponse is not a string".to_owned());
    }
    let body = body.and_then(|body| body.get_text("string")).unwrap_or_default();
    Ok(Response {
        status: status.ok_or("its directResponse has no status")?,
        body: body.to_owned(),
    })
}

fn redirect(node: &Node) -> Result<Redirect, String> {
    let known = ["uri", "authority", "port", "scheme", "redirectCode"];
    let mut names = node.members().iter().filter_map(|(key, _)| key.text());
    if let Some(name) = names.find(|name| !known.contains(name)) {
        return Err(format!("{name} of its redirect is not supported"));
    }
    let own = |name: &str| node.get_text(name).map(str::to_owned);
    let number = |name: &str| node.get_text(name).and_then(|number| number.parse().ok());
    Ok(Redirect {
        scheme: own("scheme"),
        host: own("authority"),
        port: number("port"),
        path: own("uri").map(NewPath::Full),
        status: number("redirectCode").unwrap_or(301),
        strip_query: false,
    })
}
