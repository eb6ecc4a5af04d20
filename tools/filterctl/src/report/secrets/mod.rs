//! Secrets in the lines of files that findings show, for example in the logs of CI.
//!
//! - `fields`: the members whose values are secrets;
//! - `scalar`: where the value of a scalar is.

mod fields;
mod scalar;

use std::ops::Range;

use crate::{
    explain::Mask,
    found::Project,
    source::{Content, Node},
};

/// A secret in the text of a file.
struct Secret {
    /// Without quotes, and without the line of a block's `|`.
    span: Range<usize>,
    /// Whether the secret is a whole scalar without quotes.
    is_plain: bool,
}

impl Secret {
    /// A part of a scalar or of a comment.
    const fn part(span: Range<usize>) -> Self {
        Self { span, is_plain: false }
    }
}

/// The text of a file with `*` for each byte of a secret, so that all places stay the same.
pub fn masked(index: usize, project: &Project) -> String {
    replaced(index, project, |_, stars| stars)
}

/// The text of a file with `*` for each byte of a secret, in quotes: without them, `*` starts an alias.
pub fn masked_yaml(index: usize, project: &Project) -> String {
    let quoted = |is_plain, stars| if is_plain { format!("\"{stars}\"") } else { stars };
    replaced(index, project, quoted)
}

fn replaced(index: usize, project: &Project, write: fn(bool, String) -> String) -> String {
    let Some(file) = project.files.get(index) else { return String::new() };
    let mut text = String::new();
    let mut end = 0;
    for Secret { span, is_plain } in secrets(index, project) {
        // A secret may be found twice, or in another one.
        let rest = span.start.max(end)..span.end;
        let Some(secret) = file.text.get(rest.clone()).filter(|secret| !secret.is_empty()) else {
            continue;
        };
        text.push_str(file.text.get(end..rest.start).unwrap_or_default());
        text.push_str(&write(is_plain && rest == span, stars(secret)));
        end = rest.end;
    }
    text.push_str(file.text.get(end..).unwrap_or_default());
    text
}

/// A `*` for each byte. The lines of a secret and their indentation stay.
fn stars(secret: &str) -> String {
    let mut stars = String::new();
    let mut is_indentation = false;
    for c in secret.chars() {
        is_indentation = c == '\n' || is_indentation && c == ' ';
        if is_indentation || c == '\r' {
            stars.push(c);
        } else {
            stars.extend(std::iter::repeat_n('*', c.len_utf8()));
        }
    }
    stars
}

/// The secrets of a file, by their starts.
fn secrets(index: usize, project: &Project) -> Vec<Secret> {
    let Some(file) = project.files.get(index) else { return Vec::new() };
    if file.error.is_some() {
        return unparsed(&file.text).into_iter().map(Secret::part).collect();
    }
    let mut found = Vec::new();
    let roots = project.documents.iter().filter(|document| document.file == index);
    let configs = project.filters.iter().filter(|filter| filter.place.file == index);
    file.documents.iter().for_each(|root| collect(root, &file.text, &mut found));
    roots.for_each(|document| collect(&document.root, &file.text, &mut found));
    configs.for_each(|filter| collect(&filter.config.node, &file.text, &mut found));
    found.extend(comments(&file.text).map(Secret::part));
    found.sort_by_key(|secret| (secret.span.start, std::cmp::Reverse(secret.span.end)));
    found
}

fn collect(root: &Node, text: &str, found: &mut Vec<Secret>) {
    root.walk(&mut |node| {
        let headers = node.items().iter().filter_map(|item| header_value(item, text));
        found.extend(headers.map(Secret::part));
        for (key, value) in node.members() {
            let name = key.text().unwrap_or_default();
            if fields::is_secret(name, value) {
                collect_scalars(value, text, found);
            }
            for (name, value) in fields::variables(name, value) {
                if fields::is_secret_variable(name) {
                    collect_scalars(value, text, found);
                }
                found.extend(fields::main_env(name, value, text).into_iter().map(Secret::part));
            }
            found.extend(fields::main_env(name, value, text).into_iter().map(Secret::part));
        }
    });
}

