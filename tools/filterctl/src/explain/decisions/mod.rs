//! The decisions and events of the filters in words.

mod cors;
mod header_transform;
mod jwt_auth;
mod proxy;
mod rate_limit;

use novasphere_explain::FilterKind;

/// A decision or an event in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The name in metrics and in the access log.
    pub name: &'static str,
    /// The meaning.
    pub meaning: &'static str,
    /// The usual cause.
    pub cause: &'static str,
    /// The remedy.
    pub remedy: &'static str,
}

const fn text(
    name: &'static str,
    meaning: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Decision {
    Decision { name, meaning, cause, remedy }
}

/// For decisions that need no action.
const NOTHING: &str = "Nothing.";

/// The texts with the name of their filter, or of the proxy.
fn tables() -> impl Iterator<Item = (&'static str, &'static [Decision])> {
    let filters = [
        (FilterKind::Cors.name(), cors::TEXTS),
        (FilterKind::JwtAuth.name(), jwt_auth::TEXTS),
        (FilterKind::RateLimit.name(), rate_limit::TEXTS),
        (FilterKind::HeaderTransform.name(), header_transform::TEXTS),
    ];
    filters.into_iter().chain(proxy::TEXTS.into_iter().map(|texts| (PROXY, texts)))
}

/// The name before the decisions of the proxy itself.
pub const PROXY: &str = "proxy";

/// All decisions of a filter, or of the proxy.
pub fn all_of(filter: &str) -> impl Iterator<Item = &'static Decision> {
    tables().filter(move |(own, _)| *own == filter).flat_map(|(_, texts)| texts)
}

/// The decision of a filter.
pub fn of(filter: &str, name: &str) -> Option<&'static Decision> {
    all_of(filter).find(|text| text.name == name)
}

/// All decisions with a name, each with its filter. Several filters may have the same.
pub fn named(name: &str) -> Vec<(&'static str, &'static Decision)> {
    let all = tables().flat_map(|(filter, texts)| texts.iter().map(move |t| (filter, t)));
    all.filter(|(_, text)| text.name == name).collect()
}

/// All names, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> =
        tables().flat_map(|(_, texts)| texts.iter().map(|text| text.name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use novasphere_explain::{decision_names, event_names};

    use super::*;

    #[test]
    fn every_decision_and_event_has_a_text() {
        for kind in FilterKind::ALL {
            for name in decision_names(kind).iter().chain(event_names(kind)) {
                assert!(of(kind.name(), name).is_some(), "{kind:?}: {name}");
            }
        }
    }

    #[test]
    fn texts_are_short_sentences() {
        for Decision { name, meaning, cause, remedy } in tables().flat_map(|(_, texts)| texts) {
            for sentence in [meaning, cause, remedy] {
                assert!(sentence.ends_with('.'), "{name}: {sentence}");
                assert!(sentence.len() <= 300, "{name}: {sentence}");
            }
        }
    }

    /// The list of Envoy's documentation, page "Response Code Details".
    #[test]
    fn details_of_envoy_have_a_text() {
        for name in [
            "absolute_path_rejected",
            "cluster_not_found",
            "downstream_local_disconnect",
            "downstream_remote_disconnect",
            "duration_timeout",
            "direct_response",
            "filter_chain_not_found",
            "internal_redirect",
            "low_version",
            "maintenance_mode",
            "max_duration_timeout",
            "missing_host_header",
            "missing_path_rejected",
            "no_healthy_upstream",
            "overload",
            "path_normalization_failed",
            "request_headers_failed_strict_check",
            "request_overall_timeout",
            "request_payload_exceeded_retry_buffer_limit",
            "request_payload_too_large",
            "response_payload_too_large",
            "route_configuration_not_found",
            "route_not_found",
            "stream_idle_timeout",
            "upgrade_failed",
            "upstream_max_stream_duration_reached",
            "upstream_per_try_timeout",
            "upstream_reset_after_response_started",
            "upstream_reset_before_response_started",
            "upstream_response_timeout",
            "via_upstream",
        ] {
            assert!(of(PROXY, name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_text_is_about_a_decision_or_an_event() {
        for (filter, texts) in tables().filter(|(filter, _)| *filter != PROXY) {
            let kind = FilterKind::from_name(filter).unwrap();
            for (n, text) in texts.iter().enumerate() {
                let known = decision_names(kind).contains(&text.name)
                    || event_names(kind).contains(&text.name);
                assert!(known, "{filter}: {}", text.name);
                assert!(!texts[..n].iter().any(|other| other.name == text.name), "{}", text.name);
            }
        }
    }

    #[test]
    fn a_name_can_belong_to_several_filters() {
        let filters: Vec<_> = named("allowed").into_iter().map(|(filter, _)| filter).collect();
        assert_eq!(filters, ["cors", "jwt-auth", "rate-limit"]);
    }
}
