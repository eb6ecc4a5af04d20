//! The filters by name.

use novasphere_core::{FieldHints, Filter};
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;

/// A filter that users can configure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FilterKind {
    /// cors.
    Cors,
    /// jwt-auth.
    JwtAuth,
    /// rate-limit.
    RateLimit,
    /// header-transform.
    HeaderTransform,
    /// The four as one chain.
    Gateway,
}

impl FilterKind {
    /// All filters.
    pub const ALL: [Self; 5] =
        [Self::Cors, Self::JwtAuth, Self::RateLimit, Self::HeaderTransform, Self::Gateway];

    /// The name as users write it: `jwt-auth`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cors => "cors",
            Self::JwtAuth => "jwt-auth",
            Self::RateLimit => "rate-limit",
            Self::HeaderTransform => "header-transform",
            Self::Gateway => "gateway",
        }
    }

    /// The filter with this name. Accepts `_` for `-`, and the prefix of the modules' names:
    /// `novasphere_jwt_auth`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.replace('_', "-");
        let name = name.strip_prefix("novasphere-").unwrap_or(&name);
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The remedy for a name that another product gives to a setting: `use leeway, in seconds`.
    pub fn remedy(self, foreign_name: &str) -> Option<&'static str> {
        self.field_hints().iter().find_map(|(_, hints)| hints.remedy(foreign_name))
    }

    fn field_hints(self) -> &'static [(&'static str, FieldHints)] {
        match self {
            Self::Cors => Cors::FIELD_HINTS,
            Self::JwtAuth => JwtAuth::FIELD_HINTS,
            Self::RateLimit => RateLimit::FIELD_HINTS,
            Self::HeaderTransform => HeaderTransform::FIELD_HINTS,
            Self::Gateway => Gateway::FIELD_HINTS,
        }
    }
}

/// The names of a filter's decisions, as in metrics and access logs. A gateway has none of its own.
pub fn decision_names(kind: FilterKind) -> &'static [&'static str] {
    match kind {
        FilterKind::Cors => Cors::REASONS,
        FilterKind::JwtAuth => JwtAuth::REASONS,
        FilterKind::RateLimit => RateLimit::REASONS,
        FilterKind::HeaderTransform => HeaderTransform::REASONS,
        FilterKind::Gateway => Gateway::REASONS,
    }
}

/// The names of a filter's events, as in metrics.
pub fn event_names(kind: FilterKind) -> &'static [&'static str] {
    match kind {
        FilterKind::Cors => Cors::EVENTS,
        FilterKind::JwtAuth => JwtAuth::EVENTS,
        FilterKind::RateLimit => RateLimit::EVENTS,
        FilterKind::HeaderTransform => HeaderTransform::EVENTS,
        FilterKind::Gateway => Gateway::EVENTS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_filters_by_all_their_names() {
        for kind in FilterKind::ALL {
            let underscored = kind.name().replace('-', "_");
            for name in [kind.name(), &underscored, &format!("novasphere_{underscored}")] {
                assert_eq!(FilterKind::from_name(name), Some(kind), "{name}");
            }
        }
        assert_eq!(FilterKind::from_name("novasphere"), None);
    }

    #[test]
    fn names_of_other_products_have_a_remedy() {
        let remedy = FilterKind::Cors.remedy("allow_origins");
        assert!(remedy.is_some_and(|remedy| remedy.starts_with("use origins")), "{remedy:?}");
        assert_eq!(FilterKind::Gateway.remedy("allow-origins"), remedy);
        assert_eq!(FilterKind::Cors.remedy("origins"), None);
    }
}