/// All scalars of a secret, which is a list if its field is wrong.
fn collect_scalars(node: &Node, text: &str, found: &mut Vec<Secret>) {
    match &node.content {
        Content::Scalar { .. } if node.is_null() => {}
        Content::Scalar { .. } => found.extend(scalar::secret(node, text)),
        Content::Sequence(items) => {
            items.iter().for_each(|item| collect_scalars(item, text, found));
        }
        Content::Mapping(members) => members.iter().for_each(|(key, value)| {
            collect_scalars(key, text, found);
            collect_scalars(value, text, found);
        }),
    }
}

/// Secrets in lines that are comments, such as a setting that is not in use.
fn comments(text: &str) -> impl Iterator<Item = Range<usize>> {
    let starts = text.split_inclusive('\n').scan(0_usize, |next, line| {
        let start = *next;
        *next = start.saturating_add(line.len());
        Some((start, line.trim_end()))
    });
    starts.filter(|(_, line)| line.trim_start().starts_with('#')).filter_map(|(start, line)| {
        let from = value_of_secret(line)?;
        Some(start.saturating_add(from)..start.saturating_add(line.len()))
    })
}

/// The rest of each line behind the name of a secret, for a text that is not YAML, and the lines
/// that continue it.
fn unparsed(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut start: usize = 0;
    // The indentation of the last line with a secret.
    let mut hidden = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let indentation = content.len().saturating_sub(content.trim_start().len());
        let continues = hidden.is_some_and(|own| content.is_empty() || indentation > own);
        let from =
            if continues { Some(indentation.min(content.len())) } else { value_of_secret(content) };
        if !continues {
            hidden = from.map(|_| indentation);
        }
        spans.extend(
            from.map(|from| start.saturating_add(from)..start.saturating_add(content.len())),
        );
        start = start.saturating_add(line.len());
    }
    spans
}

/// Where the value of a secret starts in a line. A reference to a variable is none.
fn value_of_secret(line: &str) -> Option<usize> {
    line.match_indices([':', '=']).map(|(at, _)| at.saturating_add(1)).find(|start| {
        let (before, value) = line.split_at_checked(*start).unwrap_or_default();
        let before = before.trim_end_matches([':', '=', ' ', '"', '\'']);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let name = before.rsplit(|c| !is_part(c)).next().unwrap_or_default();
        let is_variable = value.trim_start().starts_with('{');
        let is_header =
            !name.contains('_') && Mask::default().is_secret_header(&name.to_ascii_lowercase());
        !is_variable && (fields::is_secret_name(name) || is_header)
    })
}

