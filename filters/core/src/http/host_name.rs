//! The host of a request in one form.

/// The host in an authority: in lower case, without a trailing dot and without the port. Clients
/// choose between these forms, because proxies find the route of each (RFC 9110 section 4.2.3), and
/// many do so for any port. Empty if there is no host.
///
/// ```
/// use novasphere_core::host_name;
/// assert_eq!(host_name(b"API.example.:8443"), b"api.example");
/// assert_eq!(host_name(b"[2001:DB8::1]:80"), b"[2001:db8::1]");
/// ```
pub fn host_name(authority: &[u8]) -> Vec<u8> {
    let mut host = without_port(authority).to_ascii_lowercase();
    while host.last() == Some(&b'.') {
        host.pop();
    }
    host
}

fn without_port(authority: &[u8]) -> &[u8] {
    let colon = authority.iter().rposition(|b| *b == b':');
    let parts = colon.and_then(|colon| authority.split_at_checked(colon));
    match parts {
        // The colons of an IPv6 address are inside brackets (RFC 3986 section 3.2.2).
        Some((host, port))
            if port.iter().skip(1).all(u8::is_ascii_digit)
                && (!host.contains(&b':') || host.ends_with(b"]")) =>
        {
            host
        }
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(authority: &str) -> String {
        String::from_utf8(host_name(authority.as_bytes())).unwrap()
    }

    #[test]
    fn forms_of_one_host_are_equal() {
        for form in [
            "api.example",
            "API.example",
            "api.example.",
            "api.example:",
            "Api.Example.:80",
            "api.example:8443",
            "api.example:0443",
        ] {
            assert_eq!(of(form), "api.example", "{form}");
        }
        assert_eq!(of("[2001:DB8::1]:80"), "[2001:db8::1]");
        assert_eq!(of("[2001:db8::1]"), "[2001:db8::1]");
    }

    #[test]
    fn odd_authorities_are_kept() {
        for odd in ["a:b", "::1", "1::80", "a:80x", "@"] {
            assert_eq!(of(odd), odd);
        }
        for empty in ["", ".", ":80"] {
            assert_eq!(of(empty), "", "{empty}");
        }
    }
}
