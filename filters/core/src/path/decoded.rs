//! The variants of a path on servers that decode it before they split it into segments, as WSGI
//! applications do. Their next steps differ, and each combination gives other segments: one server
//! merges slashes and keeps `\`, another does the opposite.

use super::variants::{MAX_DECODINGS, decode};

// Steps of a server after decoding, as bits.
const SPLITS_AT_BACKSLASH: u8 = 1;
const DROPS_PARAMETERS: u8 = 2;
const DROPS_EMPTY: u8 = 4;
const RESOLVES_DOTS: u8 = 8;
const CUTS_AT_QUERY: u8 = 16;
/// Drops segments of white space. Servers that do drop empty segments too.
const DROPS_BLANK: u8 = 32;

/// The variants, without a slash at the end. At most 48 for each decoding.
pub(super) fn decoded(path: &[u8]) -> Vec<String> {
    let mut variants = Vec::new();
    let mut bytes = decode(path);
    for _ in 0..MAX_DECODINGS {
        let text = String::from_utf8_lossy(&bytes);
        let relevant = relevant(&text);
        let exists = |behaviour: &u8| {
            let drops_blank_only = behaviour & (DROPS_BLANK | DROPS_EMPTY) == DROPS_BLANK;
            behaviour & !relevant == 0 && !drops_blank_only
        };
        for behaviour in (0..64).filter(exists) {
            let variant = read_by(behaviour, &text);
            if !variants.contains(&variant) {
                variants.push(variant);
            }
        }
        let next = decode(&bytes);
        if next.len() == bytes.len() {
            break;
        }
        bytes = next;
    }
    variants
}

/// The behaviours that change how this path is read. Few paths have many.
fn relevant(text: &str) -> u8 {
    let if_any = |is_any: bool, bit: u8| if is_any { bit } else { 0 };
    // The shortest name that a behaviour makes of each segment.
    let names = text
        .split(['/', '\\'])
        .map(|segment| segment.split([';', '?', '#', '\0']).next().unwrap_or_default());
    let has_dots = names.clone().any(|name| matches!(name.trim(), "." | ".."));
    let mut blank = names.filter(|name| !name.is_empty() && name.trim().is_empty());
    let has_blank = blank.next().is_some();
    if_any(text.contains('\\'), SPLITS_AT_BACKSLASH)
        | if_any(text.contains(';'), DROPS_PARAMETERS)
        // Empty segments may also result from the other behaviours.
        | if_any(text.contains("//") || text.contains(['\\', ';']) || has_blank, DROPS_EMPTY)
        | if_any(has_blank, DROPS_BLANK)
        | if_any(has_dots, RESOLVES_DOTS)
        | if_any(text.contains(['?', '#', '\0']), CUTS_AT_QUERY)
}

fn read_by(behaviour: u8, text: &str) -> String {
    let does = |bit: u8| behaviour & bit != 0;
    let end = text.find(['?', '#', '\0']).filter(|_| does(CUTS_AT_QUERY));
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    let is_slash = |c: char| c == '/' || does(SPLITS_AT_BACKSLASH) && c == '\\';
    let mut segments: Vec<&str> = Vec::new();
    for segment in text.strip_prefix('/').unwrap_or(text).split(is_slash) {
        let name = if does(DROPS_PARAMETERS) { parameterless(segment) } else { segment };
        match name.trim() {
            "" if does(DROPS_BLANK) || name.is_empty() && does(DROPS_EMPTY) => {}
            "." if does(RESOLVES_DOTS) => {}
            ".." if does(RESOLVES_DOTS) => {
                segments.pop();
            }
            _ => segments.push(name),
        }
    }
    let path = segments.join("/");
    format!("/{}", path.strip_suffix('/').unwrap_or(&path))
}

fn parameterless(segment: &str) -> &str {
    segment.split(';').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_behaviour_is_independent() {
        for (path, expected) in [
            ("/a%2fb/", &["/a/b"][..]),
            ("/a%252fb", &["/a%2fb", "/a/b"]),
            ("/a//b\\c", &["/a//b\\c", "/a//b/c", "/a/b\\c", "/a/b/c"]),
            ("/a/x/..%3fb", &["/a/x/..?b", "/a/x/..", "/a"]),
            ("/a/./b", &["/a/./b", "/a/b"]),
            ("/a%2f;x/b", &["/a/;x/b", "/a//b", "/a/b"]),
            ("/a//%20", &["/a// ", "/a/ ", "/a"]),
            (
                "/a/x\\y/..%3f",
                &["/a/x\\y/..?", "/a/x/y/..?", "/a/x\\y/..", "/a/x/y/..", "/a", "/a/x"],
            ),
        ] {
            assert_eq!(decoded(path.as_bytes()), expected, "{path}");
        }
    }

    #[test]
    fn number_of_variants_is_bounded() {
        let path = b"/a\\;x//../%20/%3f/%255c%253b/%252e%252e/%253f/%25255c%25253b/%25253f/b";
        let count = decoded(path).len();
        assert!((48..=144).contains(&count), "{count}");
        assert_eq!(decoded(b""), ["/"]);
        assert_eq!(decoded(b"/\xff%"), ["/\u{fffd}%"]);
    }
}
