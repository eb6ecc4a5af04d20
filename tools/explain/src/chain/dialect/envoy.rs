//! Envoy's own change to a request before filters see it.

use crate::Line;

/// Of these headers Envoy keeps one line, and joins further ones to it.
const ONE_LINE: [&[u8]; 2] = [b"authorization", b"origin"];

/// The lines as Envoy shows them to filters and sends them upstream.
pub(super) fn joined(lines: Vec<Line>) -> Vec<Line> {
    let mut joined: Vec<Line> = Vec::with_capacity(lines.len());
    for (name, value) in lines {
        let first = joined.iter_mut().find(|(other, _)| *other == name);
        match first {
            Some((_, all)) if ONE_LINE.contains(&name.as_slice()) => {
                all.push(b',');
                all.extend(value);
            }
            _ => joined.push((name, value)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, value: &str) -> Line {
        (name.into(), value.into())
    }

    #[test]
    fn only_some_headers_are_joined() {
        let lines = [("authorization", "a"), ("x-a", "1"), ("authorization", "b"), ("x-a", "2")];
        let expected = [("authorization", "a,b"), ("x-a", "1"), ("x-a", "2")];
        let lines = joined(lines.map(|(name, value)| line(name, value)).to_vec());
        assert_eq!(lines, expected.map(|(name, value)| line(name, value)));
    }
}
