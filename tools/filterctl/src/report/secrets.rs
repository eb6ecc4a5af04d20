//! Secrets in the lines of files that findings show, for example in the logs of CI.

use std::ops::Range;

use crate::{
    explain::Mask,
    found::Project,
    source::{Content, Node},
};

/// The fields whose values are secrets: of the filters, of Kong's plugins, and of private JWKs.
const SECRET_FIELDS: [&str; 12] =
    ["secret", "password", "token", "api_key", "apikey", "k", "d", "p", "q", "dp", "dq", "qi"];

/// The text of a file with `*` for each byte of a secret, so that all places stay the same.
pub fn masked(index: usize, project: &Project) -> String {
    let Some(file) = project.files.get(index) else { return String::new() };
    let mut spans = Vec::new();
    let roots = project.documents.iter().filter(|document| document.file == index);
    let configs = project.filters.iter().filter(|filter| filter.place.file == index);
    file.documents.iter().for_each(|root| collect(root, &file.text, &mut spans));
    roots.for_each(|document| collect(&document.root, &file.text, &mut spans));
    configs.for_each(|filter| collect(&filter.config.node, &file.text, &mut spans));
    spans.extend(comments(&file.text));
    if file.error.is_some() {
        spans = unparsed(&file.text);
    }
    let mut text = file.text.clone();
    for span in spans {
        // A secret in a block keeps its lines.
        let Some(secret) = file.text.get(span.clone()) else { continue };
        let stars: String = secret
            .chars()
            .flat_map(|c| {
                let (star, count) = if c == '\n' { (c, 1) } else { ('*', c.len_utf8()) };
                std::iter::repeat_n(star, count)
            })
            .collect();
        text.replace_range(span, &stars);
    }
    text
}

fn collect(root: &Node, text: &str, spans: &mut Vec<Range<usize>>) {
    root.walk(&mut |node| {
        spans.extend(node.items().iter().filter_map(|item| header_value(item, text)));
        for (key, value) in node.members() {
            let is_secret = key.text().is_some_and(|name| SECRET_FIELDS.contains(&name));
            if is_secret && !matches!(value.content, Content::Mapping(_)) && !value.is_null() {
                spans.push(value.span.clone());
            }
        }
    });
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
    line.match_indices(':').map(|(colon, _)| colon.saturating_add(1)).find(|start| {
        let (before, value) = line.split_at_checked(*start).unwrap_or_default();
        let before = before.trim_end_matches([':', ' ', '"', '\'']);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let name = before.rsplit(|c| !is_part(c)).next().unwrap_or_default();
        let is_variable = value.trim_start().starts_with('{');
        let is_header =
            !name.contains('_') && Mask::default().is_secret_header(&name.to_ascii_lowercase());
        !is_variable && (SECRET_FIELDS.contains(&name) || is_header)
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
    let written = text.get(item.span.clone())?;
    let value = written.find(':')?.saturating_add(1);
    let end = written.trim_end_matches(['"', '\'']).len();
    Some(item.span.start.saturating_add(value)..item.span.start.saturating_add(end))
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
        let expected = text.replace(" abc", "****").replace("[ab]", "****");
        assert_eq!(masked(0, &project), expected);
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
}
