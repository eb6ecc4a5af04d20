//! Claims that later filters and the access log can read.

use std::fmt;

use novasphere_core::{Attributes, Json};

use crate::{
    identity::unusable_claim,
    rejection::Rejection,
    token::{
        claim_path::ClaimPath,
        header_text::{self, ClaimForm},
    },
};

/// All entries of `claims_to_attributes`, and the claims that later filters of a chain use.
#[derive(Debug)]
pub(crate) struct ClaimAttributes {
    entries: Vec<ClaimAttribute>,
    /// Maximum size of a value in bytes.
    max_bytes: usize,
}

/// A claim that becomes an attribute.
#[derive(Debug)]
struct ClaimAttribute {
    path: ClaimPath,
    form: ClaimForm,
    name: String,
    audience: Audience,
}

/// The readers of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    /// Later filters and the access log: an entry of `claims_to_attributes`.
    All,
    /// Later filters of the same chain, which name the claim.
    Chain,
}

/// An attribute of a verified token.
#[derive(Debug)]
pub(crate) struct Attribute {
    name: String,
    value: Vec<u8>,
    audience: Audience,
}

impl Attribute {
    /// The size of name and value in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.name.len() + self.value.len()
    }
}

/// Why an attribute cannot have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidAttribute {
    /// Contains a character that has a meaning in log formats or property paths.
    Characters,
    /// Another entry has the name.
    Duplicate,
}

impl fmt::Display for InvalidAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Characters => "must consist of letters, digits, _, - and .",
            Self::Duplicate => "is already set by another entry",
        })
    }
}

impl std::error::Error for InvalidAttribute {}

impl ClaimAttributes {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { entries: Vec::new(), max_bytes }
    }

    /// Adds the attribute `name` with the claim at `path`.
    pub(crate) fn add(
        &mut self,
        path: ClaimPath,
        form: ClaimForm,
        name: &str,
    ) -> Result<(), InvalidAttribute> {
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
            return Err(InvalidAttribute::Characters);
        }
        if self.has(name) {
            return Err(InvalidAttribute::Duplicate);
        }
        let audience = Audience::All;
        self.entries.push(ClaimAttribute { path, form, name: name.to_owned(), audience });
        Ok(())
    }

    /// Adds the claim at `path` for the later filters of the chain, which know it as `name`.
    pub(crate) fn add_for_chain(&mut self, path: ClaimPath, name: &str) {
        let (form, audience) = (ClaimForm::Text, Audience::Chain);
        self.entries.push(ClaimAttribute { path, form, name: name.to_owned(), audience });
    }

    /// Whether an entry sets the attribute `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// The attributes of a token. They are encoded like header values, so that no claim can forge a
    /// line of a log. A claim without a value is missing in the chain, because no entry asks for it.
    ///
    /// # Errors
    /// If the claim of an entry of `claims_to_attributes` has no value.
    pub(crate) fn values(&self, claims: &Json) -> Result<Vec<Attribute>, Rejection> {
        let mut values = Vec::with_capacity(self.entries.len());
        for (i, ClaimAttribute { path, form, name, audience }) in self.entries.iter().enumerate() {
            let Some(claim) = path.find(claims) else { continue };
            let value = match header_text::from_claim(claim, *form, self.max_bytes) {
                Ok(value) => value,
                Err(_) if *audience == Audience::Chain => continue,
                Err(invalid) => {
                    let entry = format!("claims_to_attributes[{i}]");
                    return Err(unusable_claim::rejection(&entry, path, invalid));
                }
            };
            values.push(Attribute { name: name.clone(), value, audience: *audience });
        }
        Ok(values)
    }
}

/// Sets the attributes of a token for their readers.
pub(crate) fn set(values: &[Attribute], attributes: &dyn Attributes) {
    for Attribute { name, value, audience } in values {
        match audience {
            Audience::All => attributes.set(name, value),
            Audience::Chain => attributes.set_in_chain(name, value),
        }
    }
}
