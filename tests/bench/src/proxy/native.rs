//! Envoy's own filters, configured for the same job as far as they support it.

use serde_json::{Value, json};

use crate::{filters::PLENTY, tokens::ISSUER};

const TYPES: &str = "type.googleapis.com/envoy.extensions.filters.http";

/// A native filter and its per-route configuration.
pub(crate) struct Native {
    pub(crate) name: &'static str,
    pub(crate) config: Value,
    pub(crate) per_route: Option<Value>,
}

impl Native {
    fn new(name: &'static str, kind: &str, mut config: Value) -> Self {
        with_type(&mut config, kind);
        Self { name, config, per_route: None }
    }

    pub(crate) fn cors() -> Self {
        let mut policy = json!({
            "allow_origin_string_match": [
                {"exact": "https://app.novasphere.io"},
                {"safe_regex": {"regex": r"https://[^.]+\.novasphere\.io"}},
            ],
            "allow_methods": "GET,POST,PUT,DELETE,OPTIONS",
            "allow_headers": "Authorization,Content-Type,X-Client-Type",
            "expose_headers": "X-Auth-Token,RateLimit,RateLimit-Policy,Retry-After",
            "allow_credentials": true,
            "max_age": "3600",
        });
        with_type(&mut policy, "cors.v3.CorsPolicy");
        let per_route = Some(policy);
        Self { per_route, ..Self::new("envoy.filters.http.cors", "cors.v3.Cors", json!({})) }
    }

    pub(crate) fn jwt_authn(keys: &[Value], cache: bool) -> Self {
        let mut provider = json!({
            "issuer": ISSUER,
            "audiences": ["api"],
            "forward": true,
            "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
            "from_params": ["token"],
            "local_jwks": {"inline_string": json!({"keys": keys}).to_string()},
            "claim_to_headers": [
                {"header_name": "x-user-id", "claim_name": "sub"},
                {"header_name": "x-user-name", "claim_name": "name"},
            ],
        });
        if let (true, Some(provider)) = (cache, provider.as_object_mut()) {
            provider.insert("jwt_cache_config".to_owned(), json!({"jwt_cache_size": 1000}));
        }
        let rule = json!({"match": {"prefix": "/"}, "requires": {"provider_name": "novasphere"}});
        let config = json!({"providers": {"novasphere": provider}, "rules": [rule]});
        Self::new("envoy.filters.http.jwt_authn", "jwt_authn.v3.JwtAuthentication", config)
    }

    pub(crate) fn local_ratelimit() -> Self {
        let always = json!({"default_value": {"numerator": 100, "denominator": "HUNDRED"}});
        let config = json!({
            "stat_prefix": "novasphere",
            "token_bucket":
                {"max_tokens": PLENTY, "tokens_per_fill": PLENTY, "fill_interval": "60s"},
            "filter_enabled": always,
            "filter_enforced": always,
            "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
        });
        Self::new("envoy.filters.http.local_ratelimit", "local_ratelimit.v3.LocalRateLimit", config)
    }

    pub(crate) fn header_mutation() -> Self {
        let added = json!({"header": {"key": "x-forwarded-by", "value": "novasphere"},
            "append_action": "ADD_IF_ABSENT"});
        let config = json!({"mutations": {
            "request_mutations": [{"append": added}],
            "response_mutations": [{"remove": "x-powered-by"}],
        }});
        Self::new("envoy.filters.http.header_mutation", "header_mutation.v3.HeaderMutation", config)
    }

    pub(crate) fn http_filter(&self) -> Value {
        json!({"name": self.name, "typed_config": self.config})
    }
}

fn with_type(config: &mut Value, kind: &str) {
    if let Some(members) = config.as_object_mut() {
        members.insert("@type".to_owned(), format!("{TYPES}.{kind}").into());
    }
}
