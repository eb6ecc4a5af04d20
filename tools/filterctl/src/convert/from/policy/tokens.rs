//! Whether requests need a token.

use crate::convert::yaml::Map;

/// Whether every request needs a token with this configuration of jwt-auth. A request without one
/// would pass all checks of claims.
pub fn are_required(config: &Map) -> bool {
    let text = config.to_json().to_string();
    let exceptions = ["\"optional\":true", "\"skip\":", "\"anonymous\":"];
    !exceptions.iter().any(|exception| text.contains(exception))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_anywhere_make_tokens_optional() {
        assert!(are_required(&Map::new().with("leeway", 5)));
        assert!(!are_required(&Map::new().with("optional", true)));
        let rule = Map::new().with("path", "/a").with("skip", true);
        assert!(!are_required(&Map::new().with("rules", vec![rule])));
    }
}
