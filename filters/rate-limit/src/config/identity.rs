//! From `limit_by` to an identity.

use novasphere_core::{BuildContext, HeaderName};

use super::{Config, LimitBy, OnUnresolved};
use crate::client::identity::{Identity, Otherwise, Part};

/// The fields of the filter, or of a rule, that name an identity.
pub(super) struct Names<'c> {
    pub(super) limit_by: &'c [LimitBy],
    pub(super) header_name: Option<&'c str>,
    pub(super) path: Option<&'c str>,
    pub(super) claim_name: Option<&'c str>,
}

impl<'c> Names<'c> {
    pub(super) fn of_filter(config: &'c Config) -> Self {
        Self {
            limit_by: &config.limit_by.0,
            header_name: config.header_name.as_deref(),
            path: config.path.as_deref(),
            claim_name: config.claim_name.as_deref(),
        }
    }
}

/// The identity; `at` is the object's path, empty or ending in a dot.
pub(super) fn identity(
    names: &Names<'_>,
    on_unresolved: OnUnresolved,
    at: &str,
    cx: &mut BuildContext<'_>,
) -> Identity {
    let mut parts: Vec<Part> = Vec::new();
    if names.limit_by.is_empty() {
        cx.fault(format!("{at}limit_by"), "is empty; leave it out for ip");
    }
    for by in names.limit_by {
        let Some(part) = part(*by, names, at, cx) else { continue };
        if parts.contains(&part) {
            cx.fault(format!("{at}limit_by"), format!("names {} twice", name(*by)));
        }
        parts.push(part);
    }
    let otherwise = match on_unresolved {
        OnUnresolved::Ip => Otherwise::Ip,
        OnUnresolved::Constant => Otherwise::Constant,
        OnUnresolved::Allow => Otherwise::Allow,
        OnUnresolved::Deny => Otherwise::Deny,
    };
    Identity { parts, otherwise }
}

/// Fields that belong to a kind of identity which is not named.
pub(super) fn refuse_unused(names: &Names<'_>, at: &str, cx: &mut BuildContext<'_>) {
    let belongs = [
        ("header_name", names.header_name, LimitBy::Header),
        ("path", names.path, LimitBy::Path),
        ("claim_name", names.claim_name, LimitBy::Claim),
    ];
    for (field, given, by) in belongs {
        if given.is_some() && !names.limit_by.contains(&by) {
            let message = format!("has no effect without limit_by: {}", name(by));
            cx.fault(format!("{at}{field}"), message);
        }
    }
}

fn part(by: LimitBy, names: &Names<'_>, at: &str, cx: &mut BuildContext<'_>) -> Option<Part> {
    let mut required = |field: &str, value: Option<&str>| {
        if value.is_none() {
            cx.fault(format!("{at}{field}"), format!("is required with limit_by: {}", name(by)));
        }
        value.map(str::to_owned)
    };
    match by {
        LimitBy::Ip => Some(Part::Ip),
        LimitBy::Service => Some(Part::Service),
        LimitBy::Constant => Some(Part::Constant),
        LimitBy::Consumer | LimitBy::Credential => {
            if !cx.clears_identity_headers() {
                cx.warn(&format!(
                    "{at}limit_by: {} believes X-Consumer-* and X-Credential-Identifier: use it only \
                     where jwt-auth, before this filter, takes away what clients send under these names",
                    name(by)
                ));
            }
            Some(if by == LimitBy::Consumer { Part::Consumer } else { Part::Credential })
        }
        LimitBy::Header => match HeaderName::parse(&required("header_name", names.header_name)?) {
            Ok(name) => Some(Part::Header(line(&name))),
            Err(error) => {
                cx.fault(format!("{at}header_name"), error.to_string());
                None
            }
        },
        LimitBy::Claim => {
            let claim = required("claim_name", names.claim_name)?;
            refuse_claim(&claim, &format!("{at}claim_name"), cx).then_some(Part::Claim(claim))
        }
        LimitBy::Path => {
            let path = required("path", names.path)?;
            if !path.starts_with('/') || path.contains(['?', '#']) {
                let message = format!("must start with / and hold no query, not {path:?}");
                cx.fault(format!("{at}path"), message);
            }
            Some(Part::Path(path.into_bytes()))
        }
    }
}

/// What a request's head calls that header. Hosts know `host` by another name, and some by both, but
/// not in every way of reading.
pub(super) fn line(name: &HeaderName) -> String {
    if name.as_str() == "host" { ":authority".to_owned() } else { name.as_str().to_owned() }
}

/// Refuses a claim that cannot reach this filter; whether it can.
pub(super) fn refuse_claim(claim: &str, at: &str, cx: &mut BuildContext<'_>) -> bool {
    let is_attribute =
        claim.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !cx.passes_attributes() {
        let message = "cannot be read here: this proxy passes no claims from jwt-auth to later \
                       filters; have jwt-auth write it to a header (claims_to_headers) and name \
                       that";
        cx.fault(at, message);
    } else if claim.is_empty() || !is_attribute {
        let message = format!(
            "{claim:?} must be an attribute of jwt-auth's claims_to_attributes: letters, digits, \
             _, - and ."
        );
        cx.fault(at, message);
    }
    cx.passes_attributes()
}

fn name(by: LimitBy) -> &'static str {
    match by {
        LimitBy::Ip => "ip",
        LimitBy::Header => "header",
        LimitBy::Path => "path",
        LimitBy::Consumer => "consumer",
        LimitBy::Credential => "credential",
        LimitBy::Claim => "claim",
        LimitBy::Service => "service",
        LimitBy::Constant => "constant",
    }
}
