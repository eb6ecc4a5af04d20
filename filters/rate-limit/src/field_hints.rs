//! Names that other products give to the settings of rate limits, and the bounds of numbers.

use novasphere_core::{FieldHints, ListEntry, ListField, NumberField, NumberUnit};

use crate::config::MAX_WINDOW_SECONDS;

/// The hints for faults in this filter's configuration.
pub const FIELD_HINTS: FieldHints = FieldHints {
    foreign_names: &[
        (
            "requests_per_unit unit limit limits rate rps rpm requests_per_second limit_rps \
             limit_rpm",
            "use second, minute, hour, day, month or year: each is a number of requests",
        ),
        (
            "average period count time_window window_size rolling_window interval requests",
            r#"use window: {"seconds": 10, "requests": 100}, or minute: 100"#,
        ),
        (
            "token_bucket max_tokens tokens_per_fill fill_interval tokens bucket_capacity",
            r#"use window: {"seconds": 10, "requests": 100}: windows replace token buckets"#,
        ),
        (
            "burst limit_burst nodelay delay",
            "remove it: a window admits its whole limit at once; a second limit, such as second, \
             bounds bursts",
        ),
        (
            "key key_type limit_key source_criterion identifier descriptors actions entries \
             rate_limits client_selectors zone_key",
            r#"use limit_by: "ip", "header", "consumer" or another identity"#,
        ),
        ("request_header_name header_key", r#"use header_name, with limit_by: "header""#),
        ("request_host", r#"use limit_by: "host""#),
        ("ip_strategy xff_num_trusted_hops depth", "use trusted_hops in client_ip"),
        ("excluded_ips set_real_ip_from", "use trusted_cidrs in client_ip"),
        ("ipv6_subnet", "use ipv6_prefix in client_ip"),
        ("whitelist allowlist ip_whitelist", "use cidrs or consumers in allow"),
        ("blacklist denylist ip_blacklist", "use cidrs or consumers in deny"),
        (
            "rejected_code status status_code response_status rate_limited_status limit_req_status \
             http_status",
            "use error_code: 429",
        ),
        (
            "rejected_msg rejected_message local_reply_body response_body",
            "use error_message, or error_template",
        ),
        (
            "show_limit_quota_header enable_x_ratelimit_headers disable_x_ratelimit_headers \
             show_headers",
            r#"use headers: "kong", "ietf" or "none""#,
        ),
        (
            "allow_degradation failure_mode_deny failure_mode_allow",
            "use fault_tolerant, and on_error in redis",
        ),
        (
            "redis_host redis_port redis_database redis_username redis_ssl redis_ssl_verify \
             redis_server_name redis_cluster_nodes redis_cluster_name redis_keepalive_timeout \
             rate_limit_service grpc_service host port database ssl endpoints cluster_nodes",
            r#"use redis: {"uri": "…"}, the URL of an HTTP front end before Redis"#,
        ),
        ("redis_password password username", "use token in redis, for the HTTP front end"),
        ("redis_timeout", "use timeout_ms in redis, in milliseconds"),
        ("sync_rate delayed_sync", r#"use policy: "redis", and lease to ask Redis less often"#),
        ("namespace group domain zone limit_req_zone dictionary_name", "use name"),
        (
            "consumer_groups rules_list overrides",
            r#"use rules: [{"name": "…", "claim": {…}, "minute": 100}]"#,
        ),
        ("window_type", "remove it: windows have fixed starts"),
        (
            "stage filter_enabled filter_enforced shadow_mode dry_run limit_req_dry_run log_only",
            "use report_only: true to count without rejections",
        ),
        (
            "retry_after_jitter_max disable_penalty",
            "remove it: Retry-After is exact, and rejected requests do not count",
        ),
        ("policy=cluster", r#"use "redis": Kong's "cluster" counts in Kong's database"#),
        (
            "policy=redis_cluster policy=redis_sentinel policy=global policy=shared",
            r#"use "redis""#,
        ),
        ("policy=memory policy=in_memory", r#"use "local""#),
        (
            "limit_by=remote_addr limit_by=remote_address limit_by=client_ip limit_by=address",
            r#"use "ip""#,
        ),
        (
            "limit_by=consumer_name limit_by=consumer_group limit_by=user",
            r#"use "consumer", or "claim" with claim_name"#,
        ),
        ("limit_by=jwt limit_by=jwt_claim limit_by=sub", r#"use "claim" with claim_name"#),
        ("limit_by=api_key limit_by=apikey", r#"use "credential", or "header" with header_name"#),
        (
            "limit_by=cookie limit_by=query",
            r#"use "header" with header_name, or "claim" with claim_name"#,
        ),
        ("limit_by=global limit_by=none limit_by=all", r#"use "constant""#),
    ],
    numbers: &[
        NumberField {
            names: "second minute hour day month year requests cost",
            min: 1,
            max: u32::MAX,
            unit: NumberUnit::Count,
        },
        NumberField {
            names: "seconds",
            min: 1,
            max: MAX_WINDOW_SECONDS,
            unit: NumberUnit::Seconds,
        },
        NumberField { names: "trusted_hops", min: 1, max: 16, unit: NumberUnit::Count },
        NumberField { names: "ipv6_prefix", min: 32, max: 128, unit: NumberUnit::Count },
        NumberField { names: "error_code", min: 400, max: 599, unit: NumberUnit::Count },
        NumberField { names: "max_clients", min: 1_024, max: 16_777_216, unit: NumberUnit::Count },
        NumberField { names: "timeout_ms", min: 1, max: 10_000, unit: NumberUnit::Milliseconds },
        NumberField { names: "local_share failures", min: 1, max: 100, unit: NumberUnit::Count },
        NumberField { names: "open_ms", min: 100, max: 60_000, unit: NumberUnit::Milliseconds },
        NumberField { names: "max_in_flight", min: 1, max: 10_000, unit: NumberUnit::Count },
        NumberField { names: "share", min: 1, max: 50, unit: NumberUnit::Count },
        NumberField { names: "max", min: 1, max: 1_000_000, unit: NumberUnit::Count },
    ],
    lists: &[ListField {
        names: "rules",
        entry: ListEntry::Object(r#"{"name": "health", "path": "/health", "unlimited": true}"#),
    }],
};
