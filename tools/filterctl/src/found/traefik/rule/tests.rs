use super::*;
use crate::{found::Project, source::File};

#[test]
fn parses_rules() {
    let rule = "(Host(`a`) || host(\"b\")) && Method(`get`, `HEAD`) && !Path(`/c`) && Header(`x`, `y`) && PathRegexp(`^/d`)";
    let [conditions] = &alternatives(rule)[..] else { panic!("not one alternative") };
    assert_eq!(conditions.domains, ["a", "b"]);
    assert_eq!(conditions.methods, ["GET", "HEAD"]);
    assert_eq!(conditions.others, ["!Path(`/c`)", "Header(`x`, `y`)"]);
    assert_eq!(conditions.path, PathCondition::RegexPrefix("^/d".to_owned()));
}

#[test]
fn unparsable_rule_is_kept_as_another_condition() {
    for rule in ["Host(`a`) && Path(`/b", "Host(`a`) Path(`/b`)", "Host()", "Path(\"/\\x61\")"] {
        assert_eq!(alternatives(rule), [RuleConditions::other(rule)], "{rule}");
    }
    let braces = "Path(`/x/{id:[0-9]+}`)";
    assert_eq!(alternatives(braces)[0].others, [braces]);
    let many = ["(Host(`a`) || Path(`/`))"; 7].join(" && ");
    assert_eq!(alternatives(&many), [RuleConditions::other(&many)]);
}

#[test]
fn alternatives_with_different_kinds_of_conditions_stay_separate() {
    let all = alternatives("(Host(`a`) && Path(`/b`)) || (Host(`c`) && Path(`/d`))");
    let hosts: Vec<_> = all.iter().map(|one| one.domains.clone()).collect();
    assert_eq!(hosts, [["a"], ["c"]]);
    assert_eq!(alternatives("Host(`a`) || Path(`/b`)").len(), 2);
    // No request has two hosts.
    assert_eq!(alternatives("Host(`a`) && Host(`b`)"), []);
    assert_eq!(alternatives("Path(`/a`) || Host(`a`) && Path(`/b`) || Path(`/c`)").len(), 2);
    let path = |rule| alternatives(rule)[0].path.clone();
    assert_eq!(path("Path(`/a`) && PathPrefix(`/`)").matches("/a"), Some(true));
}

/// The names of the routes for requests to hosts.
fn selected(rules: &[(&str, &str)], requests: &[(&str, &str)]) -> Vec<Option<String>> {
    let mut text = String::from(
        "http:\n  middlewares: {auth: {plugin: {novasphere-jwt-auth: {leeway: 5}}}}\n  routers:\n",
    );
    for (name, rule) in rules {
        text += &format!("    {name}: {{rule: '{rule}', middlewares: [auth]}}\n");
    }
    let project = Project::new(vec![File::new("x.yaml", text)]);
    let name = |(host, path): &(&str, &str)| {
        let selected = project.route_for(host, "GET", path)?;
        assert!(selected.uncertain.is_none(), "{host} {path}");
        Some(selected.route.name.clone())
    };
    requests.iter().map(name).collect()
}

#[test]
fn alternatives_are_matched_one_by_one() {
    let rules = [
        ("two", "(Host(`a.test`) && PathPrefix(`/x`)) || (Host(`b.test`) && PathPrefix(`/admin`))"),
        ("open", "Host(`a.test`)"),
        ("either", "Host(`c.test`) || PathPrefix(`/api`)"),
    ];
    for (host, path, expected) in [
        ("a.test", "/x", Some("two")),
        ("b.test", "/admin", Some("two")),
        ("a.test", "/admin", Some("open")),
        ("b.test", "/x", None),
        ("c.test", "/", Some("either")),
        ("d.test", "/api", Some("either")),
        ("d.test", "/", None),
    ] {
        let found = selected(&rules, &[(host, path)]);
        assert_eq!(found, [expected.map(str::to_owned)], "{host} {path}");
    }
}

#[test]
fn regular_expression_matches_anywhere_in_the_path() {
    let rules = [("images", r"PathRegexp(`\.(jpeg|jpg|png)$`)"), ("v", "PathRegexp(`^/v[0-9]`)")];
    let requests = [("a", "/a/b.png"), ("a", "/a/b.pngx"), ("a", "/v1/x"), ("a", "/x/v1")];
    let expected = [Some("images"), None, Some("v"), None].map(|name| name.map(str::to_owned));
    assert_eq!(selected(&rules, &requests), expected);
    let example = alternatives(rules[0].1)[0].path.example();
    assert_eq!(example.as_deref(), Some("/.jpeg"));
}
