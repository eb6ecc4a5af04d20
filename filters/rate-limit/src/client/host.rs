//! The host of a request as an identity.

use novasphere_core::RequestHead;

/// The pseudo-headers that the host is read from.
pub(super) const HEADERS: [&str; 2] = [":authority", ":scheme"];

/// The request's host and port in a normal form: in lower case, without a
/// trailing dot, and without the default port of the scheme (RFC 9110 section 4.2.3). Without a known
/// scheme, both default ports are left out. Empty if the request has no host.
pub(super) fn host(head: &RequestHead<'_>) -> Vec<u8> {
    let (host, port) = split(head.authority());
    let mut host = host.to_ascii_lowercase();
    while host.last() == Some(&b'.') {
        host.pop();
    }
    let zeros = port.iter().take_while(|digit| **digit == b'0').count();
    let port = port.get(zeros..).unwrap_or_default();
    let defaults: &[&[u8]] = match head.headers.get(":scheme") {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"http") => &[b"80"],
        Some(scheme) if scheme.eq_ignore_ascii_case(b"https") => &[b"443"],
        _ => &[b"80", b"443"],
    };
    if !host.is_empty() && !port.is_empty() && !defaults.contains(&port) {
        host.push(b':');
        host.extend_from_slice(port);
    }
    host
}

/// Splits an authority into host and port. The port is empty if there is none.
fn split(authority: &[u8]) -> (&[u8], &[u8]) {
    let colon = authority.iter().rposition(|b| *b == b':');
    let parts = colon.and_then(|colon| {
        let (host, port) = authority.split_at_checked(colon)?;
        Some((host, port.get(1..)?))
    });
    match parts {
        // The colons of an IPv6 address are inside brackets (RFC 3986 section 3.2.2).
        Some((host, port))
            if port.iter().all(u8::is_ascii_digit)
                && (!host.contains(&b':') || host.ends_with(b"]")) =>
        {
            (host, port)
        }
        _ => (authority, b""),
    }
}

#[cfg(test)]
mod tests {
    use novasphere_core::Headers;

    use super::*;

    fn of(authority: &str, scheme: Option<&str>) -> String {
        let mut lines = vec![(&b":authority"[..], authority.as_bytes())];
        lines.extend(scheme.map(|scheme| (&b":scheme"[..], scheme.as_bytes())));
        let head = RequestHead { headers: Headers::borrowed(lines) };
        String::from_utf8(host(&head)).unwrap()
    }

    #[test]
    fn forms_of_one_host_are_equal() {
        for form in
            ["api.example", "API.example", "api.example.", "api.example:", "Api.Example.:80"]
        {
            assert_eq!(of(form, Some("http")), "api.example", "{form}");
        }
        assert_eq!(of("api.example:0443", Some("https")), "api.example");
        assert_eq!(of("[2001:DB8::1]:80", Some("http")), "[2001:db8::1]");
        assert_eq!(of("[2001:db8::1]", Some("http")), "[2001:db8::1]");
    }

    #[test]
    fn only_the_default_port_of_the_scheme_is_left_out() {
        assert_eq!(of("a:443", Some("http")), "a:443");
        assert_eq!(of("a:80", Some("https")), "a:80");
        assert_eq!(of("a:08080", Some("HTTP")), "a:8080");
        assert_eq!([of("a:80", None), of("a:443", None), of("a:81", None)], ["a", "a", "a:81"]);
        assert_eq!(of("[::1]:8080", Some("http")), "[::1]:8080");
    }

    #[test]
    fn odd_authorities_are_kept() {
        for odd in ["a:b", "::1", "1::80", "a:80x", "@"] {
            assert_eq!(of(odd, None), odd);
        }
        for empty in ["", ".", ":80"] {
            assert_eq!(of(empty, None), "", "{empty}");
        }
        assert_eq!(host(&RequestHead::default()), b"");
    }
}
