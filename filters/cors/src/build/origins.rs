//! Checks of `origins`: entries without effect, and dangerous entries.

use novasphere_core::BuildContext;

use super::patterns::{self, InvalidOriginPattern};
use crate::{
    config::PolicyConfig,
    origin::{InvalidOrigin, OriginRule, origins_in},
    policy::{AllowOrigin, Policy},
};

/// Checks `config.origins` and computes the origins they allow, after the policies in `earlier`.
#[cold]
pub(super) fn build(
    config: &PolicyConfig,
    prefix: &str,
    earlier: &[Policy],
    cx: &mut BuildContext<'_>,
) -> AllowOrigin {
    let entries = &config.origins;
    let is_any = entries.iter().any(|entry| entry == "*");
    if entries.is_empty() {
        cx.fault(format!("{prefix}origins"), "must not be empty: list the origins");
    }
    let mut rules: Vec<OriginRule> = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let path = format!("{prefix}origins[{i}]");
        match parse(entry) {
            Err(fault) => cx.fault(path, fault),
            Ok(rule) => {
                let is_repeated = rules.iter().any(|other| other.is_same(&rule))
                    || entries.iter().take(i).any(|other| other == entry);
                if is_repeated {
                    cx.fault(path, format!("{entry:?} is listed twice"));
                } else if is_any && !has_effect_beside_any(config, &rule) {
                    let fault = "has no effect beside \"*\": keep one of the two";
                    cx.fault(path, format!("{entry:?} {fault}"));
                } else if earlier.iter().any(|policy| policy.allow_origin.covers(&rule)) {
                    let fault = "has no effect: an earlier policy covers it; put the narrower \
                                 policy first";
                    cx.fault(path, format!("{entry:?} {fault}"));
                } else {
                    check_danger(config, &rule, entry, &path, cx);
                }
                rules.push(rule);
            }
        }
    }
    if config.private_network == Some(true) && is_any {
        cx.warn(&format!("{prefix}private_network"), "every site can reach the private network");
    }
    if config.reflect_any_origin && is_any && config.credentials == Some(true) {
        let message = "with credentials, every site can act as the user; list the origins instead";
        cx.warn(&format!("{prefix}reflect_any_origin"), message);
    }
    check_reflection(config, is_any, prefix, cx);
    match is_any && !config.reflect_any_origin {
        true => AllowOrigin::Any,
        false => AllowOrigin::Listed(rules),
    }
}

fn parse(entry: &str) -> Result<OriginRule, String> {
    // Messages do not quote user information or a query, which may be secret.
    let is_secret = entry.contains('@') || entry.contains('?');
    match entry.strip_prefix('~') {
        Some(text) if text.contains('@') => {
            Err("must match an origin, which has no user information".to_owned())
        }
        Some(text) => patterns::parse(text).map(OriginRule::Pattern).map_err(|error| match error {
            // Quotes the expression itself.
            InvalidOriginPattern::Syntax(_) => error.to_string(),
            _ => format!("{text:?} {error}"),
        }),
        None if is_secret => OriginRule::parse(entry).map_err(|error| error.to_string()),
        None => OriginRule::parse(entry).map_err(|error| {
            let form = form(entry, error).map(|form| format!(": {form}")).unwrap_or_default();
            format!("{entry:?} {error}{form}")
        }),
    }
}

/// The entry in the form that `error` recommends. `None` if it cannot be derived.
fn form(entry: &str, error: InvalidOrigin) -> Option<String> {
    match error {
        InvalidOrigin::Several => {
            let quoted: Vec<String> = origins_in(entry).map(|one| format!("{one:?}")).collect();
            Some(quoted.join(", "))
        }
        InvalidOrigin::Wildcard => {
            let pattern = patterns::of_wildcards(entry)?;
            let is_valid = OriginRule::parse(&entry.replace('*', "a")).is_ok();
            (is_valid && patterns::parse(&pattern).is_ok())
                .then(|| format!("{:?}", format!("~{pattern}")))
        }
        _ => None,
    }
}

fn has_effect_beside_any(config: &PolicyConfig, rule: &OriginRule) -> bool {
    match rule {
        OriginRule::Any => true,
        // A constant `*` covers these. A reflected origin does not.
        OriginRule::Null => config.reflect_any_origin,
        OriginRule::Origin(matcher) => config.reflect_any_origin && matcher.is_local_file(),
        OriginRule::Pattern(_) => false,
    }
}

/// Rejects a well-formed entry that allows too much, or warns about it.
#[cold]
fn check_danger(
    config: &PolicyConfig,
    rule: &OriginRule,
    entry: &str,
    path: &str,
    cx: &mut BuildContext<'_>,
) {
    let credentials = config.credentials == Some(true);
    match rule {
        // Any site can load a page into a sandboxed frame, so `null` means every site.
        OriginRule::Null if credentials && !config.reflect_any_origin => cx.fault(
            path,
            "\"null\" with credentials lets every site act as the user, because any page in a \
             sandboxed frame is null: use a policy without credentials for null, or give the page \
             its own origin",
        ),
        OriginRule::Origin(matcher) => {
            if let Some(domain) = matcher.top_level_domain() {
                warn_about_domain(path, entry, domain, cx);
            }
            if credentials && matcher.is_local_file() {
                cx.warn(path, "any local file that the user opens can act as the user");
            }
            if credentials && matcher.is_plain_http() {
                warn_about_plain_http(path, entry, cx);
            }
        }
        OriginRule::Pattern(pattern) => {
            let text = entry.strip_prefix('~').unwrap_or(entry);
            if let Some(domain) = patterns::top_level_domain(text, pattern) {
                warn_about_domain(path, entry, domain, cx);
            }
            if patterns::has_open_start(text, pattern) {
                let message = format!(
                    "{entry:?} allows any text before a name, such as evilnovasphere.io: \
                     write (.*\\.)? for subdomains"
                );
                cx.warn(path, &message);
            }
            if credentials && patterns::is_plain_http(text) {
                warn_about_plain_http(path, entry, cx);
            }
        }
        _ => {}
    }
}

fn warn_about_domain(path: &str, entry: &str, domain: &str, cx: &mut BuildContext<'_>) {
    cx.warn(path, &format!("{entry:?} trusts every site under .{domain}"));
}

#[cold]
fn warn_about_plain_http(path: &str, entry: &str, cx: &mut BuildContext<'_>) {
    let message = format!(
        "{entry:?} has no TLS: an attacker who changes the page in transit can act as the \
         user"
    );
    cx.warn(path, &message);
}

#[cold]
fn check_reflection(config: &PolicyConfig, is_any: bool, prefix: &str, cx: &mut BuildContext<'_>) {
    if !is_any {
        // An empty list has a fault already.
        if config.reflect_any_origin && !config.origins.is_empty() {
            let path = format!("{prefix}reflect_any_origin");
            cx.fault(path, "has no effect unless origins is [\"*\"]");
        }
    } else if config.credentials == Some(true) && !config.reflect_any_origin {
        cx.fault(
            format!("{prefix}origins"),
            "\"*\" (the default) cannot be combined with credentials (Fetch standard, CORS \
             protocol and credentials): list the origins, or set \"reflect_any_origin\": true if \
             every site may act as the user",
        );
    }
}
