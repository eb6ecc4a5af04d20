//! The path of a request as Kong and Traefik normalize it before they match it with their routes.

use std::borrow::Cow;

/// The characters that RFC 3986 reserves, and `%`. Their escapes are never decoded.
const RESERVED: &[u8] = b"!*'();:@&=+$,/?%#[]";

/// The path that Kong's router compares. Filters and upstream get the original: see
/// `kong/tools/uri.lua`.
pub(super) fn on_kong(path: &str) -> Cow<'_, str> {
    if !path.contains(['%', '.']) && !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let path = decoded(path.as_bytes(), |byte| !RESERVED.contains(&byte));
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut all = path.split(|byte| *byte == b'/').skip(1).peekable();
    while let Some(segment) = all.next() {
        let is_last = all.peek().is_none();
        match segment {
            b".." => {
                segments.pop();
            }
            b"." => {}
            b"" if !is_last => continue,
            _ => {
                segments.push(segment);
                continue;
            }
        }
        if is_last {
            segments.push(b"");
        }
    }
    let path = segments.iter().flat_map(|segment| [b"/", *segment]).collect::<Vec<_>>().concat();
    Cow::Owned(String::from_utf8_lossy(&path).into_owned())
}

/// The path that Traefik passes on to filters and the upstream: `normalizePath`, then `sanitizePath`
/// unless it is off. `None` if Traefik rejects it.
pub(super) fn passed_on_by_traefik(path: &str, sanitizes: bool) -> Option<String> {
    let is_valid = |(n, _): (usize, &str)| {
        let digits = path.as_bytes().get(n.saturating_add(1)..n.saturating_add(3));
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if path.contains('#') || !path.match_indices('%').all(is_valid) {
        return None;
    }
    let mut path = decoded(path.as_bytes(), is_unreserved);
    // If a path has a character that Go would not send as it is, Go escapes the whole path again.
    let is_sent = |byte: &u8| is_unreserved(*byte) || RESERVED.contains(byte);
    if !path.iter().all(|byte| *byte != b'?' && is_sent(byte)) {
        path = escaped(&decoded(&path, |_| true));
    }
    let path = String::from_utf8_lossy(&path).into_owned();
    Some(if sanitizes { sanitized(&path) } else { path })
}

/// The path that Traefik compares with the rules of routers.
pub(super) fn on_traefik(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let path = decoded(path.as_bytes(), |byte| !RESERVED.contains(&byte));
    Cow::Owned(String::from_utf8_lossy(&path).into_owned())
}

/// Decodes the escapes for which `is_decoded` holds, and writes all others with capital letters.
fn decoded(path: &[u8], is_decoded: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut output = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        let digits =
            after.get(..2).filter(|d| *first == b'%' && d.iter().all(u8::is_ascii_hexdigit));
        let byte =
            digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        match byte {
            Some(byte) if is_decoded(byte) => output.push(byte),
            Some(byte) => output.extend(format!("%{byte:02X}").bytes()),
            None => {
                output.push(*first);
                rest = after;
                continue;
            }
        }
        rest = after.get(2..).unwrap_or_default();
    }
    output
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A path as Go escapes it.
fn escaped(path: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(path.len());
    for byte in path {
        if is_unreserved(*byte) || b"$&+,/:;=@".contains(byte) {
            output.push(*byte);
        } else {
            output.extend(format!("%{byte:02X}").bytes());
        }
    }
    output
}

/// The path without dot segments and empty segments. A trailing slash stays.
fn sanitized(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kong_compares_normalized_paths() {
        for (path, expected) in [
            ("/api", "/api"),
            ("/api/../public/x", "/public/x"),
            ("/public/%2e%2E/api", "/api"),
            ("/%61pi/%7e%20", "/api/~ "),
            ("//api///x//", "/api/x/"),
            ("/a%2fb%3Bc", "/a%2Fb%3Bc"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/a/./b", "/a/b"),
            ("/../a", "/a"),
            ("/a//../b", "/b"),
            ("/a%", "/a%"),
            ("/.", "/"),
        ] {
            assert_eq!(on_kong(path), expected, "{path}");
        }
    }

    #[test]
    fn traefik_changes_paths() {
        for (path, sanitized, otherwise) in [
            ("/api", "/api", "/api"),
            ("/api/../public/x", "/public/x", "/api/../public/x"),
            ("/public/%2e%2E/api", "/api", "/public/../api"),
            ("/%61pi/%7e%2f%20", "/api/~%2F%20", "/api/~%2F%20"),
            ("//api///x//", "/api/x/", "//api///x//"),
            ("/a/b/..", "/a", "/a/b/.."),
            ("/a/.", "/a", "/a/."),
            ("/..", "/", "/.."),
            ("/", "/", "/"),
            ("/a%2f{b}!", "/a/%7Bb%7D%21", "/a/%7Bb%7D%21"),
            ("/a[b]!%2f", "/a[b]!%2F", "/a[b]!%2F"),
        ] {
            let found = [true, false].map(|sanitizes| passed_on_by_traefik(path, sanitizes));
            assert_eq!(found, [sanitized, otherwise].map(|path| Some(path.to_owned())), "{path}");
        }
        for path in ["/a%zz", "/a%", "/a%2", "/a#b"] {
            assert_eq!(passed_on_by_traefik(path, true), None, "{path}");
        }
        assert_eq!(on_traefik("/a%20b%2Fc"), "/a b%2Fc");
    }
}
