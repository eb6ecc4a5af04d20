//! Labels of metrics.

use regex_lite::Regex;

use crate::{
    check::lints::report::Report,
    finding::codes,
    found::{DocumentKind, Place, Platform, Project},
    source::Node,
};

/// A metric of the filters as Envoy names it, and its labels.
const METRIC: &str = "wasmcustom.novasphere_decisions_total.filter=jwt-auth.decision=expired";
const LABELS: [(&str, &str); 2] = [("filter", "jwt-auth"), ("decision", "expired")];

pub(super) fn check(project: &Project, report: &mut Report) {
    for (index, document) in project.documents_of(&DocumentKind::Envoy) {
        let has_filters = project
            .filters
            .iter()
            .any(|filter| filter.document == index && filter.platform == Platform::Envoy);
        // A discovery response has no bootstrap.
        if !has_filters || document.root.field("static_resources").is_none() {
            continue;
        }
        let tags = document.root.fields(&["stats_config", "stats_tags"]);
        let missing = missing(tags.map(Node::items).unwrap_or_default());
        if !missing.is_empty() {
            let place = document.place(tags.unwrap_or(&document.root));
            let message = format!("stats_tags: no tag extracts {}", missing.join(", "));
            report.add(&codes::METRICS_WITHOUT_LABELS, place, message);
        }
    }
}

/// Checks the `stats_tags` that an object of Kubernetes patches into a bootstrap.
pub(in crate::check::lints) fn check_patch(root: &Node, file: usize, report: &mut Report) {
    let mut lists = Vec::new();
    root.walk(&mut |node| lists.extend(node.field("stats_tags")));
    for tags in lists {
        let missing = missing(tags.items());
        if !missing.is_empty() {
            let message = format!("stats_tags: no tag extracts {}", missing.join(", "));
            let place = Place { file, span: tags.head() };
            report.add(&codes::METRICS_WITHOUT_LABELS, place, message);
        }
    }
}

/// The labels that no tag extracts. Envoy removes the first group from the name, and takes the
/// second as the value.
fn missing(tags: &[Node]) -> Vec<&'static str> {
    let extracts = |(label, value): &(&str, &str)| {
        tags.iter().filter(|tag| tag.field("tag_name").and_then(Node::text) == Some(label)).any(
            |tag| {
                let regex = tag.get_text("regex").and_then(|regex| Regex::new(regex).ok());
                let Some(regex) = regex else { return false };
                let Some(captures) = regex.captures(METRIC) else { return false };
                let group = captures.get(2).or_else(|| captures.get(1));
                group.is_some_and(|group| group.as_str() == *value)
            },
        )
    };
    LABELS.iter().filter(|label| !extracts(label)).map(|(label, _)| *label).collect()
}
