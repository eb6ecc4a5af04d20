//! [`QueryParams`]: changes to the query of a request target.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode};

use super::target;

/// All except the unreserved characters, which mean the same encoded or not (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes `text` for the name or the value of a query parameter (RFC 3986 section 2.1).
pub fn encode_query_param(text: &[u8]) -> impl Iterator<Item = &str> {
    percent_encode(text, RESERVED)
}

/// Percent-encodes the bytes of `text` outside US-ASCII, and control characters (RFC 3986 section
/// 2.1). A `%` stays.
pub fn encode_non_ascii(text: &[u8]) -> impl Iterator<Item = &str> {
    percent_encode(text, CONTROLS)
}

/// The query parameters of a request target.
///
/// Names are compared decoded, as upstreams do, with `+` as a space and as itself. Unchanged
/// parameters keep their bytes and their position.
///
/// ```
/// use novasphere_core::QueryParams;
/// let mut params = QueryParams::new(b"/a?token=x&page=%31").unwrap();
/// params.remove(|name| name == b"token");
/// params.append("lang", b"en");
/// assert_eq!(params.into_target().as_deref(), Some(&b"/a?page=%31&lang=en"[..]));
/// ```
#[derive(Clone, Debug)]
pub struct QueryParams<'t> {
    path: &'t [u8],
    /// `name=value`, or without `=`, as in the query.
    pairs: Vec<Cow<'t, [u8]>>,
    changed: bool,
}

impl<'t> QueryParams<'t> {
    /// The parameters of `target`. `None` if it does not start with a path, such as `*` or the
    /// authority of a CONNECT request (RFC 9112 section 3.2).
    pub fn new(target: &'t [u8]) -> Option<Self> {
        target.starts_with(b"/").then(|| {
            let query = target::query(target).filter(|query| !query.is_empty());
            let pairs = query.into_iter().flat_map(|query| query.split(|b| *b == b'&'));
            let pairs = pairs.map(Cow::Borrowed).collect();
            Self { path: target::path(target), pairs, changed: false }
        })
    }

    /// Whether there is a parameter with this name.
    pub fn contains(&self, name: &str) -> bool {
        self.pairs.iter().any(|pair| has_name(pair, name))
    }

    /// Removes all parameters whose decoded name satisfies `is_removed`.
    pub fn remove(&mut self, is_removed: impl Fn(&[u8]) -> bool) {
        let before = self.pairs.len();
        self.pairs.retain(|pair| !target::has_name(pair, &is_removed));
        self.changed |= self.pairs.len() < before;
    }

    /// Renames all parameters from `old` to `new` and removes the earlier parameters named `new`.
    /// Does nothing if no parameter is named `old`.
    pub fn rename(&mut self, old: &str, new: &str) {
        if !self.contains(old) {
            return;
        }
        self.pairs.retain(|pair| !has_name(pair, new));
        for pair in self.pairs.iter_mut().filter(|pair| has_name(pair, old)) {
            let rest = pair.iter().position(|b| *b == b'=').and_then(|equals| pair.get(equals..));
            let renamed = [encoded(new).as_slice(), rest.unwrap_or_default()].concat();
            *pair = Cow::Owned(renamed);
        }
        self.changed = true;
    }

    /// Replaces the first parameter with this name and removes the others. `value` is
    /// percent-encoded. Does nothing if no parameter has this name.
    pub fn replace(&mut self, name: &str, value: &[u8]) {
        let mut new = Some(pair(name, value));
        let before = self.pairs.len();
        self.pairs.retain_mut(|pair| {
            if !has_name(pair, name) {
                return true;
            }
            let Some(new) = new.take() else { return false };
            self.changed |= **pair != *new;
            *pair = Cow::Owned(new);
            true
        });
        self.changed |= self.pairs.len() < before;
    }

    /// Adds a parameter at the end. `value` is percent-encoded.
    pub fn append(&mut self, name: &str, value: &[u8]) {
        self.pairs.push(Cow::Owned(pair(name, value)));
        self.changed = true;
    }

    /// The target with these parameters. An empty query is removed with its `?`. `None` if nothing
    /// changed.
    pub fn into_target(self) -> Option<Vec<u8>> {
        if !self.changed {
            return None;
        }
        let mut target = self.path.to_vec();
        for (i, pair) in self.pairs.iter().enumerate() {
            target.push(if i == 0 { b'?' } else { b'&' });
            target.extend_from_slice(pair);
        }
        Some(target)
    }
}

