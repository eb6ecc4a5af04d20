//! Claims that later filters and the access log can read.

use novasphere_core::{Attributes, BuildContext, Json};

use crate::{
    config::{ClaimToAttribute, Config, required},
    decision::Refusal,
    token::claim_path::ClaimPath,
    token::header_text::{self, UnusableText},
};

/// All entries of `claims_to_attributes`.
#[derive(Debug)]
pub(crate) struct ClaimAttributes {
    /// Each claim and the name of its attribute.
    entries: Vec<(ClaimPath, String)>,
}

impl ClaimAttributes {
    pub fn new(config: &Config, cx: &mut BuildContext<'_>) -> Self {
        let mut entries: Vec<(ClaimPath, String)> = Vec::new();
        for (i, wire) in config.claims_to_attributes.iter().enumerate() {
            let at = format!("claims_to_attributes[{i}]");
            let path = ClaimPath::new(wire.claim.as_deref(), &at, cx);
            let name = attribute_name(wire, &format!("{at}.attribute"), cx);
            let (Some(path), Some(name)) = (path, name) else { continue };
            if entries.iter().any(|(_, other)| other == name) {
                cx.fault(format!("{at}.attribute"), format!("{name:?} is set already"));
            }
            entries.push((path, name.to_owned()));
        }
        Self { entries }
    }

    /// The attributes of a token: like headers, so that no claim can forge a line of a log.
    pub fn of(&self, claims: &Json) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
        let mut values = Vec::with_capacity(self.entries.len());
        for (path, name) in &self.entries {
            match path.find(claims).map(header_text::from_claim) {
                None => {}
                Some(Ok(value)) => values.push((name.clone(), value)),
                Some(Err(UnusableText)) => return Err(Refusal::UnusableClaim),
            }
        }
        Ok(values)
    }
}

/// Tells the host all of them.
pub(crate) fn set(values: &[(String, Vec<u8>)], attributes: &dyn Attributes) {
    for (name, value) in values {
        attributes.set(name, value);
    }
}

/// Characters that have no meaning to log formats and property paths.
fn attribute_name<'c>(
    wire: &'c ClaimToAttribute,
    at: &str,
    cx: &mut BuildContext<'_>,
) -> Option<&'c str> {
    let name = required(wire.attribute.as_deref(), at, cx)?;
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
        return Some(name);
    }
    cx.fault(at, format!("{name:?} must be of letters, digits, _, - and ."));
    None
}
