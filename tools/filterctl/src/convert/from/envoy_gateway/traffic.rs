//! BackendTrafficPolicy: its limits.

use crate::{
    convert::{
        from::{input::fields::Fields, input::kubernetes::Object, policy::buckets},
        model::Chain,
        report::Report,
        yaml::Map,
    },
    source::{Node, Reader},
};

/// Adds the limits of a policy.
///
/// # Errors
/// The policy, if a limit cannot be converted.
pub(super) fn add(
    chain: &mut Chain,
    policy: &Object<'_>,
    report: &mut Report,
) -> Result<(), String> {
    let name = policy.describe();
    let fields = Fields::new(policy.root.get("spec"), Reader::Kubernetes);
    fields.ignore(&["targetRef", "targetRefs", "targetSelectors"]);
    let mut limits = Ok(());
    if let Some(node) = fields.get("rateLimit") {
        match rate_limit(node, policy, report) {
            Some(config) => chain.rate_limit = Some(config),
            None => limits = Err(name.clone()),
        }
    }
    if let Some(node) = fields.get("mergeType") {
        let message = format!("{name}: mergeType; the limits of the Gateway apply too");
        report.left_out(&policy.document.place(node), message);
        limits = Err(name.clone());
    }
    for (key, _) in fields.rest() {
        let field = key.text().unwrap_or_default();
        let message = format!("{name}: {field}; keep it in the policy");
        report.left_out(&policy.document.place(key), message);
    }
    limits
}

/// The configuration of rate-limit. `None` if a limit cannot be converted.
fn rate_limit(node: &Node, policy: &Object<'_>, report: &mut Report) -> Option<Map> {
    let name = policy.describe();
    let place = policy.document.place(node);
    if node.get("global").is_some() {
        let message = format!(
            "{name}: global limits; each proxy counts separately until you set policy: redis with an \
             HTTP front end of Redis (redis.uri)"
        );
        report.left_out(&place, message);
    }
    let mut config: Option<Map> = None;
    let kinds = ["global", "local"].into_iter();
    let rules = kinds.filter_map(|kind| node.at(&[kind, "rules"])).flat_map(Node::items);
    for rule in rules {
        let place = policy.document.place(rule);
        let new = match limit(rule) {
            Ok(new) => new,
            Err(reason) => {
                report.left_out(&place, format!("{name}: a limit {reason}"));
                return None;
            }
        };
        match config.as_mut() {
            None => config = Some(new),
            Some(old) => {
                if !buckets::merge(old, &new) {
                    report.left_out(&place, format!("{name}: a second limit with other selectors"));
                    return None;
                }
            }
        }
    }
    let Some(mut config) = config else {
        report.left_out(&place, format!("{name}: rateLimit without rules"));
        return None;
    };
    config.set("headers", "none");
    config.set("name", buckets::limiter_name(policy.name));
    buckets::finish(config, &[], &place, &name, report)
}

fn limit(rule: &Node) -> Result<Map, String> {
    if rule.get("cost").is_some() {
        return Err("with a cost".to_owned());
    }
    let limit = rule.get("limit").ok_or("without a value")?;
    let requests = limit.get_text("requests").and_then(|text| text.parse::<i64>().ok());
    let unit = limit.get_text("unit").unwrap_or_default().to_ascii_lowercase();
    let is_period = ["second", "minute", "hour", "day", "month", "year"].contains(&unit.as_str());
    let Some(requests) = requests.filter(|_| is_period) else {
        return Err("with another unit".to_owned());
    };
    let mut config = Map::new().with(&unit, requests).with("limit_by", "constant");
    let selectors = rule.get("clientSelectors").map(Node::items).unwrap_or_default();
    if selectors.len() > 1 {
        return Err("with several clientSelectors".to_owned());
    }
    for (key, value) in selectors.iter().flat_map(Node::members) {
        match key.text().unwrap_or_default() {
            "sourceCIDR" if value.get_text("type") == Some("Distinct") => {
                config.set("limit_by", "ip")
            }
            "headers" => {
                let [header] = value.items() else { return Err("with several headers".to_owned()) };
                if header.get_text("type") != Some("Distinct") {
                    return Err("for some values of a header".to_owned());
                }
                config.set("limit_by", "header");
                config.set("header_name", header.get_text("name").unwrap_or_default());
            }
            other => return Err(format!("with {other}")),
        }
    }
    Ok(config)
}
