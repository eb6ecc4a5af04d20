//! The places where the filter is added.

use anyhow::{Context, Result, bail};

use super::{
    edit::{Edits, indented},
    entry, lines,
    settings::{RouteSettings, Settings},
};
use crate::source::{File, Node};

/// The changes of a file.
pub(super) struct Changes<'c> {
    file: &'c File,
    settings: &'c Settings,
    edits: Edits,
}

impl<'c> Changes<'c> {
    pub(super) fn new(file: &'c File, settings: &'c Settings) -> Self {
        Self { file, settings, edits: Edits::default() }
    }

    /// The changed text.
    pub(super) fn apply(self) -> Result<String> {
        self.edits.apply(&self.file.text).with_context(|| self.file.name.clone())
    }

    fn nodes(&self) -> Vec<&'c Node> {
        let mut nodes = Vec::new();
        let file = self.file;
        for document in &file.documents {
            document.walk(&mut |node| nodes.push(node));
        }
        nodes
    }

    /// The error's place: file and line.
    fn at(&self, node: &Node) -> String {
        let before = self.file.text.get(..node.span.start).unwrap_or_default();
        format!("{}:{}", self.file.name, before.matches('\n').count().saturating_add(1))
    }

    /// Adds the filter to all lists of HTTP filters.
    pub(super) fn add_filters(&mut self) -> Result<()> {
        let lists = self.nodes().into_iter().filter_map(|node| node.field("http_filters"));
        let lists: Vec<&Node> = lists.collect();
        if lists.is_empty() {
            bail!("{}: has no http_filters, so there is no place for the filter", self.file.name);
        }
        let entry = entry::filter(self.settings);
        for list in lists {
            if lines::is_flow(&self.file.text, list) {
                bail!(
                    "{}: write http_filters as a block, with one dash for each filter",
                    self.at(list)
                );
            }
            self.add_filter(list, &entry)?;
        }
        Ok(())
    }

    fn add_filter(&mut self, list: &Node, entry: &[String]) -> Result<()> {
        let text = &self.file.text;
        let own =
            list.items().iter().find(|item| item.get_text("name") == Some(&self.settings.name));
        if let Some(item) = own {
            let dash = lines::dash(text, item).context("an entry without a dash")?;
            let start = lines::line_start(text, dash);
            let indentation = lines::column(text, dash);
            let range = start..lines::end(text, item);
            self.edits.replace(range, indented(indentation, entry));
            return Ok(());
        }
        let Some(router) = list.items().iter().find(|item| is_router(item)) else {
            bail!(
                "{}: the list has no envoy.filters.http.router, before which the filter goes",
                self.at(list)
            );
        };
        let dash = lines::dash(text, router).context("an entry without a dash")?;
        let indentation = lines::column(text, dash);
        let start = before_comments(text, lines::line_start(text, dash));
        self.edits.insert(start, indentation, entry);
        Ok(())
    }

    /// Adds the settings of the named routes, and removes the filter's settings from all others.
    pub(super) fn add_routes(&mut self) -> Result<()> {
        let hosts = self.nodes().into_iter().filter_map(|node| node.field("virtual_hosts"));
        let hosts = hosts.flat_map(Node::items);
        let routes: Vec<&Node> =
            hosts.filter_map(|host| host.get("routes")).flat_map(Node::items).collect();
        for (name, settings) in &self.settings.routes {
            let named: Vec<&Node> = routes
                .iter()
                .copied()
                .filter(|route| names(route).contains(&name.as_str()))
                .collect();
            if named.is_empty() {
                bail!("{}: {}", self.file.name, unknown(name, &routes));
            }
            for route in named {
                self.add_to_route(route, settings)?;
            }
        }
        let is_named = |route: &Node| {
            self.settings.routes.iter().any(|(name, _)| names(route).contains(&name.as_str()))
        };
        let others: Vec<&Node> = routes.into_iter().filter(|route| !is_named(route)).collect();
        others.into_iter().try_for_each(|route| self.remove_from_route(route))
    }

    /// Removes the settings of an earlier run.
    fn remove_from_route(&mut self, route: &Node) -> Result<()> {
        let text = &self.file.text;
        let overrides = ["typed_per_filter_config", "typedPerFilterConfig"];
        let Some(whole) = overrides.iter().find_map(|name| route.member(name)) else {
            return Ok(());
        };
        let Some(own) = whole.1.member(&self.settings.name) else { return Ok(()) };
        let is_only = whole.1.members().len() == 1;
        let around = if is_only { route } else { &whole.1 };
        if lines::is_flow(text, route) || lines::is_flow(text, around) {
            bail!(
                "{}: remove {} here, or write the route as a block, with one line for each field",
                self.at(&own.0),
                self.settings.name
            );
        }
        let (key, value) = if is_only { whole } else { own };
        // An alias has the span of its anchor, which stays.
        let end = lines::end(text, value).max(lines::line_end(text, key.span.end));
        let next = around.members().iter().map(|(other, _)| other.span.start);
        let range = match (lines::is_first(text, key), next.filter(|at| *at >= end).min()) {
            (true, _) => lines::line_start(text, key.span.start)..end,
            // The dash of the route stays.
            (false, Some(next)) => key.span.start..next,
            (false, None) => bail!("{}: the route has no other member", self.at(key)),
        };
        self.edits.replace(range, String::new());
        Ok(())
    }

    fn add_to_route(&mut self, route: &Node, settings: &RouteSettings) -> Result<()> {
        let text = &self.file.text;
        let own = entry::of_route(self.settings, settings);
        let nested: Vec<String> = own.iter().map(|line| format!("  {line}")).collect();
        let member = [vec!["typed_per_filter_config:".to_owned()], nested].concat();
        let Some(existing) = route.field("typed_per_filter_config") else {
            if lines::is_flow(text, route) {
                return self.replace_flow_route(route, &member);
            }
            let (first, _) = route.members().first().context("a route without members")?;
            let indentation = lines::column(text, first.span.start);
            self.edits.insert(lines::end(text, route), indentation, &member);
            return Ok(());
        };
        if lines::is_flow(text, existing) || lines::is_flow(text, route) {
            bail!(
                "{}: write typed_per_filter_config as a block, with one line for each filter",
                self.at(existing)
            );
        }
        if let Some((key, value)) = existing.member(&self.settings.name) {
            let start = lines::line_start(text, key.span.start);
            let indentation = lines::column(text, key.span.start);
            self.edits.replace(start..lines::end(text, value), indented(indentation, &own));
            return Ok(());
        }
        let (first, _) = existing.members().first().context("an empty typed_per_filter_config")?;
        let indentation = lines::column(text, first.span.start);
        self.edits.insert(lines::end(text, existing), indentation, &own);
        Ok(())
    }

    /// Writes a route `{match: …, route: …}` as a block, so that more members fit.
    fn replace_flow_route(&mut self, route: &Node, member: &[String]) -> Result<()> {
        let text = &self.file.text;
        let indentation = lines::column(text, route.span.start);
        let part = |node: &Node| text.get(node.span.clone()).map(str::trim);
        let mut block = Vec::new();
        for (key, value) in route.members() {
            let (Some(key), Some(value)) = (part(key), part(value)) else {
                bail!(
                    "{}: write the route as a block, with one line for each field",
                    self.at(route)
                );
            };
            block.push(format!("{key}: {value}"));
        }
        let all = indented(indentation, &[block, member.to_vec()].concat());
        // The dash stays, and so does the end of the line.
        let all = all.trim_start().trim_end_matches('\n').to_owned();
        self.edits.replace(route.span.clone(), all);
        Ok(())
    }
}

