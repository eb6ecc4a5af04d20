//! Names that other products give to the settings of header rules.

use novasphere_core::{FieldHints, ListEntry, ListField};

/// The hints for faults in this filter's configuration.
pub const FIELD_HINTS: FieldHints = FieldHints {
    foreign_names: &[
        (
            "custom_request_headers proxy_set_header",
            "use remove and add together in request, so that no client can set the value: \
             {\"remove\": {\"headers\": [\"X-A\"]}, \"add\": {\"headers\": [\"X-A: 1\"]}}",
        ),
        (
            "request_headers_to_add request_mutations early_request_headers \
             request_header_modifier add_request_headers",
            r#"use add, replace or append in request: {"add": {"headers": ["X-A: 1"]}}"#,
        ),
        (
            "custom_response_headers response_headers_to_add response_mutations add_header \
             response_header_modifier late_response_headers more_set_headers add_response_headers",
            r#"use add, replace or append in response: {"add": {"headers": ["X-A: 1"]}}"#,
        ),
        (
            "request_headers_to_remove more_clear_input_headers remove_request_headers",
            r#"use remove in request: {"remove": {"headers": ["X-A"]}}"#,
        ),
        (
            "response_headers_to_remove proxy_hide_header more_clear_headers \
             remove_response_headers",
            r#"use remove in response: {"remove": {"headers": ["X-A"]}}"#,
        ),
        ("mutations", "use request and response, with remove, rename, replace, add and append"),
        (
            "set overwrite override_headers",
            "use remove and add together: remove deletes the value that the client or the \
             upstream sent",
        ),
        ("delete", "use remove"),
        ("headers", "use headers in a rule, such as add in request"),
        ("insert add_if_absent", "use add"),
        ("http_method methods", "use if_method in each rule of request"),
        ("status_code status_codes", "use if_status in each rule of response"),
        ("query query_params query_string", "use querystring in a rule of request"),
        (
            "body json json_types response_body request_body filters",
            "remove it: bodies never reach the filter",
        ),
        (
            "uri regex_uri path_rewrite use_real_request_uri_unsafe host_rewrite",
            "remove it: rewrite the target in the proxy's route",
        ),
        ("dots_in_keys", "remove it: it concerns bodies"),
        (
            "sts_seconds sts_include_subdomains sts_preload force_sts_header hsts",
            r#"use strict_transport_security: "max-age=31536000" in response.security_headers"#,
        ),
        (
            "frame_deny custom_frame_options_value",
            r#"use x_frame_options: "DENY" in response.security_headers"#,
        ),
        ("content_type_nosniff", "use x_content_type_options: true in response.security_headers"),
        (
            "content_security_policy content_security_policy_report_only permissions_policy \
             feature_policy browser_xss_filter custom_browser_xss_value",
            r#"use add in response: {"add": {"headers": ["Content-Security-Policy: …"]}}"#,
        ),
        (
            "allowed_hosts hosts_proxy_headers ssl_redirect ssl_temporary_redirect ssl_host \
             ssl_force_host ssl_proxy_headers is_development",
            "remove it: hosts and redirects belong to the proxy's route",
        ),
        (
            "access_control_allow_origin_list access_control_allow_origin_list_regex \
             access_control_allow_methods access_control_allow_headers \
             access_control_expose_headers access_control_max_age \
             access_control_allow_credentials add_vary_header",
            "use the cors filter",
        ),
    ],
    numbers: &[],
    lists: &[ListField { names: "if_status", entry: ListEntry::Scalar }],
};
