//! The request target: path and query (RFC 9112 section 3.2, RFC 3986 section 3.4).

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::bytes::position;

/// The path without the query. A request target has no fragment (RFC 9112 section 3.2), so `#` is
/// an ordinary character.
pub fn path(target: &[u8]) -> &[u8] {
    let end = position(b'?', target).unwrap_or(target.len());
    target.get(..end).unwrap_or_default()
}

/// The query without its `?`. `None` if there is no `?`.
pub fn query(target: &[u8]) -> Option<&[u8]> {
    let start = position(b'?', target)?;
    target.get(start.checked_add(1)?..)
}

/// The decoded values of all query parameters with this name, in order.
///
/// Names are compared decoded, as upstreams do. A `+` is a space (URL standard,
/// "application/x-www-form-urlencoded parsing"). In a name it also matches a `+`, because upstreams
/// differ.
///
/// ```
/// use novasphere_core::target::query_values;
/// let values: Vec<_> = query_values(b"/a?%74oken=x%2Ey&token=a+b", "token").collect();
/// assert_eq!(values, [&b"x.y"[..], b"a b"]);
/// ```
pub fn query_values<'t>(target: &'t [u8], name: &'t str) -> impl Iterator<Item = Cow<'t, [u8]>> {
    let is_named = move |pair: &&[u8]| {
        may_start(pair, name) && has_name(pair, |decoded| decoded == name.as_bytes())
    };
    pairs(target).filter(is_named).map(|pair| {
        let value = pair.splitn(2, |b| *b == b'=').nth(1).unwrap_or_default();
        form_decode(value)
    })
}

/// The target without the query parameters whose decoded name is in `names`. The other bytes stay as
/// they are. An empty query is removed with its `?`. `None` if no parameter has such a name.
pub fn without_params(target: &[u8], names: &[String]) -> Option<Vec<u8>> {
    let is_removed = |pair: &[u8]| {
        names.iter().any(|name| may_start(pair, name))
            && has_name(pair, |decoded| names.iter().any(|n| decoded == n.as_bytes()))
    };
    if !pairs(target).any(is_removed) {
        return None;
    }
    let mut rest = path(target).to_vec();
    for (i, pair) in pairs(target).filter(|pair| !is_removed(pair)).enumerate() {
        rest.push(if i == 0 { b'?' } else { b'&' });
        rest.extend_from_slice(pair);
    }
    Some(rest)
}

/// The `name=value` pairs of a query. None without a `?`.
fn pairs(target: &[u8]) -> Pairs<'_> {
    Pairs(query(target))
}

/// The rest of a query.
struct Pairs<'t>(Option<&'t [u8]>);

impl<'t> Iterator for Pairs<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let rest = self.0?;
        let end = position(b'&', rest).unwrap_or(rest.len());
        self.0 = rest.get(end.saturating_add(1)..);
        rest.get(..end)
    }
}

/// Whether the decoded name of a pair may be `name`, by its first byte. Most are not.
#[inline]
fn may_start(pair: &[u8], name: &str) -> bool {
    let first = pair.first();
    first == name.as_bytes().first() || matches!(first, Some(b'%' | b'+' | b'=') | None)
}

/// Whether `is_match` holds for the decoded name of a `name=value` pair, with each `+` in the name
/// read as a space or as itself.
pub(crate) fn has_name(pair: &[u8], is_match: impl Fn(&[u8]) -> bool) -> bool {
    let name = pair.split(|b| *b == b'=').next().unwrap_or_default();
    if !name.iter().any(|b| matches!(b, b'%' | b'+')) {
        return is_match(name);
    }
    is_match(&Cow::from(percent_decode(name)))
        || (name.contains(&b'+') && is_match(&form_decode(name)))
}

fn form_decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent_decode(text).into();
    }
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    Cow::Owned(percent_decode(&spaced).collect())
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
    fn splits_at_the_first_question_mark() {
        assert_eq!(path(b"/a?b?c"), b"/a");
        assert_eq!(query(b"/a?b?c"), Some(&b"b?c"[..]));
        assert_eq!(path(b"/a"), b"/a");
        assert_eq!(query(b"/a"), None);
        assert!(pairs(b"/a?b=1&&c&").eq([&b"b=1"[..], b"", b"c", b""]));
        assert!(pairs(b"/a?").eq([b""]));
        assert_eq!(pairs(b"/a").count(), 0);
        assert_eq!(path(b""), b"");
    }

    #[test]
    fn finds_values_by_decoded_name_and_decodes_them() {
        assert_eq!(values("/?token=a.b&x=1&token=c", "token"), ["a.b", "c"]);
        assert_eq!(values("/?%74oken=a%2Eb", "token"), ["a.b"]);
        assert_eq!(values("/?token&token=", "token"), ["", ""]);
        assert_eq!(values("/?Token=a&xtoken=b&tokens=c", "token"), Vec::<String>::new());
        assert_eq!(values("/?token=a=b", "token"), ["a=b"]);
        assert_eq!(values("/?q=a+b%2Bc&q=+", "q"), ["a b+c", " "]);
        assert_eq!(values("/?my+q=1&my%20q=2&my%2Bq=3", "my q"), ["1", "2"]);
        assert_eq!(values("/?my+q=1&my%20q=2&my%2Bq=3", "my+q"), ["1", "3"]);
    }

    #[test]
    fn removal_keeps_the_other_bytes() {
        assert_eq!(stripped("/a?x=%2f&token=t&y=1&y=2"), Some("/a?x=%2f&y=1&y=2".into()));
        assert_eq!(stripped("/a?token=t"), Some("/a".into()));
        assert_eq!(stripped("/a?%74oken=t&b"), Some("/a?b".into()));
        assert_eq!(stripped("/a?&token=t&"), Some("/a?&".into()));
        assert_eq!(stripped("/a?b=1"), None);
        assert_eq!(stripped("/token=a"), None);
        let names = ["my token".to_owned()];
        let spaced = without_params(b"/a?my+token=t&x=1+2&my%20token", &names);
        assert_eq!(spaced.as_deref(), Some(&b"/a?x=1+2"[..]));
        assert_eq!(stripped("/a#f?token=t&x=1#g"), Some("/a#f?x=1#g".into()));
    }
}
