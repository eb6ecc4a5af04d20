//! The request target: path and query (RFC 9112 section 3.2, RFC 3986 section 3.4).

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The path, without the query. A request target has no fragment (RFC 9112 section 3.2); a `#` is
/// taken for any other character.
pub fn path(target: &[u8]) -> &[u8] {
    target.split(|b| *b == b'?').next().unwrap_or_default()
}

/// The query without its `?`; `None` when there is none.
pub fn query(target: &[u8]) -> Option<&[u8]> {
    let start = target.iter().position(|b| *b == b'?')?;
    target.get(start.checked_add(1)?..)
}

/// The values of every query parameter called `name`, percent-decoded, in order. The name in the
/// query is decoded too: upstreams do so.
pub fn query_values<'t>(target: &'t [u8], name: &'t str) -> impl Iterator<Item = Cow<'t, [u8]>> {
    pairs(target).filter(move |pair| pair_name(pair) == name.as_bytes()).map(|pair| {
        let value = pair.splitn(2, |b| *b == b'=').nth(1).unwrap_or_default();
        percent_decode(value).into()
    })
}

/// The target without the query parameters whose decoded name is in `names`, everything else
/// untouched, byte for byte; `None` when there is none of them. A query that is left empty goes
/// with its `?`.
pub fn without_params(target: &[u8], names: &[String]) -> Option<Vec<u8>> {
    let dropped = |pair: &[u8]| names.iter().any(|n| pair_name(pair) == n.as_bytes());
    if !pairs(target).any(dropped) {
        return None;
    }
    let mut rest = path(target).to_vec();
    for (i, pair) in pairs(target).filter(|pair| !dropped(pair)).enumerate() {
        rest.push(if i == 0 { b'?' } else { b'&' });
        rest.extend_from_slice(pair);
    }
    Some(rest)
}

fn pairs(target: &[u8]) -> impl Iterator<Item = &[u8]> {
    query(target).into_iter().flat_map(|query| query.split(|b| *b == b'&'))
}

/// The decoded name of a `name=value`.
pub(crate) fn pair_name(pair: &[u8]) -> Cow<'_, [u8]> {
    percent_decode(pair.splitn(2, |b| *b == b'=').next().unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(target: &str, name: &str) -> Vec<String> {
        query_values(target.as_bytes(), name)
            .map(|v| String::from_utf8_lossy(&v).into_owned())
            .collect()
    }

    fn stripped(target: &str) -> Option<String> {
        without_params(target.as_bytes(), &["token".to_owned()])
            .map(|t| String::from_utf8(t).unwrap())
    }

    #[test]
    fn a_target_splits_at_the_first_question_mark() {
        assert_eq!(path(b"/a?b?c"), b"/a");
        assert_eq!(query(b"/a?b?c"), Some(&b"b?c"[..]));
        assert_eq!(path(b"/a"), b"/a");
        assert_eq!(query(b"/a"), None);
        assert_eq!(path(b""), b"");
    }

    #[test]
    fn values_are_found_by_decoded_name_and_decoded() {
        assert_eq!(values("/?token=a.b&x=1&token=c", "token"), ["a.b", "c"]);
        assert_eq!(values("/?%74oken=a%2Eb", "token"), ["a.b"]);
        assert_eq!(values("/?token&token=", "token"), ["", ""]);
        assert_eq!(values("/?Token=a&xtoken=b&tokens=c", "token"), Vec::<String>::new());
        assert_eq!(values("/?token=a=b", "token"), ["a=b"]);
    }

    #[test]
    fn removal_leaves_the_rest_as_it_was() {
        assert_eq!(stripped("/a?x=%2f&token=t&y=1&y=2"), Some("/a?x=%2f&y=1&y=2".into()));
        assert_eq!(stripped("/a?token=t"), Some("/a".into()));
        assert_eq!(stripped("/a?%74oken=t&b"), Some("/a?b".into()));
        assert_eq!(stripped("/a?&token=t&"), Some("/a?&".into()));
        assert_eq!(stripped("/a?b=1"), None);
        assert_eq!(stripped("/token=a"), None);
        assert_eq!(stripped("/a#f?token=t&x=1#g"), Some("/a#f?x=1#g".into()));
    }
}
