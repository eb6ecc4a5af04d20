//! Request targets as nginx parses them.

/// nginx's `$request_uri`: the target without the scheme and the authority of the absolute form.
/// `http://host?x` has no path, so it starts with the `?`.
pub(crate) fn request_uri(target: &[u8]) -> &[u8] {
    let Some(at) = target.windows(3).position(|bytes| bytes == b"://") else { return target };
    let rest = target.get(at + 3..).unwrap_or_default();
    match rest.iter().position(|b| matches!(b, b'/' | b'?')) {
        _ if target.starts_with(b"/") => target,
        Some(end) => rest.get(end..).unwrap_or_default(),
        None => b"/",
    }
}

/// The path that Kong routes and sends upstream. Kong looks for the `?` from the second byte on, and
/// replaces the first byte by the `/` of its own path.
pub(crate) fn routed(request_uri: &[u8]) -> &[u8] {
    match request_uri.strip_prefix(b"?") {
        Some(rest) => split(rest).0,
        None => split(request_uri).0,
    }
}

/// Splits a target into path and query, which keeps its `?`. nginx cuts the target at a `#`.
pub(crate) fn split(target: &[u8]) -> (&[u8], Vec<u8>) {
    let target = target.split(|b| *b == b'#').next().unwrap_or_default();
    let at = target.iter().position(|b| *b == b'?').unwrap_or(target.len());
    let (path, query) = target.split_at_checked(at).unwrap_or((target, &[]));
    (path, query.to_vec())
}

/// Normalises a path like nginx: decoded, with `.`, `..` and empty segments resolved.
pub(crate) fn normalised(path: &[u8]) -> Vec<u8> {
    let decoded = percent_decoded(path);
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut last_is_open = false;
    for segment in decoded.split(|b| *b == b'/') {
        last_is_open = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let mut path = Vec::new();
    for segment in &segments {
        path.push(b'/');
        path.extend_from_slice(segment);
    }
    if last_is_open || segments.is_empty() {
        path.push(b'/');
    }
    path
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut decoded = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) if digit(high).is_some() && digit(low).is_some() => {
                decoded.push(digit(high).unwrap_or(0) * 16 + digit(low).unwrap_or(0));
                rest = after;
            }
            _ => decoded.push(*first),
        }
    }
    decoded
}
