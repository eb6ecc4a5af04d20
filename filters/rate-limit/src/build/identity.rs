//! From `limit_by` to an identity.

use novasphere_core::{BuildContext, HeaderName};

use crate::{
    client::{Identity, Part},
    config::{Config, LimitBy},
};

/// Headers in which proxies pass on the client's address. Most proxies keep the client's own lines.
const CLIENT_ADDRESSES: [&str; 7] = [
    "cf-connecting-ip",
    "forwarded",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded-for",
    "x-real-ip",
];

/// The identity fields of the filter or of a rule.
pub(super) struct IdentityFields<'c> {
    pub(super) limit_by: &'c [LimitBy],
    pub(super) header_name: Option<&'c str>,
    pub(super) path: Option<&'c str>,
    pub(super) claim_name: Option<&'c str>,
}

impl<'c> IdentityFields<'c> {
    pub(super) fn of_filter(config: &'c Config) -> Self {
        Self {
            limit_by: &config.limit_by.0,
            header_name: config.header_name.as_deref(),
            path: config.path.as_deref(),
            claim_name: config.claim_name.as_deref(),
        }
    }
}

/// The identity. `prefix` is the path of the object, empty or ending in a dot.
#[cold]
pub(super) fn identity(
    fields: &IdentityFields<'_>,
    config: &Config,
    prefix: &str,
    cx: &mut BuildContext<'_>,
) -> Identity {
    let mut parts: Vec<Part> = Vec::new();
    if fields.limit_by.is_empty() {
        cx.fault(format!("{prefix}limit_by"), "must not be empty; omit it for the default, ip");
    }
    for by in fields.limit_by {
        let Some(part) = part(*by, fields, prefix, cx) else { continue };
        if parts.contains(&part) {
            let name = if part == Part::Host { LimitBy::Host } else { *by }.name();
            cx.fault(format!("{prefix}limit_by"), format!("lists {name} twice"));
        }
        parts.push(part);
    }
    Identity { parts, on_unresolved: config.on_unresolved, scope: config.scope }
}

/// Rejects fields of an identity that `limit_by` does not list.
#[cold]
pub(super) fn refuse_unused(fields: &IdentityFields<'_>, prefix: &str, cx: &mut BuildContext<'_>) {
    let owners = [
        ("header_name", fields.header_name, LimitBy::Header),
        ("path", fields.path, LimitBy::Path),
        ("claim_name", fields.claim_name, LimitBy::Claim),
    ];
    for (field, given, by) in owners {
        if given.is_some() && !fields.limit_by.contains(&by) {
            let message = format!("has no effect without limit_by: {}", by.name());
            cx.fault(format!("{prefix}{field}"), message);
        }
    }
}

#[cold]
fn part(
    by: LimitBy,
    fields: &IdentityFields<'_>,
    prefix: &str,
    cx: &mut BuildContext<'_>,
) -> Option<Part> {
    let mut required = |field: &str, value: Option<&str>| {
        if value.is_none() {
            let message = format!("is required with limit_by: {}", by.name());
            cx.fault(format!("{prefix}{field}"), message);
        }
        value.map(str::to_owned)
    };
    match by {
        LimitBy::Ip => Some(Part::Ip),
        LimitBy::Service => Some(Part::Service),
        LimitBy::Constant => Some(Part::Constant),
        LimitBy::Host => Some(Part::Host),
        LimitBy::Consumer | LimitBy::Credential => {
            if !cx.clears_identity_headers() {
                let message = format!(
                    "{} trusts X-Consumer-* and X-Credential-Identifier: use it only behind \
                     jwt-auth, which removes these headers from requests, and sets \
                     X-Credential-Identifier only with credential_header: true",
                    by.name()
                );
                cx.warn(&format!("{prefix}limit_by"), &message);
            }
            Some(if by == LimitBy::Consumer { Part::Consumer } else { Part::Credential })
        }
        LimitBy::Header => header(
            &required("header_name", fields.header_name)?,
            &format!("{prefix}header_name"),
            cx,
        ),
        LimitBy::Claim => {
            let claim = required("claim_name", fields.claim_name)?;
            check_claim(&claim, &format!("{prefix}claim_name"), cx).then_some(Part::Claim(claim))
        }
        LimitBy::Path => {
            let path = required("path", fields.path)?;
            if !path.starts_with('/') || path.contains(['?', '#']) {
                let message = format!("must start with / and have no query, got {path:?}");
                cx.fault(format!("{prefix}path"), message);
            }
            Some(Part::Path(path.into_bytes()))
        }
    }
}

/// The part for the header `name`, the value of the field at `path`.
#[cold]
fn header(name: &str, path: &str, cx: &mut BuildContext<'_>) -> Option<Part> {
    match HeaderName::parse(name) {
        Ok(name) if name.as_str() == "host" => Some(Part::Host),
        Ok(name) => {
            if CLIENT_ADDRESSES.contains(&name.as_str()) {
                let message = format!(
                    "clients can send {name} and choose their own identity: to count by address, \
                     use limit_by: ip with client_ip: {{from: forwarded_for, trusted_cidrs: [...]}}"
                );
                cx.warn(path, &message);
            }
            Some(Part::Header(name.as_str().to_owned()))
        }
        Err(_) if name.eq_ignore_ascii_case(":authority") => {
            cx.fault(path, "must not be a pseudo-header: use limit_by: host");
            None
        }
        Err(error) => {
            cx.fault(path, error.to_string());
            None
        }
    }
}

/// Checks the name of a claim. Returns whether claims can reach this filter.
#[cold]
pub(super) fn check_claim(claim: &str, path: &str, cx: &mut BuildContext<'_>) -> bool {
    if !cx.has_claims_source() {
        let message = "is not available: this proxy does not pass claims from jwt-auth to other \
                       filters. Use the gateway with jwt_auth, or let jwt-auth copy the claim to a \
                       header (claims_to_headers), and use that header";
        cx.fault(path, message);
        return false;
    }
    let is_attribute =
        claim.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if claim.is_empty() || !is_attribute {
        let message = format!(
            "must consist of letters, digits, _, - and ., got {claim:?}: for a claim with another \
             name, use the name of its attribute in claims_to_attributes of jwt-auth"
        );
        cx.fault(path, message);
    } else {
        cx.use_claim(path, claim);
    }
    true
}
