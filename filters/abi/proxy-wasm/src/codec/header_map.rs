//! Serialised header maps: the number of lines, the sizes of each name and value, then each name and
//! value followed by a NUL. Numbers have 32 bits and are little-endian.

/// The lines of a map. Incomplete lines of a truncated map are omitted.
pub fn lines(map: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let (count, sizes) = map.split_first_chunk().unwrap_or((&[0; 4], &[]));
    let (sizes, mut texts) =
        sizes.split_at_checked(number(*count).saturating_mul(8)).unwrap_or_default();
    let sizes = sizes.as_chunks().0.as_chunks().0.iter();
    sizes.map_while(move |[name, value]| {
        let (name, rest) = texts.split_at_checked(number(*name))?;
        let (value, rest) = rest.get(1..)?.split_at_checked(number(*value))?;
        texts = rest.get(1..)?;
        Some((name, value))
    })
}

/// Serialises lines.
pub fn serialise(lines: &[(&[u8], &[u8])]) -> Vec<u8> {
    let texts: usize = lines.iter().map(|(n, v)| n.len() + v.len() + 2).sum();
    let mut map = Vec::with_capacity(4 + lines.len() * 8 + texts);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    map.extend(number(lines.len()));
    for (name, value) in lines {
        map.extend(number(name.len()));
        map.extend(number(value.len()));
    }
    for (name, value) in lines {
        for text in [name, value] {
            map.extend_from_slice(text);
            map.push(0);
        }
    }
    map
}

fn number(bytes: [u8; 4]) -> usize {
    u32::from_le_bytes(bytes) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    type Lines<'a> = Vec<(&'a [u8], &'a [u8])>;

    #[test]
    fn serialised_lines_can_be_read() {
        let pairs: Lines =
            vec![(b":path", b"/a"), (b"x-empty", b""), (b"x-a", b"\xff\0b"), (b"x-a", b"2")];
        assert_eq!(lines(&serialise(&pairs)).collect::<Lines>(), pairs);
        assert_eq!(serialise(&[(b"a", b"b")]), b"\x01\0\0\0\x01\0\0\0\x01\0\0\0a\0b\0");
        assert_eq!(lines(&serialise(&[])).count(), 0);
    }

    #[test]
    fn truncated_map_has_only_complete_lines() {
        let map = serialise(&[(b"name", b"value"), (b"other", b"more")]);
        for end in 0..map.len() {
            assert!(lines(&map[..end]).count() <= 2);
        }
        assert_eq!(lines(b"").count(), 0);
        assert_eq!(lines(&[0xff; 64]).count(), 0);
    }
}
