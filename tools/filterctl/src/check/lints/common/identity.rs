//! Limits by identities that nothing checks or sends.

use novasphere_explain::FilterKind;

use crate::{
    chains::{
        Chain, Step,
        facts::{Identity, claim_headers, identities, is_true, items},
    },
    check::lints::report::Report,
    finding::codes,
};

/// With `has_other_auth`, the host may send identities itself, which the files do not show in full.
pub(super) fn check(chain: &Chain<'_>, has_other_auth: bool, report: &mut Report) {
    if !chain.is_complete {
        return;
    }
    for (index, limit) in chain.of_kind(FilterKind::RateLimit) {
        let before = chain.before(index, FilterKind::JwtAuth);
        let is_before_auth = before.is_none() && chain.behind(index, FilterKind::JwtAuth).is_some();
        // Another check reports this order.
        if is_before_auth {
            continue;
        }
        for (path, identity) in identities(limit) {
            match (identity, before) {
                (Identity::Consumer | Identity::Credential, None) if has_other_auth => {}
                (Identity::Consumer | Identity::Credential, None) => {
                    let message = format!(
                        "{path}: clients can choose this identity: no jwt-auth runs before"
                    );
                    report.answer(limit.place(&path));
                    report.add(
                        &codes::IDENTITY_WITHOUT_AUTH,
                        limit.place(&path),
                        limit.says(&message),
                    );
                }
                (identity @ (Identity::Consumer | Identity::Credential), Some(jwt_auth)) => {
                    report.answer(limit.place(&path));
                    never_sent(limit, &path, &identity, jwt_auth, report);
                }
                (Identity::Header(name), before) => header(limit, &path, &name, before, report),
                (Identity::Claim(_), _) => {}
            }
        }
    }
}

/// In a gateway, jwt-auth sends the header of the credential automatically.
fn never_sent(
    limit: &Step<'_>,
    path: &str,
    identity: &Identity,
    jwt_auth: &Step<'_>,
    report: &mut Report,
) {
    let config = jwt_auth.config;
    let is_one_gateway = limit.is_in_gateway() && limit.filter == jwt_auth.filter;
    let has_consumer = config.get("anonymous").is_some()
        || ["credentials", "jwks"]
            .iter()
            .flat_map(|list| items(config, list))
            .any(|entry| entry.get("consumer").is_some());
    let sends_consumer = *identity == Identity::Consumer && has_consumer;
    if is_one_gateway || is_true(config, "credential_header") || sends_consumer {
        return;
    }
    let message = format!("{path}: jwt-auth sends no header of this identity");
    report.add(&codes::IDENTITY_NEVER_SET, limit.place(path), limit.says(&message));
}

fn header(
    limit: &Step<'_>,
    path: &str,
    name: &str,
    jwt_auth: Option<&Step<'_>>,
    report: &mut Report,
) {
    // The filter warns about these itself.
    let is_address = ["x-forwarded-for", "x-real-ip", "forwarded"].contains(&name);
    if name == "host" || is_address {
        return;
    }
    let claims = jwt_auth.map(claim_headers).unwrap_or_default();
    match claims.iter().find(|header| header.name == name) {
        Some(header) if header.keeps_inbound => {
            let message = format!("{path}: a client without the claim can choose {name} itself");
            report.add(&codes::KEPT_HEADER_IDENTIFIES, limit.place(path), limit.says(&message));
        }
        Some(_) => {}
        None if crate::chains::facts::OWNED.contains(&name) && jwt_auth.is_some() => {}
        None => {
            let message = format!("{path}: clients choose the value of {name}");
            report.add(&codes::CLIENT_CHOOSES_IDENTITY, limit.place(path), limit.says(&message));
        }
    }
}
