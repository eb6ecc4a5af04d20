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

/// The values of every query parameter called `name`, decoded, in order. The name in the query is
/// decoded too: upstreams do so. A `+` is a space (URL standard, "application/x-www-form-urlencoded
/// parsing"), in names a `+` as well, since upstreams differ.
pub fn query_values<'t>(target: &'t [u8], name: &'t str) -> impl Iterator<Item = Cow<'t, [u8]>> {
    pairs(target).filter(move |pair| is_called(pair, |called| called == name.as_bytes())).map(
        |pair| {
            let value = pair.splitn(2, |b| *b == b'=').nth(1).unwrap_or_default();
            form_decode(value)
        },
    )
}

/// The target without the query parameters whose decoded name is in `names`, everything else
/// untouched, byte for byte; `None` when there is none of them. A query that is left empty goes
/// with its `?`.
pub fn without_params(target: &[u8], names: &[String]) -> Option<Vec<u8>> {
    let dropped =
        |pair: &[u8]| is_called(pair, |called| names.iter().any(|n| called == n.as_bytes()));
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

/// Whether `is_it` holds for the decoded name of a `name=value`, in which a `+` may be a space or
/// itself.
pub(crate) fn is_called(pair: &[u8], is_it: impl Fn(&[u8]) -> bool) -> bool {
    let name = pair.split(|b| *b == b'=').next().unwrap_or_default();
    if !name.iter().any(|b| matches!(b, b'%' | b'+')) {
        return is_it(name);
    }
    is_it(&Cow::from(percent_decode(name))) || (name.contains(&b'+') && is_it(&form_decode(name)))
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
        assert_eq!(values("/?q=a+b%2Bc&q=+", "q"), ["a b+c", " "]);
        assert_eq!(values("/?my+q=1&my%20q=2&my%2Bq=3", "my q"), ["1", "2"]);
        assert_eq!(values("/?my+q=1&my%20q=2&my%2Bq=3", "my+q"), ["1", "3"]);
    }

    #[test]
    fn removal_leaves_the_rest_as_it_was() {
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
