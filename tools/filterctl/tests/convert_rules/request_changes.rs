//! Changes of requests on the way to the upstream, without which clients could send others.

use super::*;

fn istio(members: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: v, namespace: shop}}\nspec: {{hosts: [a.io], gateways: [g], http: [{{name: r, {members}, route: [{{destination: {{host: s}}}}]}}]}}\n"
    )
}

fn http_route(filters: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r, namespace: shop}}\nspec: {{parentRefs: [{{name: g}}], rules: [{{matches: [{{path: {{type: PathPrefix, value: /a}}}}], filters: [{filters}], backendRefs: [{{name: s, port: 80}}]}}]}}\n"
    )
}

/// The route of the output for Envoy, and the configuration of its filters.
fn converted(from: Source, text: &str) -> (Value, Value) {
    let envoy = output(from, Target::Envoy, text).remove(0);
    let manager = &envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let route = &manager["typed_config"]["route_config"]["virtual_hosts"][0]["routes"][0];
    let filters = output(from, Target::Filters, text);
    (route["route"].clone(), filters.first().cloned().unwrap_or_default())
}

const REWRITTEN: &str = "{\"pattern\":{\"regex\":\"^/a/?\"},\"substitution\":\"/public/\"}";

const HEADERS: &str = "{\"request\":{\"add\":{\"headers\":[\"x-user:none\"]},\"append\":{\"headers\":[\"x-via:a\"]},\"remove\":{\"headers\":[\"x-admin\",\"x-user\"]}}}";

fn expect(from: Source, text: &str, regex_rewrite: Option<&str>, headers: Option<&str>) {
    let (route, filters) = converted(from, text);
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(route.get("regex_rewrite"), regex_rewrite.map(json).as_ref(), "{text}");
    assert_eq!(filters.get("header_transform"), headers.map(json).as_ref(), "{text}");
    let blocked = messages(from, text, Fate::Blocked);
    assert_eq!(blocked, Vec::<String>::new(), "{text}");
}

#[test]
fn rewrites_and_headers_of_istio() {
    let rewrite = "match: [{uri: {prefix: /a}}], rewrite: {uri: /public}";
    expect(Source::Istio, &istio(rewrite), Some(REWRITTEN), None);
    let headers = "headers: {request: {set: {x-user: none}, add: {x-via: a}, remove: [x-admin]}}";
    expect(Source::Istio, &istio(headers), None, Some(HEADERS));
}

#[test]
fn rewrites_and_headers_of_http_routes() {
    let rewrite = "{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /public}}}";
    expect(Source::EnvoyGateway, &http_route(rewrite), Some(REWRITTEN), None);
    let headers = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-user, value: none}], add: [{name: x-via, value: a}], remove: [x-admin]}}";
    expect(Source::EnvoyGateway, &http_route(headers), None, Some(HEADERS));
}

/// A credential is not written, but the client's value is removed.
#[test]
fn credential_that_a_route_sets_is_no_longer_the_clients() {
    let text = istio("headers: {request: {set: {x-api-key: DO-NOT-SHOW}}}");
    let expected = "{\"request\":{\"remove\":{\"headers\":[\"x-api-key\"]}}}";
    expect(Source::Istio, &text, None, Some(expected));
    assert!(!conversion(Source::Istio, Target::Envoy, &text).text.contains("DO-NOT-SHOW"));
}

#[test]
fn other_changes_block_the_route() {
    for (members, reason) in [
        ("match: [{uri: {exact: /a}}], rewrite: {uri: /b}", "its rewrite of a whole path"),
        ("rewrite: {authority: b.io}", "authority of its rewrite"),
        ("rewrite: {uriRegexRewrite: {match: a, rewrite: b}}", "uriRegexRewrite of its rewrite"),
        ("headers: {request: {set: {host: b.io}}}", "it changes the header host"),
        ("headers: {request: {set: {x-ip: '%PROTOCOL%'}}}", "the value of its header x-ip"),
        ("fault: {abort: {httpStatus: 403, percentage: {value: 100}}}", "its fault"),
    ] {
        let blocked = messages(Source::Istio, &istio(members), Fate::Blocked);
        assert!(blocked[0].starts_with(&format!("route r: {reason}")), "{blocked:?}");
    }
    for (filter, reason) in [
        ("{type: URLRewrite, urlRewrite: {hostname: b.io}}", "its rewrite of Host to b.io"),
        (
            "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /b}}}",
            "its rewrite of a whole path",
        ),
        ("{type: ExternalAuth, externalAuth: {protocol: HTTP}}", "its filter ExternalAuth"),
    ] {
        let blocked = messages(Source::EnvoyGateway, &http_route(filter), Fate::Blocked);
        assert!(blocked[0].starts_with(&format!("route r: {reason}")), "{blocked:?}");
    }
}

/// The filters of an HTTPRoute change the requests of Kong too.
#[test]
fn changes_of_http_routes_block_the_routes_of_kong() {
    let filter = "{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x-admin]}}";
    let blocked = messages(Source::Kic, &http_route(filter), Fate::Blocked);
    assert!(blocked[0].contains("filters that change requests"), "{blocked:?}");
}
