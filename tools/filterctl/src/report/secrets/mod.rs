//! Secrets in the lines of files that findings show, for example in the logs of CI.
//!
//! - `fields`: the members whose values are secrets;
//! - `lines`: secrets in comments, and in text that is not YAML;
//! - `scalar`: where the value of a scalar is.

mod fields;
mod lines;
mod scalar;
#[cfg(test)]
mod tests;

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
        return lines::unparsed(&file.text).into_iter().map(Secret::part).collect();
    }
    let roots = project.documents.iter().filter(|document| document.file == index);
    let configs = project.filters.iter().filter(|filter| filter.place.file == index);
    let roots = file.documents.iter().chain(roots.map(|document| &document.root));
    let roots: Vec<&Node> = roots.chain(configs.map(|filter| &filter.config.node)).collect();
    let mut found = Vec::new();
    roots.iter().for_each(|root| collect(root, &file.text, &mut found));
    let mut values = Vec::new();
    for node in scalar::innermost(&roots) {
        let Some(value) = scalar::secret(node, &file.text) else { continue };
        values.push(value.span.clone());
        if node.text().is_some_and(|text| text.contains(lines::PRIVATE_KEY)) {
            found.push(value);
        }
    }
    // An empty value may start where another one does.
    values.sort_unstable_by_key(|value| (value.start, value.end));
    let is_in_scalar = |at| {
        let before = values.partition_point(|value| value.start <= at);
        values.get(..before).and_then(<[_]>::last).is_some_and(|value| value.contains(&at))
    };
    found.extend(lines::comments(&file.text, is_in_scalar).into_iter().map(Secret::part));
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