fn has_name(pair: &[u8], name: &str) -> bool {
    target::has_name(pair, |decoded| decoded == name.as_bytes())
}

fn encoded(text: &str) -> Vec<u8> {
    encode_query_param(text.as_bytes()).flat_map(str::bytes).collect()
}

fn pair(name: &str, value: &[u8]) -> Vec<u8> {
    let mut pair = encoded(name);
    pair.push(b'=');
    pair.extend_from_slice(value);
    pair
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(target: &str, change: impl Fn(&mut QueryParams<'_>)) -> Option<String> {
        let mut params = QueryParams::new(target.as_bytes())?;
        change(&mut params);
        params.into_target().map(|target| String::from_utf8(target).unwrap())
    }

    #[test]
    fn targets_without_a_path_have_no_parameters() {
        for target in ["*", "", "novasphere.io:443", "http://h/?a=1"] {
            assert!(QueryParams::new(target.as_bytes()).is_none(), "{target}");
        }
    }

    #[test]
    fn unchanged_parameters_keep_their_bytes() {
        let remove = |p: &mut QueryParams<'_>| p.remove(|name| name == b"t");
        assert_eq!(changed("/a?x=%2f&t=1&&Y+&t&%74=2&", remove), Some("/a?x=%2f&&Y+&".into()));
        assert_eq!(changed("/a?t=1", remove), Some("/a".into()));
        assert_eq!(changed("/a?T=1&tt=2&xt", remove), None);
        assert_eq!(changed("/a?", remove), None);
        assert_eq!(changed("/t=1", remove), None);
    }

    #[test]
    fn renaming_keeps_positions_and_values() {
        let rename = |p: &mut QueryParams<'_>| p.rename("o", "n e");
        assert_eq!(
            changed("/?o=%2F&n%20e=9&b&%6f&o=2=3", rename),
            Some("/?n%20e=%2F&b&n%20e&n%20e=2=3".into())
        );
        assert_eq!(changed("/?n%20e=9", rename), None);
        let swap = |p: &mut QueryParams<'_>| {
            p.rename("a", "b");
            p.rename("b", "a");
        };
        assert_eq!(changed("/?a=1&b=2", swap), Some("/?a=1".into()));
    }

    #[test]
    fn replacing_keeps_one_parameter_at_the_first_position() {
        let replace = |p: &mut QueryParams<'_>| p.replace("o", b"v");
        assert_eq!(changed("/?a&o=1&b&%6F=2&o", replace), Some("/?a&o=v&b".into()));
        assert_eq!(changed("/?a", replace), None);
        assert_eq!(changed("/?o=v", replace), None);
        assert_eq!(changed("/?%6f=v", replace), Some("/?o=v".into()));
    }

    #[test]
    fn plus_in_a_name_matches_space_and_plus() {
        let target = "/?my+n=1+2&my%20n&x=+&my%2Bn";
        assert_eq!(
            changed(target, |p| p.remove(|name| name == b"my n")),
            Some("/?x=+&my%2Bn".into())
        );
        assert_eq!(
            changed(target, |p| p.remove(|name| name == b"my+n")),
            Some("/?my%20n&x=+".into())
        );
        assert_eq!(changed(target, |p| p.rename("my n", "n")), Some("/?n=1+2&n&x=+&my%2Bn".into()));
        assert_eq!(
            changed(target, |p| p.replace("my n", b"v")),
            Some("/?my%20n=v&x=+&my%2Bn".into())
        );
    }

    #[test]
    fn appends_at_the_end() {
        let append = |p: &mut QueryParams<'_>| p.append("n&=", b"%26");
        assert_eq!(changed("/a", append), Some("/a?n%26%3D=%26".into()));
        assert_eq!(changed("/a?", append), Some("/a?n%26%3D=%26".into()));
        assert_eq!(changed("/a?x#y", append), Some("/a?x#y&n%26%3D=%26".into()));
    }

    #[test]
    fn encodes_all_but_unreserved_characters() {
        let encode = |text: &[u8]| encode_query_param(text).collect::<String>();
        assert_eq!(encode(b"aZ09-._~"), "aZ09-._~");
        assert_eq!(encode(b" +&=#%/?;:@\r\n\xff"), "%20%2B%26%3D%23%25%2F%3F%3B%3A%40%0D%0A%FF");
    }
}
