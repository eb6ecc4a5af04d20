use super::*;
use crate::source::File;

const TEXT: &str = r#"
http_filters:
- name: chain
  typed_config: {default_filter_chain: {filters: [{name: limit, typed_config: {config: {vm_config: {code: {local: {filename: novasphere-rate-limit.wasm}}}, configuration: {"@type": x/google.protobuf.StringValue, value: '{"minute": 1}'}}}}]}}
route_config:
  virtual_hosts:
  - name: v
    domains: ["*"]
    routes:
    - name: shop
      match: {prefix: /}
      route:
        weighted_clusters:
          clusters:
          - {name: old, weight: 90}
          - name: new
            weight: 10
            typed_per_filter_config:
              chain: {filter_chain: {filters: [{name: limit, typed_config: {config: {vm_config: {code: {local: {filename: novasphere-rate-limit.wasm}}}, configuration: {"@type": x/google.protobuf.StringValue, value: '{"minute": 0}'}}}}]}}
          - {name: off, weight: 1, typed_per_filter_config: {chain: {disabled: true}}}
"#;

#[test]
fn weighted_clusters_override_filters() {
    let project = Project::new(vec![File::new("envoy.yaml", TEXT.to_owned())]);
    let shown: Vec<_> = project
        .routes
        .iter()
        .map(|route| {
            let configs = route.filters.iter().map(|f| project.filters[*f].config.json.as_str());
            let service = route.service_name.as_deref().unwrap();
            (route.name.as_str(), service, configs.collect::<Vec<_>>())
        })
        .collect();
    let expected = [
        ("shop, cluster old", "old", vec![r#"{"minute": 1}"#]),
        ("shop, cluster new", "new", vec![r#"{"minute": 0}"#]),
        ("shop, cluster off", "off", vec![]),
    ];
    assert_eq!(shown, expected);
    // The message about the override is in the override.
    let new = &project.filters[project.routes[1].filters[0]];
    let (span, _) = new.config.node.span_of("minute");
    assert_eq!(TEXT.get(span.clone()), Some("0"));
    assert!(span.start > TEXT.find("name: new").unwrap());
    assert!(project.routes[0].is_sibling_of(&project.routes[1]));
}

#[test]
fn clusters_without_overrides_are_one_route() {
    let text = TEXT.replace("typed_per_filter_config", "metadata_match");
    let project = Project::new(vec![File::new("envoy.yaml", text)]);
    let [route] = &project.routes[..] else { panic!("{:?}", project.routes) };
    assert_eq!((route.name.as_str(), route.filters.len()), ("shop", 1));
}

#[test]
fn conditions_on_the_method_that_are_no_list_are_not_evaluated() {
    for (headers, expected) in [
        ("[{name: ':method', string_match: {exact: GET}}]", 0),
        ("[{name: ':method', string_match: {safe_regex: {regex: 'GET|POST'}}}]", 0),
        ("[{name: ':method', string_match: {prefix: P}}]", 1),
        ("[{name: ':method', string_match: {exact: get, ignore_case: true}}]", 1),
    ] {
        let text = TEXT.replace("{prefix: /}", &format!("{{prefix: /, headers: {headers}}}"));
        let project = Project::new(vec![File::new("envoy.yaml", text)]);
        assert_eq!(project.routes[0].other_conditions.len(), expected, "{headers}");
    }
}
