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

/// All entries of `claims_to_attributes`.
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
        if self.entries.iter().any(|other| other.name == name) {
            return Err(InvalidAttribute::Duplicate);
        }
        self.entries.push(ClaimAttribute { path, form, name: name.to_owned() });
        Ok(())
    }

    /// The attributes of a token. They are encoded like header values, so that no claim can forge a
    /// line of a log.
    pub(crate) fn values(&self, claims: &Json) -> Result<Vec<(String, Vec<u8>)>, Rejection> {
        let mut values = Vec::with_capacity(self.entries.len());
        for (i, ClaimAttribute { path, form, name }) in self.entries.iter().enumerate() {
            if let Some(claim) = path.find(claims) {
                let value = header_text::from_claim(claim, *form, self.max_bytes);
                let value = value.map_err(|invalid| {
                    unusable_claim::rejection(&format!("claims_to_attributes[{i}]"), path, invalid)
                });
                values.push((name.clone(), value?));
            }
        }
        Ok(values)
    }
}

/// Sets all attributes on the host.
pub(crate) fn set(values: &[(String, Vec<u8>)], attributes: &dyn Attributes) {
    for (name, value) in values {
        attributes.set(name, value);
    }
}
