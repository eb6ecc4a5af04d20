//! Request targets that the host can parse.

/// Whether the host can parse the target: a path that starts with `/` and has valid
/// percent-encoding, and any query, both without control characters.
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
    fn rejects_targets_that_the_host_cannot_parse() {
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
