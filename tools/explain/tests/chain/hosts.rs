//! The order of filters and the deviations of each host.

use novasphere_explain::{
    Action,
    FilterKind::{Cors, Gateway, HeaderTransform, JwtAuth, RateLimit},
    ProxyKind,
};

use super::{chain, decision, header, input};

const CORS: &str = r#"{"origins": ["https://app.test"]}"#;
const JWT: &str = r#"{"credentials": [{"key": "joe", "secret": {"env": "JWT_SECRET"}}]}"#;
const LATE: &str = r#"{"response": {"add": {"headers": ["X-Late:1"]}}}"#;

#[test]
fn earlier_filters_change_a_refusal_and_later_ones_do_not() {
    for proxy in [ProxyKind::Envoy, ProxyKind::Kong] {
        let filters = [(Cors, CORS), (JwtAuth, JWT), (HeaderTransform, LATE)];
        let explanation = chain(proxy, &filters).send(&input(&[("origin", "https://app.test")]));
        assert_eq!(decision(&explanation), ("jwt-auth", "no_token"));
        assert_eq!(explanation.decided_by, Some(("jwt-auth", "no_token")));
        assert_eq!(explanation.upstream, None);
        let response = &explanation.response;
        assert_eq!(header(response, "access-control-allow-origin"), ["https://app.test"]);
        assert_eq!(header(response, "x-late"), [""; 0]);
        let changed: Vec<_> = explanation.response_steps.iter().map(|step| step.filter).collect();
        assert_eq!(changed, ["cors"]);
        let newline = if proxy == ProxyKind::Kong { "\n" } else { "" };
        let body = format!("{{\"message\":\"Unauthorized\"}}{newline}");
        assert_eq!(String::from_utf8_lossy(&response.body), body);
    }
}

#[test]
fn responses_pass_envoy_in_reverse_and_kong_in_order() {
    let append = |value: &str| {
        format!(r#"{{"response": {{"append": {{"headers": ["X-Order:{value}"]}}}}}}"#)
    };
    let (first, second) = (append("first"), append("second"));
    let filters = [(HeaderTransform, first.as_str()), (HeaderTransform, second.as_str())];
    for (proxy, expected) in
        [(ProxyKind::Envoy, ["second", "first"]), (ProxyKind::Kong, ["first", "second"])]
    {
        let explanation = chain(proxy, &filters).send(&input(&[]));
        assert_eq!(header(&explanation.response, "x-order"), expected);
    }
}

#[test]
fn gateway_has_the_steps_of_its_filters() {
    let config = format!(
        r#"{{"cors": {CORS}, "jwt_auth": {JWT}, "rate_limit": {{"minute": 5}},
        "header_transform": {{"response": {{"security_headers": true}}}}}}"#
    );
    let mut chain = chain(ProxyKind::Envoy, &[(Gateway, &config)]);
    let explanation = chain.send(&input(&[("origin", "https://app.test")]));
    let steps: Vec<_> = explanation.steps.iter().map(|s| (s.filter, s.action, s.reason)).collect();
    let expected =
        [("cors", Action::Continues, "allowed"), ("jwt-auth", Action::Responds, "no_token")];
    assert_eq!(steps, expected);
    let changed: Vec<_> = explanation.response_steps.iter().map(|step| step.filter).collect();
    assert_eq!(changed, ["header-transform", "cors"]);
    assert_eq!(header(&explanation.response, "x-frame-options"), ["DENY"]);
    let decisions = explanation.metrics.iter().filter(|(m, _)| m.contains("decisions")).count();
    assert_eq!(decisions, 2);
}

#[test]
fn kong_empties_a_header_and_rejects_repeated_ones() {
    let config = r#"{"request": {"remove": {"headers": ["X-A"]}}}"#;
    let mut chain = chain(ProxyKind::Kong, &[(HeaderTransform, config)]);
    let explanation = chain.send(&input(&[("x-a", "1")]));
    let upstream = explanation.upstream.unwrap();
    assert_eq!(upstream.headers, [(b"x-a".to_vec(), Vec::new())]);
    let explanation = chain.send(&input(&[("x-a", "1"), ("x_a", "2")]));
    assert_eq!(explanation.response.status, 400);
    assert_eq!(explanation.decided_by, Some(("proxy", "repeated_header")));
}

#[test]
fn metrics_on_kong_have_the_name_of_the_module() {
    let gateway = format!(r#"{{"jwt_auth": {JWT}}}"#);
    for (filters, module) in [([(JwtAuth, JWT)], "jwt_auth"), ([(Gateway, &*gateway)], "gateway")] {
        let explanation = chain(ProxyKind::Kong, &filters).send(&input(&[]));
        let labels = r#"{filter="jwt-auth",decision="no_token"}"#;
        let expected = format!("pw_novasphere_{module}_novasphere_decisions_total{labels}");
        assert_eq!(explanation.metrics[0], (expected, 1));
    }
}

#[test]
fn traefik_does_not_show_responses_to_filters() {
    let config = r#"{"request": {"add": {"headers": ["X-A:1"]}}}"#;
    let explanation = chain(ProxyKind::Traefik, &[(HeaderTransform, config)]).send(&input(&[]));
    assert_eq!(explanation.response_steps, []);
    assert_eq!(explanation.metrics, []);
    assert_eq!(explanation.upstream.unwrap().headers, [(b"x-a".to_vec(), b"1".to_vec())]);
}

#[test]
fn grpc_clients_get_a_grpc_status() {
    for (media_type, body) in [("application/grpc", ""), ("application/grpc-web", "\u{80}")] {
        let request = input(&[("content-type", media_type)]);
        let explanation = chain(ProxyKind::Envoy, &[(JwtAuth, JWT)]).send(&request);
        let response = &explanation.response;
        assert_eq!((response.status, decision(&explanation)), (200, ("jwt-auth", "no_token")));
        assert_eq!(header(response, "content-type"), [media_type]);
        assert_eq!(header(response, "www-authenticate"), ["Bearer"]);
        let status = header(response, "grpc-status");
        assert_eq!(status, if body.is_empty() { vec!["16"] } else { vec![] });
        assert_eq!(response.body.is_empty(), body.is_empty());
    }
}

#[test]
fn refusal_over_a_limit_is_marked_for_envoy() {
    let mut chain = chain(ProxyKind::Envoy, &[(RateLimit, r#"{"minute": 1}"#)]);
    chain.send(&input(&[]));
    let explanation = chain.send(&input(&[]));
    assert_eq!(header(&explanation.response, "x-envoy-ratelimited"), ["true"]);
    let (name, detail) = &explanation.attributes[1];
    assert_eq!(name, "rate_limit_detail");
    assert!(detail.starts_with(b"rule=default window=minute limit=1 reset=18 limit_by=ip"));
}

#[test]
fn rejected_configuration_names_its_filter() {
    let setup = super::setup(ProxyKind::Envoy, &[(Cors, CORS), (RateLimit, r#"{"minute": 0}"#)]);
    let rejected = novasphere_explain::Chain::new(setup).unwrap_err();
    assert_eq!((rejected.index, rejected.kind), (1, RateLimit));
    assert_eq!(rejected.faults[0].path, "minute");
}
