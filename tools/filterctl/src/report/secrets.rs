//! Secrets in the lines of files that findings show, for example in the logs of CI.

use std::ops::Range;

use crate::{
    found::Project,
    source::{Content, Node},
};

/// The fields whose values are secrets: of the filters, of Kong's plugins, and of private JWKs.
const SECRET_FIELDS: [&str; 12] =
    ["secret", "password", "token", "api_key", "apikey", "k", "d", "p", "q", "dp", "dq", "qi"];

/// The text of a file with `*` for each byte of a secret, so that all places stay the same.
pub(super) fn masked(index: usize, project: &Project) -> String {
    let Some(file) = project.files.get(index) else { return String::new() };
    let mut spans = Vec::new();
    let roots = project.documents.iter().filter(|document| document.file == index);
    let configs = project.filters.iter().filter(|filter| filter.place.file == index);
    file.documents.iter().for_each(|root| collect(root, &mut spans));
    roots.for_each(|document| collect(&document.root, &mut spans));
    configs.for_each(|filter| collect(&filter.config.node, &mut spans));
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

fn collect(root: &Node, spans: &mut Vec<Range<usize>>) {
    root.walk(&mut |node| {
        for (key, value) in node.members() {
            let is_secret = key.text().is_some_and(|name| SECRET_FIELDS.contains(&name));
            if is_secret && matches!(value.content, Content::Scalar { .. }) && !value.is_null() {
                spans.push(value.span.clone());
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;

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
