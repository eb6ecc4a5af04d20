//! Request targets that the host can parse.

/// Whether the host takes this as the target of a request: a path, which starts with `/` and has no
/// broken percent-encoding, and a query, neither with control characters.
pub(crate) fn is_acceptable(target: &[u8]) -> bool {
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let mut pieces = path.split(|byte| *byte == b'%');
    target.starts_with(b"/")
        && !target.iter().any(u8::is_ascii_control)
        && pieces.next().is_some()
        && pieces.all(|piece| piece.iter().take(2).filter(|b| b.is_ascii_hexdigit()).count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_cannot_parse_is_told() {
        for target in ["/", "//", "/a?b=%zz", "/%2F%ff?", "/a/../b", "/?a=\u{e9}"] {
            assert!(is_acceptable(target.as_bytes()), "{target}");
        }
        for target in ["", "*", "*?a=b", "a", "http://a/b", "/%", "/%2", "/%2g/", "/%/%41", "/\t"] {
            assert!(!is_acceptable(target.as_bytes()), "{target}");
        }
        assert!(!is_acceptable(b"/?\0"));
        assert!(!is_acceptable(b"/\x7f"));
    }
}
