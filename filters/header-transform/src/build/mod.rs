//! From a configuration to the rules of the filter.

mod conditions;
mod conflicts;
mod entries;
mod entry_list;
mod parsed_rules;
mod refusals;
mod security_headers;
mod unremovable;

use novasphere_core::{BuildContext, Capability, HeaderName};

use self::{
    conditions::{request_scope, response_scope},
    entries::{header_entries, param_entries},
    parsed_rules::{ParsedEntry, ParsedRules},
    security_headers::security_headers,
};
use crate::{
    config::{Config, RequestRules, ResponseEntries, ResponseRules},
    message::Message,
    rules::{HeaderRules, QueryRule, QueryRules, Rules, Scope},
    template::{Destination, Value, compile},
};

/// Checks `config`. The result is usable only if `cx` has no faults.
#[cold]
pub(crate) fn build(config: Config, cx: &mut BuildContext<'_>) -> Rules {
    let Config { request, response } = config;
    let (request, response) = (request.0, response.0);
    let has_response_rules = has_response_rules(&response);
    if !has_request_rules(&request) && !has_response_rules {
        cx.fault("", "has no effect: configure at least one rule in request or response");
    }
    if has_response_rules && let Some(remedy) = cx.unsupported(Capability::Response) {
        cx.fault("response", format!("cannot be used here: {remedy}"));
    }
    let (request, query) = request_rules(&request, cx);
    let response = response_rules(response, cx);
    let refusals = response.on_refusals();
    Rules { request, query, response, refusals }
}

fn has_request_rules(rules: &RequestRules) -> bool {
    let rules = [&rules.remove, &rules.rename, &rules.replace, &rules.add, &rules.append];
    rules.iter().any(|rule| !rule.headers.is_empty() || !rule.querystring.is_empty())
}

fn has_response_rules(rules: &ResponseRules) -> bool {
    let lists = [&rules.remove, &rules.rename, &rules.replace, &rules.add, &rules.append];
    rules.allow.is_some()
        || rules.security_headers.is_on()
        || lists.iter().any(|rule| !rule.headers.is_empty())
}

#[cold]
fn request_rules(config: &RequestRules, cx: &mut BuildContext<'_>) -> (HeaderRules, QueryRules) {
    let [remove, rename, replace, add, append] = [
        ("remove", &config.remove),
        ("rename", &config.rename),
        ("replace", &config.replace),
        ("add", &config.add),
        ("append", &config.append),
    ]
    .map(|(name, rule)| request_scope(name, rule, cx));
    let texts = [
        (remove.clone(), &*config.remove.headers),
        (rename.clone(), &*config.rename.headers),
        (replace.clone(), &*config.replace.headers),
        (add.clone(), &*config.add.headers),
        (append.clone(), &*config.append.headers),
        (Scope::default(), &[]),
    ];
    let headers = header_entries(Message::Request, texts, cx);
    let texts = [
        (remove, &*config.remove.querystring),
        (rename, &*config.rename.querystring),
        (replace, &*config.replace.querystring),
        (add, &*config.add.querystring),
        (append, &*config.append.querystring),
    ];
    let params = param_entries(texts, cx);
    (header_rules(Message::Request, headers), query_rules(params))
}

#[cold]
fn response_rules(config: ResponseRules, cx: &mut BuildContext<'_>) -> HeaderRules {
    if config.allow.as_ref().is_some_and(|allow| allow.headers.is_empty()) {
        let fault = "must not be empty: list the headers that may pass, or omit allow to let all \
                     pass";
        cx.fault("response.allow.headers", fault);
    }
    let none = ResponseEntries::default();
    let texts = [
        ("remove", &config.remove),
        ("rename", &config.rename),
        ("replace", &config.replace),
        ("add", &config.add),
        ("append", &config.append),
        ("allow", config.allow.as_ref().unwrap_or(&none)),
    ]
    .map(|(name, rule)| (response_scope(name, rule, cx), &*rule.headers));
    let headers = header_entries(Message::Response, texts, cx);
    let security = security_headers(config.security_headers, &headers, cx);
    let mut rules = header_rules(Message::Response, headers);
    security.add_to(&mut rules);
    rules
}

/// The rules for headers, in the order they run.
fn header_rules(message: Message, parsed: ParsedRules) -> HeaderRules {
    let ParsedRules { remove, rename, replace, add, append, allow } = parsed;
    let mut rules = HeaderRules::new(message);
    if !allow.entries.is_empty() {
        let allowed = allow.entries.into_iter().map(|entry| entry.argument).collect();
        rules.allow(&allow.scope, allowed);
    }
    for ParsedEntry { argument: pattern, .. } in remove.entries {
        match pattern.name().map(HeaderName::parse) {
            Some(Ok(name)) => rules.remove(&remove.scope, name),
            _ => rules.remove_matching(&remove.scope, pattern),
        }
    }
    for ParsedEntry { name, argument, .. } in rename.entries {
        if let (Ok(old), Ok(new)) = (HeaderName::parse(&name), HeaderName::parse(&argument)) {
            rules.rename(&rename.scope, old, new);
        }
    }
    for (rule, push) in [
        (replace, HeaderRules::replace as fn(&mut HeaderRules, &Scope, HeaderName, Value)),
        (add, HeaderRules::add),
        (append, HeaderRules::append),
    ] {
        for ParsedEntry { name, argument, .. } in rule.entries {
            let value = compile(argument, Destination::Header, &mut rules.templates);
            if let Ok(name) = HeaderName::parse(&name) {
                push(&mut rules, &rule.scope, name, value);
            }
        }
    }
    rules
}

/// The rules for query parameters, in the order they run.
fn query_rules(parsed: ParsedRules) -> QueryRules {
    let ParsedRules { remove, rename, replace, add, append, allow: _ } = parsed;
    let mut rules = QueryRules::default();
    for entry in remove.entries {
        rules.push(&remove.scope.condition, QueryRule::Remove(entry.argument));
    }
    for entry in rename.entries {
        let rule = QueryRule::Rename { old: entry.name, new: entry.argument };
        rules.push(&rename.scope.condition, rule);
    }
    for (rule, kind) in [
        (replace, QueryRule::Replace as fn(String, Value) -> QueryRule),
        (add, QueryRule::Add),
        (append, QueryRule::Append),
    ] {
        for ParsedEntry { name, argument, .. } in rule.entries {
            let value = compile(argument, Destination::Query, &mut rules.templates);
            rules.push(&rule.scope.condition, kind(name, value));
        }
    }
    rules
}
