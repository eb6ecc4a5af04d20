//! What a user writes, and how it becomes the policy.

use novasphere_core::{ConfigErrors, HeaderName, Host, Sensitive, decode};
use serde::Deserialize;

use crate::{
    field::{self, InvalidEntry, Message},
    policy::HeaderTransform,
    rules::Rules,
};

/// Configuration of the header-transform filter: the rules of Kong's request-transformer under
/// `request`, those of its response-transformer under `response`. At least one rule is needed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Rules for requests, before they go upstream.
    request: Sensitive<RuleSet>,
    /// Rules for responses, before they go to the client.
    response: Sensitive<RuleSet>,
}

/// Rules, carried out in this order; each sees what those before it left. Names are compared
/// without regard to case. Values may be credentials for the upstream, so faults do not quote them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RuleSet {
    /// Headers to take away, all lines of them: names.
    remove: Names,
    /// Headers to rename: `old:new`. All lines move; lines of the new name go.
    rename: Names,
    /// Headers to give another value: `name:value`. Only if present.
    replace: Lines,
    /// Headers to add: `name:value`. Only if absent.
    add: Lines,
    /// Lines to append: `name:value`, in any case.
    append: Lines,
}

/// What a rule is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Names {
    /// Header names; for `rename` two, joined by a colon.
    headers: Vec<String>,
}

/// What a rule is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Lines {
    /// A name, a colon and a value each; white space around the value is not part of it.
    headers: Vec<String>,
}

/// Checks `config` and computes the policy.
pub(crate) fn configure(config: &[u8], _: &dyn Host) -> Result<HeaderTransform, ConfigErrors> {
    let (config, mut errors) = decode::<Config>(config)?;
    let policy = config.into_policy(&mut errors);
    errors.into_result(policy)
}

impl Config {
    /// The policy, which is to be used only if no fault was added.
    fn into_policy(self, errors: &mut ConfigErrors) -> HeaderTransform {
        if !self.request.0.has_rules() && !self.response.0.has_rules() {
            errors.add("", "has no effect: give request or response at least one rule");
        }
        HeaderTransform {
            request: self.request.0.into_rules(Message::Request, errors),
            response: self.response.0.into_rules(Message::Response, errors),
        }
    }
}

impl RuleSet {
    fn has_rules(&self) -> bool {
        let names = [&self.remove, &self.rename];
        let values = [&self.replace, &self.add, &self.append];
        names.iter().any(|n| !n.headers.is_empty()) || values.iter().any(|v| !v.headers.is_empty())
    }

    fn into_rules(self, message: Message, errors: &mut ConfigErrors) -> Rules {
        let mut parser = Parser { message, errors };
        let remove = parser.entries("remove", &self.remove.headers, |entry| {
            field::removable(entry, message).map(|name| (name, ()))
        });
        let rename =
            parser.entries("rename", &self.rename.headers, |entry| field::renaming(entry, message));
        let replace = parser.entries("replace", &self.replace.headers, field::line);
        let add = parser.entries("add", &self.add.headers, field::line);
        let append = parser.entries("append", &self.append.headers, field::line);

        parser.refuse_repeated("remove", &remove, "once is enough");
        parser.refuse_repeated("rename", &rename, "nothing is left after the first time");
        parser.refuse_repeated("replace", &replace, "give it one value");
        parser.refuse_repeated("add", &add, "it is present after the first time, use append");
        parser.refuse_removed("rename", &remove, &rename, &rename);
        parser.refuse_removed("replace", &remove, &rename, &replace);

        let mut rules = Rules::default();
        remove.into_iter().for_each(|entry| rules.remove(entry.name));
        rename.into_iter().for_each(|entry| rules.rename(entry.name, entry.argument));
        replace.into_iter().for_each(|entry| rules.replace(entry.name, entry.argument));
        add.into_iter().for_each(|entry| rules.add(entry.name, entry.argument));
        append.into_iter().for_each(|entry| rules.append(entry.name, entry.argument));
        rules
    }
}

/// One entry of a rule, taken apart.
struct Entry<T> {
    /// Its place in the list.
    index: usize,
    name: HeaderName,
    /// The new name or the value.
    argument: T,
}

/// Reads the rules for one message.
struct Parser<'e> {
    message: Message,
    errors: &'e mut ConfigErrors,
}

impl Parser<'_> {
    fn entries<T>(
        &mut self,
        rule: &str,
        entries: &[String],
        parse: impl Fn(&str) -> Result<(HeaderName, T), InvalidEntry>,
    ) -> Vec<Entry<T>> {
        let mut parsed = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            match parse(entry) {
                Ok((name, argument)) => parsed.push(Entry { index, name, argument }),
                Err(error) => self.add(rule, index, error.to_string()),
            }
        }
        parsed
    }

    fn refuse_repeated<T>(&mut self, rule: &str, entries: &[Entry<T>], reason: &str) {
        for (i, Entry { index, name, .. }) in entries.iter().enumerate() {
            if entries.iter().take(i).any(|earlier| earlier.name == *name) {
                self.add(rule, *index, format!("\"{name}\" is named twice: {reason}"));
            }
        }
    }

    /// Refuses entries about a header that `remove` takes away and no renaming brings back.
    fn refuse_removed<T>(
        &mut self,
        rule: &str,
        remove: &[Entry<()>],
        rename: &[Entry<HeaderName>],
        entries: &[Entry<T>],
    ) {
        for Entry { index, name, .. } in entries {
            let removed = remove.iter().any(|entry| entry.name == *name);
            let back = rename.iter().any(|entry| entry.argument == *name && entry.name != *name);
            if removed && !back {
                let fault = format!("\"{name}\" is removed before, so nothing is left to {rule}");
                self.add(rule, *index, fault);
            }
        }
    }

    fn add(&mut self, rule: &str, index: usize, fault: String) {
        let message = match self.message {
            Message::Request => "request",
            Message::Response => "response",
        };
        self.errors.add(format!("{message}.{rule}.headers[{index}]"), fault);
    }
}
