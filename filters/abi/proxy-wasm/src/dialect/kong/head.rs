//! The head of a request as filters see it, and the limit of header maps.

use crate::dialect::Line;

/// The maximum number of lines in a header map, with pseudo-headers. The host cuts longer maps, and
/// computes the size of its buffer from other lines than it writes.
const MAX_LINES: usize = 100;

/// The pseudo-headers of a request: `:path`, `:method`, `:scheme` and `:authority`.
pub(super) const REQUEST: usize = 4;
/// The pseudo-header of a response: `:status`.
pub(super) const RESPONSE: usize = 1;
/// The pseudo-headers of a callout's response: `:status` and `:dispatch_status`.
pub(super) const CALLOUT: usize = 2;

/// Whether a map with `lines` header lines and `pseudo` pseudo-headers can be read.
pub(super) fn fits(lines: usize, pseudo: usize) -> bool {
    lines.saturating_add(pseudo) <= MAX_LINES
}

/// The lines of a request whose client sent `target`. The host decodes its own `:path`: `/a%2Fb` is
/// `/a/b`. Its `:authority` is the proxy's name. An empty line was removed, see `mutations`.
pub(super) fn lines<'m>(raw: &[Line<'m>], target: &'m [u8]) -> Vec<Line<'m>> {
    let host = raw.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"host"));
    let line = |(name, value): &Line<'m>| match *name {
        b":path" => Some((*name, target)),
        b":authority" => host.map(|(_, host)| (*name, *host)),
        _ if value.is_empty() => None,
        _ => Some((*name, *value)),
    };
    raw.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_target_and_the_authority_that_the_client_sent() {
        let raw: &[Line] = &[
            (b":path", b"/a/b"),
            (b":method", b"GET"),
            (b":authority", b"kong:8000"),
            (b"Host", b"api.example"),
            (b"X-A", b"1"),
        ];
        let seen: &[Line] = &[
            (b":path", b"/a%2Fb?x"),
            (b":method", b"GET"),
            (b":authority", b"api.example"),
            (b"Host", b"api.example"),
            (b"X-A", b"1"),
        ];
        assert_eq!(lines(raw, b"/a%2Fb?x"), seen);
    }

    #[test]
    fn hides_empty_lines() {
        let raw: &[Line] = &[(b"x-a", b""), (b"x-b", b"1"), (b"X-B", b"")];
        assert_eq!(lines(raw, b"/"), [(&b"x-b"[..], &b"1"[..])]);
    }

    #[test]
    fn pseudo_headers_count_towards_the_limit() {
        assert!(fits(96, REQUEST) && !fits(97, REQUEST));
        assert!(fits(99, RESPONSE) && !fits(100, RESPONSE));
        assert!(!fits(usize::MAX, CALLOUT));
    }
}
