//! Origins of CORS in the notation of the cors filter.

use novasphere_explain::{FilterKind, ProxyKind};

use crate::{
    convert::{model::prune, report::Report, yaml::Map},
    found::Place,
};

/// An origin or a regular expression, as Kong writes both: subdomains become a wildcard, other
/// expressions get a `~`.
pub fn from_regex(origin: &str) -> String {
    let expression = origin.strip_prefix('^').unwrap_or(origin);
    let expression = expression.strip_suffix('$').unwrap_or(expression);
    let is_origin = |text: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || ":/.-[]".contains(c))
            && !text.contains("[^")
    };
    if is_origin(expression) {
        return expression.to_owned();
    }
    wildcard(expression).unwrap_or_else(|| format!("~{expression}"))
}

/// The wildcard that an expression for subdomains means.
fn wildcard(expression: &str) -> Option<String> {
    let (scheme, rest) = expression.split_once("://")?;
    let is_scheme = scheme.chars().all(|c| c.is_ascii_alphanumeric());
    let labels = [
        (r"[^.]+\.", "*."),
        (r"[^.]*\.", "*."),
        (r"[^\.]+\.", "*."),
        (r"[a-z0-9-]+\.", "*."),
        (r"[a-zA-Z0-9-]+\.", "*."),
        (r"[a-z0-9-]*\.", "*."),
        (r"\w+\.", "*."),
        (r".*\.", "**."),
        (r".+\.", "**."),
        (r"([a-z0-9-]+\.)+", "**."),
        (r"([^.]+\.)+", "**."),
    ];
    let (mark, domain) =
        labels.iter().find_map(|(start, mark)| Some((mark, rest.strip_prefix(start)?)))?;
    let literal = domain.replace(r"\.", "\u{1}");
    let is_literal = literal.chars().all(|c| c.is_ascii_alphanumeric() || "-:\u{1}".contains(c));
    (is_scheme && is_literal).then(|| format!("{scheme}://{mark}{}", literal.replace('\u{1}', ".")))
}

/// Removes and reports the parts that the filter rejects. `None` if no origin is left.
pub fn finish(mut config: Map, place: &Place, name: &str, report: &mut Report) -> Option<Map> {
    let before = config.texts("origins");
    let removable = [
        "origins[",
        "methods[",
        "headers[",
        "exposed_headers[",
        "max_age",
        "private_network",
        "allow_origin_absent",
        "block_disallowed",
    ];
    let pruned = prune(FilterKind::Cors, &mut config, ProxyKind::Envoy, &removable);
    match pruned {
        // Without the list, every origin would be allowed.
        Ok(_) if !before.is_empty() && config.texts("origins").is_empty() => {
            report.left_out(place, format!("{name}: none of its origins can be converted"));
            None
        }
        Ok(pruned) => {
            for part in pruned {
                report.left_out(place, format!("{name}: {}: {}", part.path, part.message));
            }
            report.converted(place, format!("{name}: cors"));
            Some(config)
        }
        Err(fault) => {
            report.left_out(place, format!("{name}: cors rejects it: {fault}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_for_subdomains_become_wildcards() {
        for (origin, expected) in [
            ("https://app.x.io", "https://app.x.io"),
            ("https://[^.]+\\.x\\.io", "https://*.x.io"),
            ("^https://.*\\.x\\.io$", "https://**.x.io"),
            ("https://pr-[0-9]+\\.x\\.io", "~https://pr-[0-9]+\\.x\\.io"),
            ("https?://[^.]+\\.x\\.io", "~https?://[^.]+\\.x\\.io"),
        ] {
            assert_eq!(from_regex(origin), expected);
        }
    }
}
