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
    // With an `r` that is not a number of requests, the item is not a report.
    let mut is_report = true;
    while let Some(after) = text.strip_prefix(';') {
        let after = after.trim_start_matches(' ');
        if !after.starts_with(|c: char| c.is_ascii_lowercase() || c == '*') {
            return None;
        }
        let (key, after) = split(after, is_key)?;
        let (value, after) = match after.strip_prefix('=') {
            Some(after) => bare_item(after)?,
            None => ("", after),
        };
        let number = value.parse().ok();
        if key == "r" {
            is_report = number.is_some();
        }
        let index = ["r", "t", "q"].iter().position(|known| *known == key);
        if let Some(known) = index.and_then(|index| values.get_mut(index)) {
            *known = number;
        }
        text = after;
    }
    is_report.then_some((values, text))
}

/// Splits off a bare item (section 4.2.3.1), except a display string. Clients ignore a whole list for
/// one invalid item, so passing it on would also hide the filter's own items.
fn bare_item(text: &str) -> Option<(&str, &str)> {
    let rest = match text.as_bytes().first()? {
        b'"' => string(text)?.1,
        b'?' => text.strip_prefix("?0").or_else(|| text.strip_prefix("?1"))?,
        b':' => base64(text.get(1..)?)?.strip_prefix(':')?,
        b'@' => number(text.get(1..)?).filter(|(number, _)| !number.contains('.'))?.1,
        b'-' | b'0'..=b'9' => number(text)?.1,
        b'*' | b'a'..=b'z' | b'A'..=b'Z' => split(text, is_token)?.1,
        _ => return None,
    };
    text.split_at_checked(text.len().checked_sub(rest.len())?)
}

/// Skips the base64 of a byte sequence (section 4.2.7), whose padding may be incomplete.
fn base64(text: &str) -> Option<&str> {
    let (data, after) = split(text, |c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'))?;
    let rest = after.trim_start_matches('=');
    let fits = match (data.len() % 4, after.len() - rest.len()) {
        (last, 0) => last != 1,
        (last, padding) => last > 1 && last + padding <= 4,
    };
    fits.then_some(rest)
}

/// Splits off an integer or a decimal (section 4.2.4).
fn number(text: &str) -> Option<(&str, &str)> {
    let (whole, after) = split(text.strip_prefix('-').unwrap_or(text), |c| c.is_ascii_digit())?;
    let rest = match after.strip_prefix('.') {
        None => (1..=15).contains(&whole.len()).then_some(after)?,
        Some(after) => {
            let (fraction, after) = split(after, |c| c.is_ascii_digit())?;
            let fits = (1..=12).contains(&whole.len()) && (1..=3).contains(&fraction.len());
            fits.then_some(after)?
        }
    };
    text.split_at_checked(text.len().checked_sub(rest.len())?)
}

/// Splits off the longest start of these characters.
fn split(text: &str, is_part: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    text.split_at_checked(text.find(|c| !is_part(c)).unwrap_or(text.len()))
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c)
}

fn is_key(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.' | '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    /// What the reference parser finds in a list of strings. `None` if the value is not such a list.
    fn reference(value: &str) -> Option<Vec<(String, [Option<u32>; 3])>> {
        let list: sfv::List = sfv::Parser::new(value).parse().ok()?;
        let is_number = |item: &sfv::BareItem| {
            item.as_integer().is_some_and(|n| u32::try_from(i64::from(n)).is_ok())
        };
        let items = list.iter().map(|entry| {
            let sfv::ListEntry::Item(item) = entry else { return None };
            let number = |name| {
                let value = item.params.get(name).and_then(sfv::BareItem::as_integer)?;
                u32::try_from(i64::from(value)).ok()
            };
            if item.params.get("r").is_some_and(|r| !is_number(r)) {
                return None;
            }
            let name = item.bare_item.as_string()?.as_str().to_owned();
            Some((name, ["r", "t", "q"].map(number)))
        });
        items.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The library implements all of RFC 9651.
        #[test]
        fn reads_valid_lists_as_the_reference_does(
            parts in prop::collection::vec(prop::sample::select(vec![
                "\"a\"", "\"\"", r#""\"\\""#, "a", ";", ";r=1", ";t=2", ";q=3", ";r=0;r=7", ";r", ";R=1", "; t=4",
                ";x=y", ";x=\";,\"", ";pk=:Zm9v:", ";pk=:Zg==:", ";pk=:Zg:", ";pk=:Zg=:",
                ";pk=:Z=g=:", ";pk=:Zm9v=:", ";pk=:Z:", ";pk=::", ";pk=:====:",
                ";r=-1", ";r=1.5", ";r=99999999999", ";q=?1", ",", ", ", " ", "\t",
                "1", "(", ")", "\u{e9}", ";*a=1", ";t=", "=", ";x=@1", ";t=007",
            ]), 0..8),
        ) {
            let value = parts.concat();
            let expected = reference(&value).filter(|items| !items.is_empty());
            let found = items(value.as_bytes()).map(|items| {
                let values = |item: Item<'_>| (item.name, [item.remaining, item.reset, item.quota]);
                items.into_iter().map(values).collect::<Vec<_>>()
            });
            prop_assert_eq!(found, expected, "{}", value);
        }
    }
}
