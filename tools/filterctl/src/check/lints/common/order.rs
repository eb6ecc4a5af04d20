//! The order of the filters of a chain.

use novasphere_explain::{FilterKind, ProxyKind};

use crate::{
    chains::{
        Chain, Step,
        facts::{
            Identity, entries, identities, is_false, is_true, items, owned_headers, templates,
        },
    },
    check::lints::report::Report,
    finding::codes,
};

pub(super) fn check(chain: &Chain<'_>, report: &mut Report) {
    for (index, step) in chain.steps.iter().enumerate() {
        match step.kind {
            FilterKind::Cors => cors(chain, index, step, report),
            FilterKind::RateLimit => rate_limit(chain, index, step, report),
            FilterKind::HeaderTransform => header_transform(chain, index, step, report),
            FilterKind::JwtAuth | FilterKind::Gateway => {}
        }
    }
}

fn cors(chain: &Chain<'_>, index: usize, cors: &Step<'_>, report: &mut Report) {
    let rejecting = [FilterKind::JwtAuth, FilterKind::RateLimit];
    if let Some(first) = rejecting.into_iter().find_map(|kind| chain.before(index, kind)) {
        let message = format!(
            "runs behind {}: pages cannot read its rejections; put cors first",
            first.kind.name()
        );
        report.add(&codes::CORS_NOT_FIRST, cors.place(""), cors.says(&message));
    }
    let forwards = is_true(cors.config, "preflight_continue");
    let Some(jwt_auth) = chain.behind(index, FilterKind::JwtAuth).filter(|_| forwards) else {
        return;
    };
    if !is_false(jwt_auth.config, "run_on_preflight") {
        let message = "preflight_continue: jwt-auth rejects the preflights; set run_on_preflight: \
                       false there";
        report.add(
            &codes::PREFLIGHT_NEEDS_TOKEN,
            cors.place("preflight_continue"),
            cors.says(message),
        );
    }
}

fn rate_limit(chain: &Chain<'_>, index: usize, limit: &Step<'_>, report: &mut Report) {
    let Some(jwt_auth) = chain.behind(index, FilterKind::JwtAuth) else { return };
    // An earlier jwt-auth has checked the identity already.
    if chain.before(index, FilterKind::JwtAuth).is_some() {
        return;
    }
    let is_one_gateway = rejects_itself(limit, jwt_auth);
    let owned = owned_headers(jwt_auth);
    let mut has_identity = false;
    for (path, identity) in identities(limit) {
        let (name, is_checked) = match &identity {
            Identity::Consumer => ("the consumer".to_owned(), true),
            Identity::Credential => ("the credential".to_owned(), true),
            Identity::Claim(name) => (format!("the claim {name:?}"), true),
            Identity::Header(name) => (format!("the header {name}"), owned.contains(name)),
        };
        if !is_checked {
            continue;
        }
        has_identity = true;
        if !is_one_gateway {
            let message = format!("{path}: reads {name} before jwt-auth has checked the token");
            report.answer(limit.place(&path));
            report.add(&codes::IDENTITY_BEFORE_AUTH, limit.place(&path), limit.says(&message));
        }
    }
    if !has_identity {
        let message = "runs before jwt-auth: requests without a valid token count too";
        report.add(&codes::LIMIT_BEFORE_AUTH, limit.place(""), limit.says(message));
    }
}

/// Whether `step` is in the same gateway as the `jwt_auth` behind it. The gateway itself then
/// rejects rules that copy identity headers before jwt-auth.
fn rejects_itself(step: &Step<'_>, jwt_auth: &Step<'_>) -> bool {
    step.is_in_gateway() && step.filter == jwt_auth.filter
}

fn header_transform(chain: &Chain<'_>, index: usize, step: &Step<'_>, report: &mut Report) {
    let behind = chain.behind(index, FilterKind::JwtAuth);
    if let Some(jwt_auth) = behind.filter(|jwt_auth| !rejects_itself(step, jwt_auth)) {
        copies_before(step, jwt_auth, report);
    }
    if let Some(jwt_auth) = chain.before(index, FilterKind::JwtAuth) {
        changed_identities(step, jwt_auth, report);
    }
    if !step.is_in_gateway() {
        security_headers(chain, index, step, report);
        allow(chain, index, step, report);
    }
}

