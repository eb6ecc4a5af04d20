//! Checks and rewrites the request target. `:path` is read-only. The variable `upstream_uri` goes
//! upstream: its path comes from the proxy's route, its query from the client.

use std::{error::Error, fmt};

use novasphere_core::target::{path, query};

use crate::fault::Fault;

/// Why the target cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InvalidTarget {
    /// The filter changed the path, which belongs to the route.
    Path,
    /// Another filter or plugin wrote its own query, which may contain the removed parameters in
    /// another form.
    Query,
    /// The target contains characters that would change the request line.
    Characters,
}

impl fmt::Display for InvalidTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("change the target: ")?;
        f.write_str(match self {
            Self::Path => "a filter changed the path, which only a route can on this host",
            Self::Query => "something else has changed the query",
            Self::Characters => "the new target has characters that a request line cannot have",
        })
    }
}

impl Error for InvalidTarget {}

impl From<InvalidTarget> for Fault {
    fn from(invalid: InvalidTarget) -> Self {
        Self::Unable(invalid.to_string())
    }
}

/// Rejects targets that the filters and the upstream would read differently. Clients send neither.
///
/// - Without a path: nginx accepts `GET http://host?x` with the target `?x`, and Kong sends `/x?x`
///   upstream. Rules for the path `/x` would not see it. nginx itself rejects `*`.
/// - With a `#` (RFC 9112 section 3.2): nginx drops it and the rest, with all parameters that a
///   filter adds there. Envoy rejects it too.
pub(super) fn check(target: &[u8]) -> Result<(), Fault> {
    let message = if !target.starts_with(b"/") {
        "The path of the request must start with /"
    } else if target.contains(&b'#') {
        "The request target must not contain #"
    } else {
        return Ok(());
    };
    Err(Fault::Client { status: 400, message: message.to_owned() })
}

/// The upstream's URI after a filter changed the target from `old` to `new`.
pub(super) fn rewrite(old: &[u8], new: &[u8], upstream: &[u8]) -> Result<Vec<u8>, InvalidTarget> {
    if path(old) != path(new) {
        return Err(InvalidTarget::Path);
    }
    let rest = rewritten_query(query(old), query(new), query(upstream))?;
    let mut uri = path(upstream).to_vec();
    if let Some(rest) = rest {
        uri.push(b'?');
        uri.extend_from_slice(&rest);
    }
    // White space ends the target (RFC 9112 section 3). A `#` would start a fragment.
    if uri.iter().any(|b| b.is_ascii_control() || matches!(b, b' ' | b'#')) {
        return Err(InvalidTarget::Characters);
    }
    Ok(uri)
}

fn rewritten_query(
    old: Option<&[u8]>,
    new: Option<&[u8]>,
    upstream: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, InvalidTarget> {
    if upstream == old {
        return Ok(new.map(<[u8]>::to_vec));
    }
    // An earlier filter removed parameters. Also remove those that this filter removes. Equal
    // parameters are removed or kept together.
    let is_kept = |pair: &&[u8]| pairs(new).any(|other| other == *pair);
    if pairs(new).any(|pair| !pairs(old).any(|other| other == pair))
        || pairs(upstream).any(|pair| !pairs(old).any(|other| other == pair))
    {
        return Err(InvalidTarget::Query);
    }
    let rest: Vec<&[u8]> = pairs(upstream).filter(is_kept).collect();
    Ok(if rest.is_empty() { None } else { Some(rest.join(&b'&')) })
}

fn pairs(query: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    query.into_iter().flat_map(|query| query.split(|b| *b == b'&'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(old: &str, new: &str, upstream: &str) -> Result<String, InvalidTarget> {
        rewrite(old.as_bytes(), new.as_bytes(), upstream.as_bytes())
            .map(|uri| String::from_utf8(uri).unwrap())
    }

    #[test]
    fn rejects_a_target_without_a_path() {
        for target in ["/", "/v1/admin", "/?v1/admin", "//"] {
            assert_eq!(check(target.as_bytes()), Ok(()), "{target}");
        }
        for target in ["?v1/admin", "?", "", "*", "http://api.example/"] {
            let result = check(target.as_bytes());
            assert!(matches!(result, Err(Fault::Client { status: 400, .. })), "{target}");
        }
    }

    #[test]
    fn rejects_a_target_with_a_fragment() {
        assert_eq!(check(b"/a%23b?x=%23"), Ok(()));
        for target in ["/a?x#y", "/a?tenant#=1", "/a#f?token=t", "/#"] {
            let result = check(target.as_bytes());
            assert!(matches!(result, Err(Fault::Client { status: 400, .. })), "{target}");
        }
    }

    #[test]
    fn appends_the_query_to_the_path_of_the_route() {
        for (old, new, upstream, expected) in [
            ("/api/a?token=t&x=1", "/api/a?x=1", "/a?token=t&x=1", "/a?x=1"),
            ("/api/a?token=t", "/api/a", "/a?token=t", "/a"),
            (
                "/a?x=%2f&token=t&y=\u{e9}",
                "/a?x=%2f&y=\u{e9}",
                "/a?x=%2f&token=t&y=\u{e9}",
                "/a?x=%2f&y=\u{e9}",
            ),
            ("/a?x=1", "/a?y=2", "/a?x=1", "/a?y=2"),
            ("/a?", "/a", "/a?", "/a"),
        ] {
            assert_eq!(rewritten(old, new, upstream).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn keeps_parameters_of_earlier_filters_removed() {
        let (old, new) = ("/a?token=t&x=1&jwt=u", "/a?token=t&x=1");
        assert_eq!(rewritten(old, new, "/a?x=1&jwt=u").as_deref(), Ok("/a?x=1"));
        assert_eq!(rewritten("/a?token=t", "/a", "/a").as_deref(), Ok("/a"));
        assert_eq!(rewritten("/a?token=t&x", "/a?x", "/a?x").as_deref(), Ok("/a?x"));
    }

    #[test]
    fn rejects_a_query_that_something_else_wrote() {
        for upstream in ["/a?x=1&token=%74", "/a?token=t&y=2", "/a?TOKEN=t"] {
            assert_eq!(rewritten("/a?token=t&x=1", "/a?x=1", upstream), Err(InvalidTarget::Query));
        }
        assert_eq!(rewritten("/a?x=1&y=2", "/a?z=3", "/a?x=1"), Err(InvalidTarget::Query));
    }

    #[test]
    fn rejects_changed_path_and_invalid_characters() {
        assert_eq!(rewritten("/a?x", "/b?x", "/a?x"), Err(InvalidTarget::Path));
        for new in ["/a?x#y", "/a?x y", "/a?x\r\nz", "/a?\0", "/a?\u{7f}"] {
            assert_eq!(rewritten("/a?x", new, "/a?x"), Err(InvalidTarget::Characters), "{new:?}");
        }
    }
}
