//! Consumers, identity headers and attributes.

use novasphere_core::{BuildContext, HeaderName, UsedClaim};

use super::field;
use crate::{
    config::{ClaimFormat, Config, ConsumerConfig},
    identity::{
        attributes::ClaimAttributes,
        consumer::Consumer,
        headers::{ClaimSource, IdentityHeaders},
    },
    token::{
        claim_path::ClaimPath,
        header_text::{self, ClaimForm},
    },
};

/// The consumer at `path`. `identifier` is the text of `X-Credential-Identifier` and its path.
#[cold]
pub(super) fn consumer(
    config: &ConsumerConfig,
    path: &str,
    identifier: Option<(&str, &str)>,
    cx: &mut BuildContext<'_>,
) -> Consumer {
    let mut read = |field: &str, text: Option<&str>| {
        text.and_then(|text| header_value(text, &format!("{path}.{field}"), cx))
    };
    Consumer {
        id: read("id", config.id.as_deref()),
        custom_id: read("custom_id", config.custom_id.as_deref()),
        username: read("username", config.username.as_deref()),
        identifier: identifier.and_then(|(text, path)| header_value(text, path, cx)),
    }
}

/// The header value of a string. `None` if it is empty.
#[cold]
fn header_value(text: &str, path: &str, cx: &mut BuildContext<'_>) -> Option<Vec<u8>> {
    match header_text::from_text(text) {
        Ok(value) => Some(value).filter(|value| !value.is_empty()),
        Err(invalid) => {
            cx.fault(path, invalid.to_string());
            None
        }
    }
}

#[cold]
pub(super) fn headers(config: &Config, cx: &mut BuildContext<'_>) -> IdentityHeaders {
    let anonymous = config.anonymous.as_ref();
    let anonymous = anonymous.map(|config| consumer(config, "anonymous", None, cx));
    let mut headers = IdentityHeaders::new(anonymous, super::size(config.max_claim_header_bytes));
    if config.credential_header {
        headers.send_credential();
    }
    for (i, entry) in config.claims_to_headers.iter().enumerate() {
        let path = format!("claims_to_headers[{i}]");
        // The other fields are checked even after a fault, which drops the filter anyway.
        let claim = field::claim_path(entry.claim.as_ref(), &path, cx).unwrap_or_default();
        let path = format!("{path}.header");
        let Some(text) = field::required(entry.header.as_deref(), &path, cx) else { continue };
        let name = match HeaderName::parse(text) {
            Ok(name) => name,
            Err(invalid) => {
                cx.fault(path, invalid.to_string());
                continue;
            }
        };
        let (form, keep_inbound) = (form(entry.format), entry.keep_inbound);
        if let Err(invalid) =
            headers.add_claim(ClaimSource { path: claim, form, keep_inbound }, name)
        {
            cx.fault(path, format!("{text:?} {invalid}"));
        }
    }
    headers
}

#[cold]
pub(super) fn attributes(config: &Config, cx: &mut BuildContext<'_>) -> ClaimAttributes {
    let mut attributes = ClaimAttributes::new(super::size(config.max_claim_header_bytes));
    for (i, entry) in config.claims_to_attributes.iter().enumerate() {
        let path = format!("claims_to_attributes[{i}]");
        let claim = field::claim_path(entry.claim.as_ref(), &path, cx).unwrap_or_default();
        let path = format!("{path}.attribute");
        let Some(name) = field::required(entry.attribute.as_deref(), &path, cx) else { continue };
        if let Err(invalid) = attributes.add(claim, form(entry.format), name) {
            cx.fault(path, format!("{name:?} {invalid}"));
        }
    }
    attributes
}

/// Adds the claims that the later filters of the chain use. An entry of `claims_to_attributes` with
/// the name of such a claim takes precedence.
#[cold]
pub(super) fn pass_on(
    claims: &[UsedClaim],
    attributes: &mut ClaimAttributes,
    cx: &mut BuildContext<'_>,
) {
    for UsedClaim { path, name, .. } in claims {
        if attributes.has(name) {
            continue;
        }
        match ClaimPath::parse(name) {
            Ok(claim) => attributes.add_for_chain(claim, name),
            Err(invalid) => cx.fault(path, format!("{name:?} {invalid}")),
        }
    }
}

fn form(format: ClaimFormat) -> ClaimForm {
    match format {
        ClaimFormat::Text => ClaimForm::Text,
        ClaimFormat::Json => ClaimForm::Json,
        ClaimFormat::Base64Json => ClaimForm::Base64Json,
    }
}