fn is_router(item: &Node) -> bool {
    let kind = item.field("typed_config").and_then(|config| config.get_text("@type"));
    kind.is_some_and(|kind| kind.ends_with(".http.router.v3.Router"))
        || item.get_text("name") == Some("envoy.filters.http.router")
}

/// The start of the comment above the line that starts at `start`.
fn before_comments(text: &str, start: usize) -> usize {
    let mut start = start;
    while start > 0 {
        let above = lines::line_start(text, start.saturating_sub(1));
        let line = text.get(above..start).unwrap_or_default();
        if !line.trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    start
}

/// The names by which settings can refer to a route.
fn names(route: &Node) -> Vec<&str> {
    let condition = route.get("match");
    let of_match = |name: &str| condition?.field(name)?.text();
    let regex = condition.and_then(|condition| condition.fields(&["safe_regex", "regex"])?.text());
    let all = [
        route.get_text("name"),
        of_match("path"),
        of_match("prefix"),
        of_match("path_separated_prefix"),
        regex,
    ];
    all.into_iter().flatten().filter(|name| !name.is_empty()).collect()
}

fn unknown(name: &str, routes: &[&Node]) -> String {
    let all: Vec<&str> = routes.iter().flat_map(|route| names(route)).collect();
    let similar = all.iter().max_by(|one, other| {
        strsim::jaro_winkler(name, one).total_cmp(&strsim::jaro_winkler(name, other))
    });
    match similar {
        Some(similar) => {
            format!("no route has the name or path {name:?}; did you mean {similar:?}?")
        }
        None => "has no routes".to_owned(),
    }
}