/// The value of a header or query parameter with credentials in an entry of header-transform:
/// `Authorization:Basic ...`.
fn header_value(item: &Node, text: &str) -> Option<Range<usize>> {
    let (name, _) = item.text()?.split_once(':')?;
    let (name, mask) = (name.trim().to_ascii_lowercase(), Mask::default());
    if !mask.is_secret_header(&name) && !mask.is_secret_parameter(&name) {
        return None;
    }
    let Range { start, end } = scalar::secret(item, text)?.span;
    let value = text.get(start..end)?.find(':')?.saturating_add(1);
    Some(start.saturating_add(value)..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;

    #[test]
    fn credentials_in_headers_are_stars() {
        let text = "- 'Authorization:Basic YTpi'\n- X-A:1\n- Cookie:a=b\n- key:abc\n";
        let project =
            Project { files: vec![File::new("x", text.to_owned())], ..Project::default() };
        let expected = "- 'Authorization:**********'\n- X-A:1\n- Cookie:***\n- key:***\n";
        assert_eq!(masked(0, &project), expected);
    }

    #[test]
    fn secrets_in_comments_and_lists_are_stars() {
        let text = "a: 1 # ü\n  # secret: abc\n# - {key: a, secret: {env: A}}\nsecret: [ab]\n";
        let project =
            Project { files: vec![File::new("x", text.to_owned())], ..Project::default() };
        let expected = text.replace(" abc", "****").replace("[ab]", "[**]");
        assert_eq!(masked(0, &project), expected);
    }

    #[test]
    fn variables_and_passwords_are_stars() {
        for (text, expected) in [
            (
                "# pg_password = ab\nforward_token: true\n",
                "# pg_password =***\nforward_token: true\n",
            ),
            ("env: [{name: A, value: ab}]\n", "env: [{name: A, value: **}]\n"),
            ("env: [{name: KONG_WASM, value: off}]\n", "env: [{name: KONG_WASM, value: off}]\n"),
            ("key_values: {A: ab}\n", "key_values: {A: **}\n"),
            ("customEnv: {a: {valueFrom: b}}\n", "customEnv: {a: {valueFrom: b}}\n"),
            ("a: 1\nadmin_token: ab\n", "a: 1\nadmin_token: **\n"),
        ] {
            let files = vec![File::new("x", text.to_owned())];
            assert_eq!(masked(0, &Project { files, ..Project::default() }), expected);
        }
    }

    #[test]
    fn text_that_is_not_yaml_shows_no_secret() {
        for (text, expected) in [
            ("- {key: a, secret: \"open\n", "- {key: a, secret:******\n"),
            ("  secret: one: x\n  leeway: 5\n", "  secret:*******\n  leeway: 5\n"),
            ("secret: |\n  one\n\n  two\n]\n", "secret:**\n  ***\n\n  ***\n]\n"),
            ("\"secret\": {env: A}\n]\n", "\"secret\": {env: A}\n]\n"),
            ("[Authorization:Basic YTpi\n", "[Authorization:**********\n"),
        ] {
            let project =
                Project { files: vec![File::new("x", text.to_owned())], ..Project::default() };
            assert!(project.files[0].error.is_some(), "{text}");
            assert_eq!(masked(0, &project), expected);
        }
    }

    #[test]
    fn secrets_are_stars_and_all_other_bytes_stay() {
        let text =
            "a:\n- {secret: hünter2, leeway: 5}\n- secret: {env: NAME}\n- k: |\n    one\n    two\n";
        let project =
            Project { files: vec![File::new("x", text.to_owned())], ..Project::default() };
        let masked = masked(0, &project);
        assert_eq!(masked.len(), text.len());
        assert!(masked.contains("{secret: ********, leeway: 5}"), "{masked}");
        assert!(masked.contains("secret: {env: NAME}"), "{masked}");
        assert!(!masked.contains("one") && !masked.contains("two"), "{masked}");
    }

    #[test]
    fn masked_yaml_parses_and_keeps_quotes() {
        for (text, expected) in [
            ("{secret: abc, b: 1}", "{secret: \"***\", b: 1}"),
            ("secret: a\n", "secret: \"*\"\n"),
            ("{\"secret\": \"ab\"}", "{\"secret\": \"**\"}"),
            ("secret: 'it''s' # a\n", "secret: '*****' # a\n"),
            ("secret: \"a\\\"b\" # a\"\n", "secret: \"****\" # a\"\n"),
            ("secret: a b # a\n", "secret: \"***\" # a\n"),
            ("secret: \"\"\n", "secret: \"\"\n"),
            ("a: {d: 12}\nq: &x !!str ab\nk: *x\n", "a: {d: \"**\"}\nq: &x !!str \"**\"\nk: *x\n"),
            ("k: |-  # a\n    one\n\n    two\nb: 1\n", "k: |-  # a\n    ***\n\n    ***\nb: 1\n"),
            ("k: &a !!str |\n  one\nb: 1\n", "k: &a !!str |\n  ***\nb: 1\n"),
            ("k: |\n\n  !one |\nb: 1\n", "k: |\n\n  ******\nb: 1\n"),
            ("[{secret: &a 'b'}, {k: !!str c}]", "[{secret: &a '*'}, {k: !!str \"*\"}]"),
            ("k: >\n  *one\nb: 1\n", "k: >\n  ****\nb: 1\n"),
            ("k: one\n  two\nb: 1\n", "k: \"***\n  ***\"\nb: 1\n"),
            ("k: \"one\n  two\"\n", "k: \"***\n  ***\"\n"),
            ("secret:\n- ab\n- [c: d]\n", "secret:\n- \"**\"\n- [\"*\": \"*\"]\n"),
            ("- 'Authorization:Basic a' # b\n", "- 'Authorization:*******' # b\n"),
            ("# secret: ab\nsecret: ~\n", "# secret:***\nsecret: ~\n"),
            ("a: '{secret: abc}'\n", "a: '{secret: abc}'\n"),
        ] {
            let files = vec![File::new("x", text.to_owned())];
            assert_eq!(files[0].error, None, "{text}");
            let masked = masked_yaml(0, &Project { files, ..Project::default() });
            assert_eq!(masked, expected);
            assert_eq!(File::new("x", masked).error, None, "{text}");
        }
    }
}