/// Templates and `rename` copy the value of a request header.
fn copies_before(step: &Step<'_>, jwt_auth: &Step<'_>, report: &mut Report) {
    let owned = owned_headers(jwt_auth);
    for (path, entry) in entries(step) {
        let renames = path.starts_with("request.rename.headers");
        let old = entry.split_once(':').filter(|_| renames).map(|(old, _)| old.trim());
        let names = templates(entry, "headers").into_iter().chain(old);
        for name in names.filter(|name| owned.contains(&name.to_ascii_lowercase())) {
            let message = format!("{path}: copies {name} before jwt-auth: clients can forge it");
            report.add(&codes::IDENTITY_COPIED_BEFORE_AUTH, step.place(&path), step.says(&message));
        }
    }
}

/// `add` is not among the rules: it keeps the header that jwt-auth has set.
fn changed_identities(step: &Step<'_>, jwt_auth: &Step<'_>, report: &mut Report) {
    let owned = owned_headers(jwt_auth);
    for (path, entry) in entries(step) {
        let Some(rest) = path.strip_prefix("request.") else { continue };
        let name = match rest.split_once(".headers") {
            Some(("rename", _)) => entry.split_once(':').map(|(_, new)| new),
            Some(("remove", _)) => Some(entry),
            Some(("replace" | "append", _)) => entry.split_once(':').map(|(name, _)| name),
            _ => None,
        };
        let Some(name) = name.map(|name| name.trim().to_ascii_lowercase()) else { continue };
        let is_owned = match name.strip_suffix('*') {
            Some(start) => owned.iter().any(|owned| owned.starts_with(start)),
            None => owned.contains(&name),
        };
        if is_owned {
            let message = format!("{path}: changes {name}, which jwt-auth sets");
            report.add(&codes::IDENTITY_HEADER_CHANGED, step.place(&path), step.says(&message));
        }
    }
}

fn security_headers(chain: &Chain<'_>, index: usize, step: &Step<'_>, report: &mut Report) {
    let has = |step: &Step<'_>| {
        let value =
            step.config.get("response").and_then(|response| response.get("security_headers"));
        value.is_some_and(|value| value.is_object() || value == true)
    };
    let rejecting = chain.steps.iter().take(index).find(|earlier| {
        matches!(earlier.kind, FilterKind::JwtAuth | FilterKind::RateLimit | FilterKind::Cors)
    });
    let is_covered = chain.steps.iter().take(index).any(has);
    if let Some(rejecting) = rejecting.filter(|_| has(step) && !is_covered) {
        let message = format!(
            "response.security_headers: rejections of {} do not get them; put them into a first \
             header-transform",
            rejecting.kind.name()
        );
        let place = step.place("response.security_headers");
        report.add(&codes::SECURITY_HEADERS_NOT_FIRST, place, step.says(&message));
    }
}

/// On Kong, filters see responses in the order of requests.
fn allow(chain: &Chain<'_>, index: usize, step: &Step<'_>, report: &mut Report) {
    let allow = step.config.get("response").and_then(|response| response.get("allow"));
    let is_listed = allow.is_some_and(|allow| !items(allow, "headers").is_empty());
    let later = [FilterKind::Cors, FilterKind::RateLimit];
    let later = later.into_iter().find_map(|kind| chain.behind(index, kind));
    let Some(later) = later.filter(|_| is_listed && chain.platform.proxy() == ProxyKind::Envoy)
    else {
        return;
    };
    let message = format!(
        "response.allow: removes the headers of {} if it does not list them",
        later.kind.name()
    );
    report.add(&codes::ALLOW_BEFORE_OTHERS, step.place("response.allow"), step.says(&message));
}
