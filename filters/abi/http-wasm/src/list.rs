//! Lists in the format of the host: a NUL follows each item.

/// The items of a list.
pub(crate) fn items(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split_inclusive(|byte| *byte == 0).map(|item| item.strip_suffix(b"\0").unwrap_or(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_items() {
        for (list, expected) in [
            (&b""[..], &[][..]),
            (b"a\0", &[&b"a"[..]]),
            (b"a\0b\0", &[b"a", b"b"]),
            (b"\0b\0\0", &[b"", b"b", b""]),
            (b"a\0b", &[b"a", b"b"]),
        ] {
            assert_eq!(items(list).collect::<Vec<_>>(), expected, "{list:?}");
        }
    }
}
