//! How a configuration becomes the policy.

mod conditions;
mod entries;
#[cfg(feature = "schema")]
pub(crate) mod schema;
mod security;
mod wire;

use novasphere_core::{BuildContext, Capability, HeaderName};

pub use self::wire::Config;
use self::{
    entries::{Entry, Place, Rules as Parsed},
    wire::{RequestRules, ResponseEntries, ResponseRules},
};
use crate::{
    condition::Condition,
    field,
    filter::HeaderTransform,
    message::Message,
    param,
    pattern::{EXACTLY, NamePattern},
    query::{QueryRules, Rule},
    rules::Rules,
    template::{Form, Value, compile},
};

impl Config {
    pub(crate) fn into_filter(self, cx: &mut BuildContext<'_>) -> HeaderTransform {
        let Config { request, response } = self;
        let (request, response) = (request.0, response.0);
        if !request.has_rules() && !response.has_rules() {
            cx.fault("", "has no effect: give request or response at least one rule");
        }
        if response.has_rules()
            && let Some(remedy) = cx.unsupported(Capability::Response)
        {
            cx.fault("response", format!("cannot be used here: {remedy}"));
        }
        let (request, query) = request.into_rules(cx);
        let response = response.into_rules(cx);
        HeaderTransform::new(request, query, response)
    }
}

/// The entries of one rule: its name, when it applies, and the texts.
type Texts<'c> = (Condition, &'c [String]);

impl RequestRules {
    fn has_rules(&self) -> bool {
        let rules = [&self.remove, &self.rename, &self.replace, &self.add, &self.append];
        rules.iter().any(|rule| !rule.headers.is_empty() || !rule.querystring.is_empty())
    }

    fn into_rules(self, cx: &mut BuildContext<'_>) -> (Rules, QueryRules) {
        let [remove, rename, replace, add, append] = [
            ("remove", &self.remove),
            ("rename", &self.rename),
            ("replace", &self.replace),
            ("add", &self.add),
            ("append", &self.append),
        ]
        .map(|(name, rule)| conditions::of_request(name, rule, cx));
        let message = Message::Request;
        let texts = [
            (remove.clone(), &*self.remove.headers),
            (rename.clone(), &*self.rename.headers),
            (replace.clone(), &*self.replace.headers),
            (add.clone(), &*self.add.headers),
            (append.clone(), &*self.append.headers),
            (Condition::Always, &[]),
        ];
        let headers = headers(message, texts, cx);
        let texts = [
            (remove, &*self.remove.querystring),
            (rename, &*self.rename.querystring),
            (replace, &*self.replace.querystring),
            (add, &*self.add.querystring),
            (append, &*self.append.querystring),
        ];
        let query = params(texts, cx);
        (header_rules(message, headers), query_rules(query))
    }
}

impl ResponseRules {
    fn has_rules(&self) -> bool {
        let rules = [&self.remove, &self.rename, &self.replace, &self.add, &self.append];
        self.allow.is_some()
            || self.security_headers.is_on()
            || rules.iter().any(|rule| !rule.headers.is_empty())
    }

    fn into_rules(self, cx: &mut BuildContext<'_>) -> Rules {
        if self.allow.as_ref().is_some_and(|allow| allow.headers.is_empty()) {
            let fault = "must not be empty: name the headers that may pass, or leave allow out \
                         to let all pass";
            cx.fault("response.allow.headers", fault);
        }
        let none = ResponseEntries::default();
        let texts = [
            ("remove", &self.remove),
            ("rename", &self.rename),
            ("replace", &self.replace),
            ("add", &self.add),
            ("append", &self.append),
            ("allow", self.allow.as_ref().unwrap_or(&none)),
        ]
        .map(|(name, rule)| (conditions::of_response(name, rule, cx), &*rule.headers));
        let headers = headers(Message::Response, texts, cx);
        let security = self.security_headers.into_rules(&headers, cx);
        let mut rules = header_rules(Message::Response, headers);
        security.add_to(&mut rules);
        rules
    }
}

