//! The entries of `origins`: which may stand together, and what they would let happen.

use novasphere_core::BuildContext;

use super::{PolicyConfig, patterns};
use crate::{
    group::{Group, Origins},
    origin_rule::OriginRule,
};

/// Checks `config.origins` and computes what they mean, after the groups in `earlier`.
pub(super) fn compile(
    config: &PolicyConfig,
    at: &str,
    earlier: &[Group],
    cx: &mut BuildContext<'_>,
) -> Origins {
    let entries = &config.origins;
    let everyone = entries.iter().any(|entry| entry == "*");
    if entries.is_empty() {
        cx.fault(format!("{at}origins"), "must not be empty: name the origins");
    }
    let mut rules: Vec<OriginRule> = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let path = format!("{at}origins[{i}]");
        match rule(entry) {
            Err(fault) => cx.fault(path, fault),
            Ok(rule) => {
                let is_twice = rules.iter().any(|other| other.is(&rule))
                    || entries.iter().take(i).any(|other| other == entry);
                if is_twice {
                    cx.fault(path, format!("{entry:?} is listed twice"));
                } else if everyone && !counts_beside_any(config, &rule) {
                    let fault = "has no effect beside \"*\": keep one of the two";
                    cx.fault(path, format!("{entry:?} {fault}"));
                } else if earlier.iter().any(|group| group.origins.covers(&rule)) {
                    let fault = "has no effect: an entry of policies before it decides; put the \
                                 narrower one first";
                    cx.fault(path, format!("{entry:?} {fault}"));
                } else {
                    check_danger(config, &rule, entry, &path, cx);
                }
                rules.push(rule);
            }
        }
    }
    if config.private_network == Some(true) && everyone {
        cx.warn(&format!("{at}private_network: every site may reach into the private network"));
    }
    check_reflection(config, everyone, at, cx);
    if everyone && !config.reflect_any_origin { Origins::Any } else { Origins::Named(rules) }
}

fn rule(entry: &str) -> Result<OriginRule, String> {
    match entry.strip_prefix('~') {
        Some(text) => patterns::compile(text).map(OriginRule::Pattern),
        None => OriginRule::parse(entry).map_err(|error| format!("{entry:?} {error}")),
    }
}

/// Whether `rule` can stand in one list with `*`.
fn counts_beside_any(config: &PolicyConfig, rule: &OriginRule) -> bool {
    match rule {
        OriginRule::Every => true,
        // A constant `*` covers them, a reflected origin does not.
        OriginRule::Null => config.reflect_any_origin,
        OriginRule::Form(form) => config.reflect_any_origin && form.is_local_file(),
        OriginRule::Pattern(_) => false,
    }
}

/// What is not refused for its form, but for what it would let happen, or is worth a warning.
fn check_danger(
    config: &PolicyConfig,
    rule: &OriginRule,
    entry: &str,
    path: &str,
    cx: &mut BuildContext<'_>,
) {
    let credentials = config.credentials == Some(true);
    match rule {
        // Whoever puts a page into a sandboxed frame is `null`, so this is everyone.
        OriginRule::Null if credentials && !config.reflect_any_origin => cx.fault(
            path,
            "\"null\" with credentials lets every site act as the user: any page in a sandboxed \
             frame is null. Give null a policy without credentials, or the page an origin of its \
             own",
        ),
        OriginRule::Form(form) => {
            if let Some(domain) = form.top_level_domain() {
                warn_of_domain(path, entry, domain, cx);
            }
            if credentials && form.is_local_file() {
                cx.warn(&format!("{path}: every local file the user opens may act as the user"));
            }
            if credentials && form.is_plain_http() {
                warn_of_plain_http(path, entry, cx);
            }
        }
        OriginRule::Pattern(pattern) => {
            let text = entry.strip_prefix('~').unwrap_or(entry);
            if let Some(domain) = patterns::top_level_domain(text, pattern) {
                warn_of_domain(path, entry, domain, cx);
            }
            if patterns::has_open_front(text, pattern) {
                cx.warn(&format!(
                    "{path}: {entry:?} lets anything stand before a name, as in evilnovasphere.io: \
                     write (.*\\.)? for subdomains"
                ));
            }
            if credentials && patterns::is_plain_http(text) {
                warn_of_plain_http(path, entry, cx);
            }
        }
        _ => {}
    }
}

fn warn_of_domain(path: &str, entry: &str, domain: &str, cx: &mut BuildContext<'_>) {
    cx.warn(&format!("{path}: {entry:?} trusts every site under .{domain}"));
}

fn warn_of_plain_http(path: &str, entry: &str, cx: &mut BuildContext<'_>) {
    cx.warn(&format!(
        "{path}: {entry:?} has no TLS: whoever changes the page on its way acts as the user"
    ));
}

fn check_reflection(config: &PolicyConfig, everyone: bool, at: &str, cx: &mut BuildContext<'_>) {
    if !everyone {
        // Where there are no origins at all, that is said.
        if config.reflect_any_origin && !config.origins.is_empty() {
            let path = format!("{at}reflect_any_origin");
            cx.fault(path, "has no effect unless origins is [\"*\"]");
        }
    } else if config.credentials == Some(true) && !config.reflect_any_origin {
        cx.fault(
            format!("{at}origins"),
            "\"*\", which is the default, cannot be combined with credentials (Fetch standard, \
             CORS protocol and credentials): name the origins, or say \"reflect_any_origin\": true \
             if every site may act as the user",
        );
    }
}
