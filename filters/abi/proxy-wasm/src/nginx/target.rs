//! A new request target. `:path` cannot be written here; what goes upstream is the variable
//! `upstream_uri`, whose path the proxy has made from the route, and whose query is the client's.

use novasphere_core::target::{path, query};

/// Why the target cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unchangeable {
    /// The path is the route's.
    Path,
    /// Another filter or plugin has written a query of its own: what was to go may be in there in
    /// another form.
    Query,
    /// The variable is written to the request line as it is.
    Characters,
}

impl Unchangeable {
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))] // told where the host is called
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Path => "a filter changed the path, which only a route can on this host",
            Self::Query => "something else has changed the query",
            Self::Characters => "the new target holds characters that no request line may hold",
        }
    }
}

/// The upstream's URI after a policy has changed `old` into `new`.
pub(crate) fn rewrite(old: &[u8], new: &[u8], upstream: &[u8]) -> Result<Vec<u8>, Unchangeable> {
    if path(old) != path(new) {
        return Err(Unchangeable::Path);
    }
    let rest = rewritten_query(sent(query(old)), sent(query(new)), query(upstream))?;
    let mut uri = path(upstream).to_vec();
    if let Some(rest) = rest {
        uri.push(b'?');
        uri.extend_from_slice(&rest);
    }
    // RFC 9112 section 3: white space ends the target. A `#` would start a fragment.
    if uri.iter().any(|b| b.is_ascii_control() || matches!(b, b' ' | b'#')) {
        return Err(Unchangeable::Characters);
    }
    Ok(uri)
}

fn rewritten_query(
    old: Option<&[u8]>,
    new: Option<&[u8]>,
    upstream: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, Unchangeable> {
    if upstream == old {
        return Ok(new.map(<[u8]>::to_vec));
    }
    // An earlier filter has taken some parameters away: those this one takes away go too. Equal
    // ones share their fate.
    let kept = |pair: &&[u8]| pairs(new).any(|other| other == *pair);
    if pairs(new).any(|pair| !pairs(old).any(|other| other == pair))
        || pairs(upstream).any(|pair| !pairs(old).any(|other| other == pair))
    {
        return Err(Unchangeable::Query);
    }
    let rest: Vec<&[u8]> = pairs(upstream).filter(kept).collect();
    Ok(if rest.is_empty() { None } else { Some(rest.join(&b'&')) })
}

/// What nginx takes for the query: it ends at a `#`.
fn sent(query: Option<&[u8]>) -> Option<&[u8]> {
    query?.split(|b| *b == b'#').next()
}

fn pairs(query: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    query.into_iter().flat_map(|query| query.split(|b| *b == b'&'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(old: &str, new: &str, upstream: &str) -> Result<String, Unchangeable> {
        rewrite(old.as_bytes(), new.as_bytes(), upstream.as_bytes())
            .map(|uri| String::from_utf8(uri).unwrap())
    }

    #[test]
    fn the_query_goes_behind_the_routes_path() {
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
    fn what_an_earlier_filter_took_stays_away() {
        let (old, new) = ("/a?token=t&x=1&jwt=u", "/a?token=t&x=1");
        assert_eq!(rewritten(old, new, "/a?x=1&jwt=u").as_deref(), Ok("/a?x=1"));
        assert_eq!(rewritten("/a?token=t", "/a", "/a").as_deref(), Ok("/a"));
        assert_eq!(rewritten("/a?token=t&x", "/a?x", "/a?x").as_deref(), Ok("/a?x"));
    }

    #[test]
    fn a_query_of_other_origin_is_not_guessed_at() {
        for upstream in ["/a?x=1&token=%74", "/a?token=t&y=2", "/a?TOKEN=t"] {
            assert_eq!(rewritten("/a?token=t&x=1", "/a?x=1", upstream), Err(Unchangeable::Query));
        }
        assert_eq!(rewritten("/a?x=1&y=2", "/a?z=3", "/a?x=1"), Err(Unchangeable::Query));
    }

    #[test]
    fn a_fragment_is_not_sent() {
        // nginx cuts the query there, and has none at all when the `#` comes first.
        assert_eq!(rewritten("/a?token=t&x#y", "/a?x#y", "/a?token=t&x").as_deref(), Ok("/a?x"));
        assert_eq!(rewritten("/a?x&token=t#y", "/a?x", "/a?x&token=t").as_deref(), Ok("/a?x"));
        assert_eq!(rewritten("/a#f?token=t", "/a#f", "/a").as_deref(), Ok("/a"));
    }

    #[test]
    fn only_the_query_may_change_and_only_to_what_can_be_written() {
        assert_eq!(rewritten("/a?x", "/b?x", "/a?x"), Err(Unchangeable::Path));
        for new in ["/a?x y", "/a?x\r\nz", "/a?\0", "/a?\u{7f}"] {
            assert_eq!(rewritten("/a?x", new, "/a?x"), Err(Unchangeable::Characters), "{new:?}");
        }
    }
}