/// Takes the entries about headers apart.
fn headers(
    message: Message,
    [remove, rename, replace, add, append, allow]: [Texts<'_>; 6],
    cx: &mut BuildContext<'_>,
) -> Parsed {
    let claims = cx.passes_attributes();
    let mut place = Place { message, list: "headers", fold: message.fold(), cx };
    let removal = |entry: &str| field::removal(entry, message).map(named);
    let allowed = |entry: &str| field::names(entry, message).map(named);
    let renaming = |entry: &str| {
        field::renaming(entry, message).map(|(old, new)| (old.to_string(), new.to_string()))
    };
    let line = |entry: &str| {
        field::line(entry, message, claims).map(|(name, value)| (name.to_string(), value))
    };
    let another_line = |entry: &str| {
        field::another_line(entry, message, claims).map(|(name, value)| (name.to_string(), value))
    };
    let parsed = Parsed {
        allow: place.rule("allow", &allow.0, allow.1, &allowed),
        remove: place.rule("remove", &remove.0, remove.1, &removal),
        rename: place.rule("rename", &rename.0, rename.1, &renaming),
        replace: place.rule("replace", &replace.0, replace.1, &line),
        add: place.rule("add", &add.0, add.1, &line),
        append: place.rule("append", &append.0, append.1, &another_line),
    };
    place.check(&parsed);
    if message == Message::Request {
        place.refuse_two_spellings(&parsed);
    }
    parsed
}

/// Takes the entries about query parameters apart.
fn params(
    [remove, rename, replace, add, append]: [Texts<'_>; 5],
    cx: &mut BuildContext<'_>,
) -> Parsed {
    let claims = cx.passes_attributes();
    let mut place = Place { message: Message::Request, list: "querystring", fold: EXACTLY, cx };
    let removal = |entry: &str| param::removal(entry).map(named);
    let line = |entry: &str| param::line(entry, claims);
    let parsed = Parsed {
        allow: place.rule("allow", &Condition::Always, &[], &removal),
        remove: place.rule("remove", &remove.0, remove.1, &removal),
        rename: place.rule("rename", &rename.0, rename.1, &param::renaming),
        replace: place.rule("replace", &replace.0, replace.1, &line),
        add: place.rule("add", &add.0, add.1, &line),
        append: place.rule("append", &append.0, append.1, &line),
    };
    place.check(&parsed);
    parsed
}

fn named(pattern: NamePattern) -> (String, NamePattern) {
    (pattern.as_str().to_owned(), pattern)
}

/// The rules about headers, in their order.
fn header_rules(message: Message, parsed: Parsed) -> Rules {
    let Parsed { remove, rename, replace, add, append, allow } = parsed;
    let mut rules = Rules::new(message);
    if !allow.entries.is_empty() {
        let allowed = allow.entries.into_iter().map(|entry| entry.argument).collect();
        rules.allow(&allow.when, allowed);
    }
    for Entry { argument: pattern, .. } in remove.entries {
        match pattern.name().map(HeaderName::parse) {
            Some(Ok(name)) => rules.remove(&remove.when, name),
            _ => rules.remove_matching(&remove.when, pattern),
        }
    }
    for Entry { name, argument, .. } in rename.entries {
        if let (Ok(old), Ok(new)) = (HeaderName::parse(&name), HeaderName::parse(&argument)) {
            rules.rename(&rename.when, old, new);
        }
    }
    for (rule, push) in [
        (replace, Rules::replace as fn(&mut Rules, &Condition, HeaderName, Value)),
        (add, Rules::add),
        (append, Rules::append),
    ] {
        for Entry { name, argument, .. } in rule.entries {
            let value = compile(argument, Form::Field, &mut rules.templates);
            if let Ok(name) = HeaderName::parse(&name) {
                push(&mut rules, &rule.when, name, value);
            }
        }
    }
    rules
}

/// The rules about query parameters, in their order.
fn query_rules(parsed: Parsed) -> QueryRules {
    let Parsed { remove, rename, replace, add, append, allow: _ } = parsed;
    let mut rules = QueryRules::default();
    for entry in remove.entries {
        rules.push(&remove.when, Rule::Remove(entry.argument));
    }
    for entry in rename.entries {
        rules.push(&rename.when, Rule::Rename { old: entry.name, new: entry.argument });
    }
    for (rule, kind) in [
        (replace, Rule::Replace as fn(String, Value) -> Rule),
        (add, Rule::Add),
        (append, Rule::Append),
    ] {
        for Entry { name, argument, .. } in rule.entries {
            let value = compile(argument, Form::Param, &mut rules.templates);
            rules.push(&rule.when, kind(name, value));
        }
    }
    rules
}
