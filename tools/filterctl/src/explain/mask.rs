//! Values in the output: without credentials, and readable.

/// Headers whose values are credentials as a whole.
const SECRET: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "sec-websocket-protocol",
];

/// A value for the output. Credentials are replaced by their kind.
pub fn value(name: &str, value: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(value)
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    match text.split_once(' ').filter(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphabetic()))
    {
        Some((scheme, _)) if SECRET.contains(&name) => format!("{scheme} <hidden>"),
        None if SECRET.contains(&name) => "<hidden>".to_owned(),
        _ => without_tokens(&text),
    }
}

/// The text with `<token>` for each JSON Web Token.
pub fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut result = String::new();
    let mut word = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c.filter(|c| is_part(*c)) {
            Some(c) => word.push(c),
            None => {
                let is_token = word.starts_with("ey") && word.split('.').count() == 3;
                result.push_str(if is_token { "<token>" } else { &word });
                word.clear();
                result.extend(c);
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_hidden() {
        for (name, text, expected) in [
            ("authorization", "Bearer eyJ.eyJ.sig", "Bearer <hidden>"),
            ("authorization", "opaque", "<hidden>"),
            ("cookie", "session=1; a=b", "<hidden>"),
            (":path", "/a?token=eyJhbGciOiJub25lIn0.e30.c2ln&x=1", "/a?token=<token>&x=1"),
            ("x-user-id", "alice", "alice"),
            ("x-a", "", "(empty)"),
            ("x-a", "a\nb", "a?b"),
        ] {
            assert_eq!(value(name, text.as_bytes()), expected, "{name}");
        }
    }
}
