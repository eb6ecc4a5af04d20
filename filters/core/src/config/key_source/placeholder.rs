//! Texts that stand for a secret.

/// A text that was meant to be replaced by a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// A reference in this form, which another program resolves.
    Reference(&'static str),
    /// `changeme`, once or repeated.
    Default,
}

/// References by their start and end.
const REFERENCES: [(&str, &str, &str); 5] = [
    ("{vault://", "}", "{vault://...}"),
    ("${", "}", "${...}"),
    ("$(", ")", "$(...)"),
    ("{{", "}}", "{{ ... }}"),
    ("<", ">", "<...>"),
];

impl Placeholder {
    /// The kind of `text`. `None` if it may be a key.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_reference = |(start, end, _): &&(&str, &str, &str)| {
            let inner = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
            inner.is_some_and(|inner| !inner.contains(end))
        };
        if let Some((_, _, form)) = REFERENCES.iter().find(is_reference) {
            return Some(Self::Reference(form));
        }
        let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
        let rest = letters.to_ascii_lowercase().replace("changeme", "");
        (rest.is_empty() && !letters.is_empty()).then_some(Self::Default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_references_and_defaults() {
        for (text, form) in [
            ("{vault://env/x}", "{vault://...}"),
            ("${X}", "${...}"),
            ("$(X)", "$(...)"),
            ("{{ x }}", "{{ ... }}"),
            ("{{.Values.secret}}", "{{ ... }}"),
            (" <your-secret>\n", "<...>"),
        ] {
            assert_eq!(Placeholder::of(text), Some(Placeholder::Reference(form)), "{text}");
        }
        for text in ["changeme", "ChangeMeChangeMe", "change-me-change-me", "changeme123"] {
            assert_eq!(Placeholder::of(text), Some(Placeholder::Default), "{text}");
        }
        for text in
            ["", "0123456789", "${", "<a> and <b>", "a${X}", "{x}", "changeme-or-else", "$x"]
        {
            assert_eq!(Placeholder::of(text), None, "{text}");
        }
    }
}
