//! The conditions of a route: `match`.

use serde_json::Value;

use crate::{
    found::PathCondition,
    source::{Node, Reader},
};

/// The condition about the path. `case_sensitive` does not apply to regular expressions.
pub(super) fn path_condition(condition: &Node) -> PathCondition {
    let ignores_case = condition
        .field("case_sensitive")
        .is_some_and(|value| Reader::Envoy.value(value) == Value::Bool(false));
    let exact = exact_condition(condition);
    match exact {
        PathCondition::Exact(path) if ignores_case => {
            any_case(PathCondition::Exact(path.to_ascii_lowercase()))
        }
        PathCondition::Prefix(path) if ignores_case => {
            any_case(PathCondition::Prefix(path.to_ascii_lowercase()))
        }
        PathCondition::SeparatedPrefix(path) if ignores_case => {
            any_case(PathCondition::SeparatedPrefix(path.to_ascii_lowercase()))
        }
        other => other,
    }
}

fn any_case(condition: PathCondition) -> PathCondition {
    PathCondition::AnyCase(Box::new(condition))
}

fn exact_condition(condition: &Node) -> PathCondition {
    let text = |name: &str| condition.field(name).and_then(Node::text).map(str::to_owned);
    let regex = condition.fields(&["safe_regex", "regex"]).and_then(Node::text);
    if let Some(path) = text("path") {
        return PathCondition::Exact(path);
    }
    if let Some(prefix) = text("path_separated_prefix") {
        return PathCondition::SeparatedPrefix(prefix);
    }
    if let Some(regex) = regex {
        return PathCondition::Regex(regex.to_owned());
    }
    text("prefix").map_or(PathCondition::Any, PathCondition::Prefix)
}

/// The methods that a condition about `:method` allows.
pub(super) fn methods(condition: &Node) -> Vec<String> {
    let headers = condition.get("headers").map(Node::items).unwrap_or_default();
    let method = headers.iter().find(|header| is_method(header));
    let exact = method.and_then(|header| {
        let matcher = header.field("string_match");
        matcher.and_then(|m| m.field("exact")).or_else(|| header.field("exact_match"))?.text()
    });
    // `GET|POST` is a list of methods.
    let regex = method.and_then(|header| {
        let regex = header.fields(&["string_match", "safe_regex", "regex"])?.text()?;
        let is_list = regex.bytes().all(|b| b.is_ascii_uppercase() || b == b'|');
        is_list.then(|| regex.split('|').map(str::to_owned).collect::<Vec<_>>())
    });
    exact.map(|method| vec![method.to_owned()]).or(regex).unwrap_or_default()
}

/// Whether a condition on a header lists methods.
fn is_method(header: &Node) -> bool {
    header.get_text("name") == Some(":method")
        && header.field("invert_match").is_none()
        && header.fields(&["string_match", "ignore_case"]).is_none()
}

/// The names of the conditions that are not evaluated.
pub(super) fn other_conditions(condition: &Node) -> Vec<String> {
    const EVALUATED: [&str; 8] = [
        "path",
        "prefix",
        "path_separated_prefix",
        "safe_regex",
        "pathSeparatedPrefix",
        "safeRegex",
        "case_sensitive",
        "caseSensitive",
    ];
    let mut others = Vec::new();
    for (key, value) in condition.members() {
        let Some(name) = key.text() else { continue };
        let is_only_method = name == "headers"
            && matches!(value.items(), [header] if is_method(header))
            && !methods(condition).is_empty();
        if !EVALUATED.contains(&name) && !is_only_method {
            others.push(name.to_owned());
        }
    }
    others
}
