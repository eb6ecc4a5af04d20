//! Lists of strings with parameters, the part of structured fields (RFC 9651) that `RateLimit` needs.

/// A string with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item<'v> {
    /// The string.
    pub(super) name: String,
    /// The parameter `r`.
    pub(super) remaining: Option<u32>,
    /// The parameter `t`.
    pub(super) reset: Option<u32>,
    /// The parameter `q`.
    pub(super) quota: Option<u32>,
    /// The unparsed item with its parameters.
    pub(super) text: &'v str,
}

/// The items of a list of strings. `None` if the value is not such a list.
pub(super) fn items(value: &[u8]) -> Option<Vec<Item<'_>>> {
    let mut rest = str::from_utf8(value).ok()?.trim_matches(' ');
    let mut items = Vec::new();
    loop {
        let (name, after) = string(rest)?;
        let ([remaining, reset, quota], after) = parameters(after)?;
        let text = rest.get(..rest.len().checked_sub(after.len())?)?;
        items.push(Item { name, remaining, reset, quota, text });
        rest = after.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            return Some(items);
        }
        rest = rest.strip_prefix(',')?.trim_start_matches([' ', '\t']);
    }
}

/// Parses a string (section 4.2.5). Returns it with the rest of the text.
fn string(text: &str) -> Option<(String, &str)> {
    let mut string = String::new();
    let mut chars = text.strip_prefix('"')?.chars();
    loop {
        match chars.next()? {
            '"' => return Some((string, chars.as_str())),
            '\\' => string.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            c @ ' '..='~' => string.push(c),
            _ => return None,
        }
    }
}

/// Parses the parameters (section 4.2.3.2). Returns the values of `r`, `t` and `q`, if present, with
/// the rest of the text.
fn parameters(mut text: &str) -> Option<([Option<u32>; 3], &str)> {
    let mut values = [None; 3];
    while let Some(after) = text.strip_prefix(';') {
        let after = after.trim_start_matches(' ');
        let end = after.find(|c: char| !is_key(c)).unwrap_or(after.len());
        let (key, after) = after.split_at_checked(end)?;
        if !key.starts_with(|c: char| c.is_ascii_lowercase() || c == '*') {
            return None;
        }
        let Some(after) = after.strip_prefix('=') else {
            text = after;
            continue;
        };
        if after.starts_with('"') {
            text = string(after)?.1;
            continue;
        }
        let end = after.find([';', ',', ' ', '\t']).unwrap_or(after.len());
        let (value, after) = after.split_at_checked(end)?;
        if value.is_empty() {
            return None;
        }
        let index = ["r", "t", "q"].iter().position(|known| *known == key);
        if let Some(known) = index.and_then(|index| values.get_mut(index)) {
            *known = value.parse().ok();
        }
        if key == "r" && value.parse::<u32>().is_err() {
            return None;
        }
        text = after;
    }
    Some((values, text))
}

fn is_key(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.' | '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Option<Vec<(String, Option<u32>, &str)>> {
        let items = items(value.as_bytes())?;
        Some(items.into_iter().map(|item| (item.name, item.remaining, item.text)).collect())
    }

    #[test]
    fn finds_reset_and_quota() {
        let found = items(br#""a";q=9;w=60, "b";t=3;r=1"#).unwrap();
        let found: Vec<_> = found.iter().map(|i| (i.quota, i.remaining, i.reset)).collect();
        assert_eq!(found, [(Some(9), None, None), (None, Some(1), Some(3))]);
    }

    #[test]
    fn parses_lists_of_strings() {
        let default = r#""default";r=50;t=30"#;
        assert_eq!(parsed(default), Some(vec![("default".to_owned(), Some(50), default)]));
        assert_eq!(
            parsed(r#" "a";r=1;pk=:Zm9v: , "b\"\\c"; t=3;r=0;x;y="; ,",	"d" "#),
            Some(vec![
                ("a".to_owned(), Some(1), r#""a";r=1;pk=:Zm9v:"#),
                (r#"b"\c"#.to_owned(), Some(0), r#""b\"\\c"; t=3;r=0;x;y="; ,""#),
                ("d".to_owned(), None, r#""d""#),
            ])
        );
    }

    #[test]
    fn rejects_other_forms() {
        for value in [
            "",
            "10",
            "limit=100, remaining=50, reset=30",
            r#""a";r=-1"#,
            r#""a";r="#,
            r#""a";r=1,"#,
            r#""a";r=1 "b";r=2"#,
            r#""a;r=1"#,
            r#""a\x";r=1"#,
            r#""a";R=1"#,
        ] {
            assert_eq!(parsed(value), None, "{value}");
        }
        assert_eq!(items(b"\"\xff\";r=1"), None);
    }
}
