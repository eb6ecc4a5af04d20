//! The head of a request as policies are to see it.

/// Lines of a header map that the host hands over, pseudo-headers among them. It cuts what is
/// longer, and takes the measure for its buffer from other lines than it writes.
const MOST_LINES: usize = 100;

/// The host's pseudo-headers of a request: `:path`, `:method`, `:scheme` and `:authority`.
pub(crate) const OF_REQUEST: usize = 4;
/// Of a response: `:status`.
pub(crate) const OF_RESPONSE: usize = 1;
/// Of the reply to a call: `:status` and `:dispatch_status`.
pub(crate) const OF_REPLY: usize = 2;

/// Whether a map of so many header lines can be read at all.
pub(crate) fn fits(lines: usize, pseudo: usize) -> bool {
    lines.saturating_add(pseudo) <= MOST_LINES
}

type Line<'m> = (&'m [u8], &'m [u8]);

/// The lines of a request whose target is `target` on the wire. The host's own `:path` is decoded,
/// `/a%2Fb` being `/a/b`, and its `:authority` is the proxy's name. A line without a value is one
/// that was taken away, see `mutations`.
pub(crate) fn lines<'m>(raw: &[Line<'m>], target: &'m [u8]) -> Vec<Line<'m>> {
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
    fn the_target_is_the_one_on_the_wire_and_the_authority_the_clients() {
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
    fn an_empty_line_reads_as_absent() {
        let raw: &[Line] = &[(b"x-a", b""), (b"x-b", b"1"), (b"X-B", b"")];
        assert_eq!(lines(raw, b"/"), [(&b"x-b"[..], &b"1"[..])]);
    }

    #[test]
    fn a_hundred_lines_fit_pseudo_headers_among_them() {
        assert!(fits(96, OF_REQUEST) && !fits(97, OF_REQUEST));
        assert!(fits(99, OF_RESPONSE) && !fits(100, OF_RESPONSE));
        assert!(!fits(usize::MAX, OF_REPLY));
    }
}
