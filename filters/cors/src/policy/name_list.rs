//! [`NameList`]: a list of names, ready to send.

/// Method or header names, and the field value that lists them.
#[derive(Clone, Debug)]
pub(crate) struct NameList {
    names: Vec<String>,
    text: String,
    /// Whether `*` is in the list and is a wildcard.
    is_wild: bool,
}

impl NameList {
    /// With credentials, `*` is a name like any other (Fetch standard, "CORS protocol and
    /// credentials").
    pub(crate) fn new(names: Vec<String>, credentials: bool) -> Self {
        let text = names.join(", ");
        let is_wild = !credentials && names.iter().any(|name| name == "*");
        Self { names, text, is_wild }
    }

    /// The field value. Empty for an empty list.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(super) fn is_wild(&self) -> bool {
        self.is_wild
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(String::as_bytes)
    }
}
