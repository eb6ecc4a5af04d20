//! Faults and warnings of the configuration.

use super::*;

#[test]
fn reports_faults_of_all_filters_at_once() {
    assert_eq!(
        faults(
            r#"{"cors": {"origns": []}, "rate_limit": {"minute": 0},
                "jwt_auth": {"credentials": []}, "cros": 1}"#
        )
        .lines()
        .map(|line| line.split(": ").next().unwrap())
        .collect::<Vec<_>>(),
        ["cors.origns", "cros", "jwt_auth.credentials", "rate_limit.minute"]
    );
    assert!(faults("{}").starts_with("configuration: has no effect"));
}

#[test]
fn rejects_null_fields_of_a_filter() {
    let found = faults(r#"{"cors": {"origins": null}, "rate_limit": {"minute": null}}"#);
    let null = "expected a value, got null; remove the field to get its default";
    assert_eq!(found, format!("cors.origins: {null}\nrate_limit.minute: {null}"));
}

#[test]
fn misplaced_and_foreign_names_lead_to_the_filter() {
    let jwt_auth = r#""jwks": [{"issuer": "https://a.example", "uri": "https://a.example/k"}]"#;
    assert_eq!(
        faults(&format!(
            r#"{{"jwt_auth": {{{jwt_auth}, "minute": 5, "jwksUri": "x", "secret": "s3cret"}},
                "cors": {{"leeway": "5m", "requests_per_unit": 5}},
                "origins": ["*"], "jwks_uri": "x", "jwt": {{}}, "claim_name": "sub"}}"#
        )),
        r#"jwt_auth.minute: unknown field; it belongs in rate_limit
jwt_auth.jwksUri: unknown field; use uri in an entry of jwks: [{"issuer": "…", "uri": "…"}]
jwt_auth.secret: unknown field; it belongs in jwt_auth.credentials[]
cors.leeway: unknown field; it belongs in jwt_auth
cors.requests_per_unit: unknown field; in rate_limit, use second, minute, hour, day, month or year: each is a number of requests
origins: unknown field; it belongs in cors
jwks_uri: unknown field; in jwt_auth, use uri in an entry of jwks: [{"issuer": "…", "uri": "…"}]
jwt: unknown field; use jwt_auth
claim_name: unknown field; it belongs in rate_limit"#
    );
    assert_eq!(
        faults(r#"{"rate_limit": {"minute": "5m", "policy": "cluster"}}"#),
        r#"rate_limit.minute: expected a whole number from 1 to 4,294,967,295, got "5m"
rate_limit.policy: expected one of local, redis, got "cluster"; use "redis": Kong's "cluster" counts in Kong's database"#
    );
}

