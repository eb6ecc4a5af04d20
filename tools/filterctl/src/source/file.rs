//! [`File`]: a file and its documents.

use std::{fs, io::Read, path::Path};

use anyhow::{Context, Result};

use super::{Node, ParseError, embedded, parse, settings};

/// A file that was read.
#[derive(Clone, Debug)]
pub struct File {
    /// The name for messages. `<stdin>` for the standard input.
    pub name: String,
    /// The text.
    pub text: String,
    /// The documents. Empty if the text is not YAML. A file of settings is one object.
    pub documents: Vec<Node>,
    /// Why the text is not YAML.
    pub error: Option<ParseError>,
}

impl File {
    /// Reads a file, or the standard input for `-`.
    ///
    /// # Errors
    /// If it cannot be read or is not UTF-8.
    pub fn read(path: &str) -> Result<Self> {
        if path != "-" {
            let text = fs::read_to_string(Path::new(path)).with_context(|| path.to_owned())?;
            return Ok(Self::new(path, text));
        }
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input")?;
        Ok(Self::new("<stdin>", text))
    }

    /// A file with this text.
    pub fn new(name: &str, text: String) -> Self {
        let (documents, error) = match parse(&text) {
            Ok(documents) => (documents, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        // Such a string is not YAML, or a scalar of several lines.
        let is_no_object = documents.iter().all(|document| document.text().is_some());
        if let Some(settings) = is_no_object.then(|| settings::parse(&text)).flatten() {
            return Self { name: name.to_owned(), text, documents: vec![settings], error: None };
        }
        Self { name: name.to_owned(), text, documents, error }
    }

    /// The documents in the text of a scalar of this file, with positions in this file.
    ///
    /// # Errors
    /// If the text is not YAML. The error's span is in this file.
    pub fn parse_embedded(&self, scalar: &Node) -> Result<Vec<Node>, ParseError> {
        embedded::parse(&self.text, scalar)
    }
}
