//! From a configuration to the entries of the chain.

use std::cmp::Ordering;

use novasphere_core::{BuildContext, Filter, JwtAuthPlace};
use novasphere_cors::Cors;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;

use crate::{
    config::{Config, FilterKind},
    entry::ChainEntry,
};

/// Checks `config` and builds its filters. The result is usable only if `cx` has no faults.
#[cold]
pub(crate) fn build(mut config: Config, cx: &mut BuildContext<'_>) -> Vec<ChainEntry> {
    let order = order(&config, cx);
    let mut entries: Vec<ChainEntry> = Vec::with_capacity(order.len());
    let jwt_auth = order.iter().position(|kind| *kind == FilterKind::JwtAuth);
    for (index, kind) in order.iter().enumerate() {
        let place = match jwt_auth.map(|jwt_auth| jwt_auth.cmp(&index)) {
            None | Some(Ordering::Equal) => JwtAuthPlace::Elsewhere,
            Some(Ordering::Less) => JwtAuthPlace::Before,
            Some(Ordering::Greater) => JwtAuthPlace::Behind,
        };
        let entry = cx.within(kind.field(), place, |cx| entry(*kind, &mut config, cx));
        entries.extend(entry);
    }
    refuse_forged_identities(&entries, cx);
    pass_claims_on(&mut entries, cx);
    send_credential(&mut entries);
    entries
}

/// Builds a filter from its part of the configuration. `None` if the part is missing.
#[cold]
fn entry(kind: FilterKind, config: &mut Config, cx: &mut BuildContext<'_>) -> Option<ChainEntry> {
    Some(match kind {
        FilterKind::Cors => ChainEntry::Cors(Cors::build(config.cors.take()?, cx)),
        FilterKind::JwtAuth => {
            ChainEntry::JwtAuth(Box::new(JwtAuth::build(config.jwt_auth.take()?, cx)))
        }
        FilterKind::RateLimit => {
            ChainEntry::RateLimit(Box::new(RateLimit::build(config.rate_limit.take()?, cx)))
        }
        FilterKind::HeaderTransform => {
            let config = config.header_transform.take()?;
            ChainEntry::HeaderTransform(Box::new(HeaderTransform::build(config, cx)))
        }
    })
}

/// Whether there is a part for the filter, even one that decoding left out.
#[cold]
fn is_configured(kind: FilterKind, config: &Config, cx: &BuildContext<'_>) -> bool {
    cx.was_left_out(kind.field())
        || match kind {
            FilterKind::Cors => config.cors.is_some(),
            FilterKind::JwtAuth => config.jwt_auth.is_some(),
            FilterKind::RateLimit => config.rate_limit.is_some(),
            FilterKind::HeaderTransform => config.header_transform.is_some(),
        }
}

#[cold]
fn order(config: &Config, cx: &mut BuildContext<'_>) -> Vec<FilterKind> {
    let configured: Vec<FilterKind> =
        FilterKind::ALL.into_iter().filter(|kind| is_configured(*kind, config, cx)).collect();
    if configured.is_empty() {
        cx.fault(
            "",
            "has no effect: configure at least one of cors, jwt_auth, rate_limit, header_transform",
        );
    }
    let Some(order) = &config.order else { return configured };
    for (i, kind) in order.iter().enumerate() {
        let path = format!("order[{i}]");
        if !configured.contains(kind) {
            let message = format!("{} is not configured: configure it or remove it", kind.field());
            cx.fault(path, message);
        } else if order.iter().take(i).any(|earlier| earlier == kind) {
            cx.fault(path, format!("{} is listed twice", kind.field()));
        }
    }
    for kind in configured.iter().filter(|kind| !order.contains(kind)) {
        cx.fault("order", format!("must list {}, which is configured", kind.field()));
    }
    order.clone()
}

/// Lets jwt-auth pass on the claims that the other filters use.
#[cold]
fn pass_claims_on(entries: &mut [ChainEntry], cx: &mut BuildContext<'_>) {
    for entry in entries {
        if let ChainEntry::JwtAuth(filter) = entry {
            filter.pass_on(&cx.used_claims(), cx);
        }
    }
}

/// Lets jwt-auth set the header of the credential if rate-limit reads it.
fn send_credential(entries: &mut [ChainEntry]) {
    let reads = |entry: &ChainEntry| match entry {
        ChainEntry::RateLimit(filter) => filter.reads_credential_header(),
        _ => false,
    };
    if !entries.iter().any(reads) {
        return;
    }
    for entry in entries {
        if let ChainEntry::JwtAuth(filter) = entry {
            filter.send_credential();
        }
    }
}

/// Rejects filters before jwt-auth that use a header that jwt-auth owns: clients can forge it there.
#[cold]
fn refuse_forged_identities(entries: &[ChainEntry], cx: &mut BuildContext<'_>) {
    let jwt_auth = entries.iter().enumerate().find_map(|(index, entry)| match entry {
        ChainEntry::JwtAuth(filter) => Some((index, filter)),
        _ => None,
    });
    let Some((index, jwt_auth)) = jwt_auth else { return };
    for entry in entries.iter().take(index) {
        let (effect, remedy, used): (_, _, Vec<&str>) = match entry {
            ChainEntry::RateLimit(filter) => (
                "trust",
                "limit by ip, list no consumers, and match no such header in rules",
                filter.deciding_headers().collect(),
            ),
            ChainEntry::HeaderTransform(filter) => (
                "copy",
                "name no such header in templates or as the old name in rename",
                filter.copied_headers().collect(),
            ),
            ChainEntry::Cors(_) | ChainEntry::JwtAuth(_) => continue,
        };
        let mut forgeable: Vec<&str> =
            used.into_iter().filter(|name| jwt_auth.owns_header(name)).collect();
        if forgeable.is_empty() {
            continue;
        }
        forgeable.sort_unstable();
        forgeable.dedup();
        let message = format!(
            "{} before jwt_auth would {effect} headers that clients send: {}. Move it after \
             jwt_auth, or use no header of jwt_auth: {remedy}",
            entry.kind().field(),
            forgeable.join(", ")
        );
        cx.fault("order", message);
    }
}