#[test]
fn does_not_quote_a_configuration_passed_as_text() {
    let errors = faults(r#"{"jwt_auth": "{\"credentials\": [{\"secret\": \"s3cret\"}]}"}"#);
    assert_eq!(errors, r#"jwt_auth: expected an object, got a string; write {"credentials": …}"#);
}

#[test]
fn order_lists_each_configured_filter_once() {
    let chain = |order: &str| {
        faults(&format!(
            r#"{{"cors": {{"origins": ["*"]}}, "rate_limit": {{"hour": 1}}, "order": {order}}}"#
        ))
    };
    assert_eq!(chain(r#"["cors"]"#), "order: must list rate_limit, which is configured");
    assert_eq!(
        chain(r#"["cors", "rate_limit", "cors", "jwt_auth"]"#),
        "order[2]: cors is listed twice\n\
         order[3]: jwt_auth is not configured: configure it or remove it"
    );
    assert!(chain(r#"["csrf"]"#).starts_with("order[0]: expected one of cors, jwt_auth"));
}

#[test]
fn rate_limit_may_precede_jwt_auth_without_fetched_keys() {
    let gateway = configured(&format!(
        r#"{{"jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}]}},
            "rate_limit": {{"hour": 1}}, "order": ["rate_limit", "jwt_auth"]}}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    assert_eq!(response(decide(&host, &gateway, &mut states, &[])).0.status, 401);
    assert_eq!(Gateway::responder(&states), "jwt-auth");
    let (local, _) = response(decide(&host, &gateway, &mut states, &[]));
    assert_eq!(local.status, 429);
    assert_eq!(Gateway::responder(&states), "rate-limit");
}

#[test]
fn trusts_identity_headers_only_after_jwt_auth() {
    let chain = |order: &str, limit: &str| {
        let config = format!(
            r#"{{"jwt_auth": {{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}],
                    "claims_to_headers": [{{"claim": "plan", "header": "X-Plan"}}]}},
                "rate_limit": {{"hour": 1, {limit}}}, "order": {order}}}"#
        );
        let mut host = TestHost::default();
        host.variables.insert("SECRET".to_owned(), SECRET.to_owned());
        let result = Gateway::from_json(config.as_bytes(), &host);
        let warnings = host.warnings.take();
        (result.err().map(|errors| errors.to_string()), warnings)
    };
    let rule = r#""limit_by": "ip", "rules": [{"name": "pro", "minute": 9,
        "header": {"name": "X_Plan", "one_of": ["pro"]}}]"#;
    for (limit, names) in [
        (
            r#""limit_by": "consumer""#,
            "x-consumer-id, x-consumer-username, x-credential-identifier",
        ),
        (r#""allow": {"consumers": ["ci"]}"#, "x-consumer-id, x-consumer-username"),
        (r#""limit_by": "header", "header_name": "X-Consumer-Custom-ID""#, "x-consumer-custom-id"),
        (r#""limit_by": "header", "header_name": "x-plan""#, "x-plan"),
        (rule, "x_plan"),
    ] {
        let (errors, _) = chain(r#"["rate_limit", "jwt_auth"]"#, limit);
        let fault = format!("that clients send: {names}. Move it after");
        assert!(errors.as_ref().is_some_and(|e| e.contains(&fault)), "{limit}: {errors:?}");
        assert_eq!(chain(r#"["jwt_auth", "rate_limit"]"#, limit), (None, vec![]));
    }
    for limit in
        [r#""limit_by": "ip""#, r#""limit_by": "header", "header_name": "X-Plan-Of-Client""#]
    {
        assert_eq!(chain(r#"["rate_limit", "jwt_auth"]"#, limit).0, None);
    }
}

/// Templates, also for responses, use the values that the request has before jwt-auth.
#[test]
fn copies_identity_headers_only_after_jwt_auth() {
    let chain = |order: &str, rules: &str| {
        let config = format!(
            r#"{{"jwt_auth": {{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}],
                    "claims_to_headers": [{{"claim": "plan", "header": "X-Plan"}}]}},
                "header_transform": {rules}, "order": {order}}}"#
        );
        let mut host = TestHost::default();
        host.variables.insert("SECRET".to_owned(), SECRET.to_owned());
        Gateway::from_json(config.as_bytes(), &host).err().map(|errors| errors.to_string())
    };
    let (before, after) =
        (r#"["header_transform", "jwt_auth"]"#, r#"["jwt_auth", "header_transform"]"#);
    for (rules, names) in [
        (
            r#"{"request": {"remove": {"headers": ["X-User"]},
                "add": {"headers": ["X-User:$(headers.X-Consumer-Username)"]}}}"#,
            "x-consumer-username",
        ),
        (
            r#"{"request": {"append": {"headers": ["x-a:$(headers.x-consumer-id[])$(host)"],
                "querystring": ["plan:$(headers.x_plan | none)"], "if_method": ["POST"]}}}"#,
            "x-consumer-id, x_plan",
        ),
        (
            r#"{"request": {"rename": {"headers": ["X-Consumer-Username:X-User"]}}}"#,
            "x-consumer-username",
        ),
        (r#"{"response": {"add": {"headers": ["x-a:$(headers.x-plan)"]}}}"#, "x-plan"),
        (
            r#"{"response": {"security_headers": {"referrer_policy": "$(headers.x-plan)"}}}"#,
            "x-plan",
        ),
    ] {
        let fault = format!(
            "order: header_transform before jwt_auth would copy headers that clients send: \
             {names}. Move it after jwt_auth, or use no header of jwt_auth: name no such header \
             in templates or as the old name in rename"
        );
        assert_eq!(chain(before, rules), Some(fault), "{rules}");
        assert_eq!(chain(after, rules), None, "{rules}");
    }
    for rules in [
        r#"{"request": {"remove": {"headers": ["X-Consumer-Username", "X-Plan"]}}}"#,
        r#"{"request": {"rename": {"headers": ["X-Plan-Of-Client:X-Plan"]}}}"#,
        r#"{"request": {"add": {"headers": ["x-a:$(headers.x-asked)$(query.x-plan)"]}}}"#,
        r#"{"response": {"rename": {"headers": ["X-Plan:X-Plan-Of-Api"]}}}"#,
    ] {
        assert_eq!(chain(before, rules), None, "{rules}");
    }
}

/// A part of the wrong type is one fault. Its filter still counts as configured.
#[test]
fn part_of_the_wrong_type_causes_no_follow_up_faults() {
    let mut host = TestHost::default();
    host.passes_attributes.set(false);
    host.variables.insert("SECRET".to_owned(), SECRET.to_owned());
    for order in ["", r#", "order": ["jwt_auth", "rate_limit"]"#] {
        let config = format!(
            r#"{{"jwt_auth": 5, "rate_limit": {{"hour": 1, "limit_by": "claim", "claim_name": "org",
                "allow": {{"consumers": ["ci"]}}}}{order}}}"#
        );
        let errors = Gateway::from_json(config.as_bytes(), &host).unwrap_err().to_string();
        assert_eq!(errors, r#"jwt_auth: expected an object, got 5; write {"credentials": …}"#);
        assert!(host.warnings.take().is_empty());
    }
}
