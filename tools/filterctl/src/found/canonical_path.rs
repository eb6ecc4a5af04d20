//! How Envoy normalizes paths: `normalize_path`, `merge_slashes` and
//! `path_with_escaped_slashes_action`.
//!
//! `normalize_path` follows the URL parser of Chromium, which Envoy contains. Before, Envoy removes
//! the parameters of dot segments (measured with 1.40).

/// The path with normalized segments and escapes. `None` if Envoy rejects it.
pub(super) fn canonical(path: &[u8]) -> Option<Vec<u8>> {
    let path = without_dot_parameters(path);
    let mut output: Vec<u8> = Vec::with_capacity(path.len());
    if !path.first().is_some_and(|first| is_slash(*first)) {
        output.push(b'/');
    }
    let mut rest = &path[..];
    while let Some((first, after)) = rest.split_first() {
        if let Some(after_dot) = without_dot(rest) {
            rest = if output.last() == Some(&b'/') {
                after_dots(after_dot, &mut output)
            } else {
                output.push(b'.');
                after_dot
            };
            continue;
        }
        rest = after;
        match *first {
            b'\\' => output.push(b'/'),
            b'%' => match escaped(after) {
                Some((0, _)) => return None,
                Some((byte, after)) => {
                    if is_unreserved(byte) {
                        output.push(byte);
                    } else {
                        output.push(b'%');
                        output.extend(rest.iter().take(2));
                    }
                    rest = after;
                }
                None => output.push(b'%'),
            },
            0 => return None,
            byte if needs_escape(byte) => output.extend(format!("%{byte:02X}").bytes()),
            byte => output.push(byte),
        }
    }
    Some(output)
}

/// The path with `..` in place of `..;a=b`. Escaped dots keep their parameters.
fn without_dot_parameters(path: &[u8]) -> Vec<u8> {
    let segments = path.split(|byte| *byte == b'/').map(|segment| {
        let dots = [b"..".as_slice(), b"."].into_iter();
        let mut dots = dots.filter(|dots| {
            segment.strip_prefix(*dots).is_some_and(|rest| rest.first() == Some(&b';'))
        });
        dots.next().unwrap_or(segment)
    });
    segments.collect::<Vec<_>>().join(&b'/')
}

/// The rest behind `.` or `%2e`. `None` if the text starts with neither.
fn without_dot(text: &[u8]) -> Option<&[u8]> {
    let escapes = [b"%2e".as_slice(), b"%2E"].into_iter();
    std::iter::once(b".".as_slice()).chain(escapes).find_map(|dot| text.strip_prefix(dot))
}

/// Handles the first dot of a segment: skips a segment `.`, and removes a segment with `..`. Returns
/// the rest.
fn after_dots<'r>(rest: &'r [u8], output: &mut Vec<u8>) -> &'r [u8] {
    if let Some(next) = end_of_segment(rest) {
        return next;
    }
    match without_dot(rest).and_then(end_of_segment) {
        Some(next) => {
            // The root has no parent.
            output.pop();
            let parent = output.iter().rposition(|byte| *byte == b'/');
            output.truncate(parent.unwrap_or(0));
            output.push(b'/');
            next
        }
        None => {
            output.push(b'.');
            rest
        }
    }
}

/// The rest behind the slash, or behind the end, of a segment. `None` within a segment.
fn end_of_segment(rest: &[u8]) -> Option<&[u8]> {
    match rest.split_first() {
        None => Some(rest),
        Some((first, after)) => is_slash(*first).then_some(after),
    }
}

const fn is_slash(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// The byte of the two hexadecimal digits at the start, and the rest.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = text.split_at_checked(2)?;
    let digits =
        str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    Some((u8::from_str_radix(digits, 16).ok()?, rest))
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~')
}

const fn needs_escape(byte: u8) -> bool {
    byte <= b' '
        || byte >= 0x7f
        || matches!(byte, b'"' | b'#' | b'<' | b'>' | b'?' | b'^' | b'`' | b'{' | b'|' | b'}')
}

/// The path with one slash in place of several. A path of slashes keeps two.
pub(super) fn with_merged_slashes(path: &[u8]) -> Vec<u8> {
    if path.len() > 1 && path.iter().all(|byte| *byte == b'/') {
        return b"//".to_vec();
    }
    let mut output: Vec<u8> = Vec::with_capacity(path.len());
    for byte in path {
        if *byte != b'/' || output.last() != Some(&b'/') {
            output.push(*byte);
        }
    }
    output
}

/// The path with unescaped `%2F` and `%5C`. `None` if it has neither.
pub(super) fn with_unescaped_slashes(path: &[u8]) -> Option<Vec<u8>> {
    let mut output = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        match escaped(after).filter(|(byte, _)| *first == b'%' && is_slash(*byte)) {
            Some((byte, after)) => {
                output.push(byte);
                rest = after;
            }
            None => {
                output.push(*first);
                rest = after;
            }
        }
    }
    (output.len() < path.len()).then_some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tests/tests/envoy/explained_routes.rs` compares more paths with Envoy.
    #[test]
    fn paths_are_canonical() {
        for (path, expected) in [
            ("/a/./b/../c", Some("/a/c")),
            ("/a/%2e%2E/b", Some("/b")),
            ("/../../a", Some("/a")),
            ("/a/..", Some("/")),
            ("/a/...", Some("/a/...")),
            ("/a\\..\\b", Some("/b")),
            ("/%61%2fb%zz", Some("/a%2fb%zz")),
            ("/a//../b", Some("/a/b")),
            ("/a.b/.c", Some("/a.b/.c")),
            ("/{a}", Some("/%7Ba%7D")),
            ("/a/..;x=1/b", Some("/b")),
            ("/a/.;/b", Some("/a/b")),
            ("/a/%2e%2e;/b", Some("/a/..;/b")),
            ("/a%00", None),
        ] {
            let found = canonical(path.as_bytes()).map(|path| String::from_utf8(path).unwrap());
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn slashes_are_merged_and_unescaped() {
        assert_eq!(with_merged_slashes(b"//a///b/"), b"/a/b/");
        assert_eq!(with_merged_slashes(b"///"), b"//");
        assert_eq!(with_unescaped_slashes(b"/a%2Fb%5c%2e").as_deref(), Some(&b"/a/b\\%2e"[..]));
        assert_eq!(with_unescaped_slashes(b"/a%2e"), None);
    }
}
