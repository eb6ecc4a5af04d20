//! The filter `header_mutation`, and the header fields of routes and virtual hosts.

use novasphere_explain::ProxyKind;

use super::{
    chain::Filter,
    items,
    routes::{Input, Scopes},
    text,
};
use crate::{
    convert::{
        from::{input::secrets::is_credential, policy::headers},
        model::Route,
        report::Report,
        yaml::Map,
    },
    found::Place,
    source::Node,
};

/// Adds the mutations of the filter and of the route's override.
pub(super) fn add(route: &mut Route, filter: &Filter<'_>, report: &mut Report) {
    let mut rules = Rules { config: Map::new(), name: &filter.name, place: &filter.place };
    for node in std::iter::once(filter.base).chain(filter.own) {
        let Some(mutations) = node.field("mutations") else { continue };
        for (field, side) in [("request_mutations", "request"), ("response_mutations", "response")]
        {
            for mutation in items(mutations, field) {
                if let Some(name) = text(mutation, "remove") {
                    rules.remove(side, name);
                } else if let Some(append) = mutation.field("append") {
                    rules.append(side, append, report);
                }
            }
        }
        for field in ["query_parameter_mutations", "request_trailers", "response_trailers"] {
            if mutations.field(field).is_some() {
                report.left_out(&filter.place, format!("{}: {field}", filter.name));
            }
        }
    }
    rules.finish(route, report);
}

/// Adds the header fields of a route and the scopes around it.
pub(super) fn add_of_route(
    route: &mut Route,
    input: &Input<'_>,
    scopes: Scopes<'_>,
    report: &mut Report,
) {
    for scope in [scopes.route, scopes.host, scopes.table] {
        let place = input.document.place(scope);
        let name = format!("header fields of route {}", route.name);
        let mut rules = Rules { config: Map::new(), name: &name, place: &place };
        for side in ["request", "response"] {
            for name in
                items(scope, &format!("{side}_headers_to_remove")).iter().filter_map(Node::text)
            {
                rules.remove(side, name);
            }
            for entry in items(scope, &format!("{side}_headers_to_add")) {
                rules.append(side, entry, report);
            }
        }
        rules.finish(route, report);
    }
}

/// Rules of header-transform, as far as they are read.
struct Rules<'r> {
    config: Map,
    name: &'r str,
    place: &'r Place,
}

impl Rules<'_> {
    fn remove(&mut self, side: &str, name: &str) {
        self.push(side, "remove", name.to_owned());
    }

    fn push(&mut self, side: &str, rule: &str, entry: String) {
        self.config.edit(side, |rules| {
            rules.edit(rule, |entries| {
                if !entries.texts("headers").contains(&entry) {
                    entries.push("headers", entry);
                }
            });
        });
    }

    fn append(&mut self, side: &str, entry: &Node, report: &mut Report) {
        let Some(header) = entry.field("header") else { return };
        let name = text(header, "key").unwrap_or_default();
        let value = text(header, "value").unwrap_or_default();
        let action = action(entry);
        let new = match is_credential(&format!("{name}:{value}")) {
            true => Err("may be a credential; write the rule yourself"),
            false => template(value).ok_or("has a command that is not supported"),
        };
        let pair = match new {
            Ok(value) => format!("{name}:{value}"),
            Err(reason) => {
                let message = format!("{}: the value of {name} {reason}", self.name);
                report.left_out(self.place, message);
                if action.starts_with("OVERWRITE") {
                    // The header of the client or the upstream must not replace it.
                    self.remove(side, name);
                }
                return;
            }
        };
        match action {
            "ADD_IF_ABSENT" => self.push(side, "add", pair),
            "OVERWRITE_IF_EXISTS" => self.push(side, "replace", pair),
            "OVERWRITE_IF_EXISTS_OR_ADD" => {
                self.remove(side, name);
                self.push(side, "add", pair);
            }
            _ => self.push(side, "append", pair),
        }
    }

    fn finish(self, route: &mut Route, report: &mut Report) {
        if self.config.is_empty() {
            return;
        }
        let checked = headers::finish(self.config, ProxyKind::Envoy, self.place, self.name, report);
        let Some(config) = checked else { return };
        let before = route.chain.header_transform.take().unwrap_or_default();
        let merged = headers::merge(before.clone(), &config);
        let merged = headers::finish(merged, ProxyKind::Envoy, self.place, self.name, report);
        route.chain.header_transform = merged.or((!before.is_empty()).then_some(before));
        report.converted(self.place, format!("{}: header_transform", self.name));
    }
}

/// What a rule does with a header that is there.
fn action(entry: &Node) -> &str {
    match (text(entry, "append_action"), text(entry, "append")) {
        (Some(action), _) => action,
        (None, Some("false")) => "OVERWRITE_IF_EXISTS_OR_ADD",
        (None, _) => "APPEND_IF_EXISTS_OR_ADD",
    }
}

/// A value with Envoy's commands as a template. `None` if a command has no counterpart.
fn template(value: &str) -> Option<String> {
    let mut template = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('%') {
        template.push_str(&before.replace("$(", "$$("));
        if let Some(after) = after.strip_prefix('%') {
            template.push('%');
            rest = after;
            continue;
        }
        let (command, after) = after.split_once('%')?;
        template.push_str(&match command {
            "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => "$(client.ip)".to_owned(),
            command => {
                let name = command.strip_prefix("REQ(")?.strip_suffix(')')?;
                let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                is_name.then(|| format!("$(headers.{})", name.to_ascii_lowercase()))?
            }
        });
        rest = after;
    }
    template.push_str(&rest.replace("$(", "$$("));
    Some(template)
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn commands_become_templates() {
        assert_eq!(template("a%REQ(X-Id)%b").as_deref(), Some("a$(headers.x-id)b"));
        assert_eq!(template("100%%").as_deref(), Some("100%"));
        assert_eq!(template("$(x)").as_deref(), Some("$$(x)"));
        assert_eq!(template("%START_TIME%"), None);
    }
}
