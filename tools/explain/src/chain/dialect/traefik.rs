//! Traefik's own changes to a request before plugins see it.

use crate::Line;

/// The lines as Traefik shows them to plugins and sends them upstream: without the headers that
/// `Connection` names, and with `&` for `;` in the query.
pub(super) fn visible(lines: Vec<Line>) -> Vec<Line> {
    let connection = lines.iter().filter(|(name, _)| name == b"connection");
    let named: Vec<Vec<u8>> = connection
        .flat_map(|(_, value)| value.split(|b| *b == b','))
        .map(|name| name.trim_ascii().to_ascii_lowercase())
        .collect();
    let is_upgrade = named.iter().any(|name| name == b"upgrade");
    let is_kept = |(name, _): &Line| match name.as_slice() {
        b"connection" | b"upgrade" => is_upgrade,
        name => !named.iter().any(|other| other == name),
    };
    let mut lines: Vec<Line> = lines.into_iter().filter(is_kept).collect();
    let connection = lines.iter_mut().filter(|(name, _)| name == b"connection");
    connection.for_each(|(_, value)| *value = b"Upgrade".to_vec());
    let targets = lines.iter_mut().filter(|(name, _)| name == b":path");
    for (_, target) in targets {
        let query = target.iter().position(|b| *b == b'?').unwrap_or(target.len());
        let separators = target.iter_mut().skip(query).filter(|b| **b == b';');
        separators.for_each(|b| *b = b'&');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, value: &str) -> Line {
        (name.into(), value.into())
    }

    #[test]
    fn headers_that_connection_names_are_removed() {
        let lines = vec![line("connection", "close, X-A"), line("x-a", "1"), line("x-b", "2")];
        assert_eq!(visible(lines), [line("x-b", "2")]);
        let upgrade =
            |connection| vec![line("connection", connection), line("upgrade", "websocket")];
        assert_eq!(visible(upgrade("X-A, upgrade")), upgrade("Upgrade"));
    }

    #[test]
    fn semicolons_separate_parameters() {
        assert_eq!(visible(vec![line(":path", "/a;b?c;d")]), [line(":path", "/a;b?c&d")]);
    }
}
