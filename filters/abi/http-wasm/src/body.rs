//! Bodies that the host can write.

use novasphere_host_facts::traefik::MAX_BODY_BYTES;

/// Whether the host can write this body of a local response. It traps if the response must not have
/// one. If the client has closed the connection, it also traps unless its buffer can take the body.
pub(crate) fn is_writable(body: &[u8], status: u16, method: &[u8]) -> bool {
    (1..=MAX_BODY_BYTES).contains(&body.len()) && method != b"HEAD" && !matches!(status, 204 | 304)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_bodies_that_could_make_the_host_trap() {
        let longest = vec![b'x'; MAX_BODY_BYTES];
        let too_long = vec![b'x'; MAX_BODY_BYTES + 1];
        for (body, status, method, expected) in [
            (&b"{}"[..], 401, "GET", true),
            (&longest, 401, "POST", true),
            (&too_long, 401, "GET", false),
            (b"", 401, "GET", false),
            (b"{}", 401, "HEAD", false),
            (b"{}", 204, "OPTIONS", false),
            (b"{}", 304, "GET", false),
        ] {
            let size = body.len();
            let found = is_writable(body, status, method.as_bytes());
            assert_eq!(found, expected, "{method}, {status}, {size} bytes");
        }
    }
}
