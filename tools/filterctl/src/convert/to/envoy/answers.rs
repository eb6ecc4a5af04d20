//! Fixed responses and redirects.

use crate::convert::{
    model::{NewPath, Redirect, Response},
    yaml::Map,
};

/// The value of `direct_response`.
pub(super) fn response(response: &Response) -> Map {
    let mut answer = Map::new().with("status", response.status);
    if !response.body.is_empty() {
        answer.set("body", Map::new().with("inline_string", response.body.as_str()));
    }
    answer
}

/// The value of `redirect`.
pub(super) fn redirect(redirect: &Redirect) -> Map {
    let mut answer = Map::new();
    answer.set_some("scheme_redirect", redirect.scheme.as_deref());
    answer.set_some("host_redirect", redirect.host.as_deref());
    answer.set_some("port_redirect", redirect.port);
    match &redirect.path {
        Some(NewPath::Full(path)) => answer.set("path_redirect", path.as_str()),
        Some(NewPath::Prefix(prefix)) => answer.set("prefix_rewrite", prefix.as_str()),
        None => {}
    }
    let code = match redirect.status {
        302 => "FOUND",
        303 => "SEE_OTHER",
        307 => "TEMPORARY_REDIRECT",
        308 => "PERMANENT_REDIRECT",
        _ => "MOVED_PERMANENTLY",
    };
    answer.set("response_code", code);
    if redirect.strip_query {
        answer.set("strip_query", true);
    }
    answer
}
