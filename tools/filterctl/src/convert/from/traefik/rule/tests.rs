use super::*;

fn read(rule: &str) -> Vec<Conjunction> {
    alternatives(rule).unwrap()
}

#[test]
fn kinds_of_conditions_stay_together() {
    let [one] = &read("Host(`a.io`) && (Path(`/x`) || PathPrefix(`/x/`)) && Method(`GET`)")[..]
    else {
        panic!("not one alternative")
    };
    assert_eq!(one.hosts, Some(vec!["a.io".to_owned()]));
    assert_eq!(one.paths, Some(vec![PathMatch::Segments("/x".to_owned())]));
    assert_eq!(one.methods, Some(vec!["GET".to_owned()]));
    assert_eq!(one.others, [""; 0]);
    assert_eq!(read("Host(`a`) || Host(`b`) || host(`c`)").len(), 1);
    let searched = &read("PathRegexp(`/v[0-9]+$`)")[0].paths.clone().unwrap()[0];
    assert_eq!(searched.whole_regex(), ".*(?:/v[0-9]+$).*");
}

#[test]
fn expressions_match_the_paths_in_which_traefik_finds_them() {
    let paths = [
        "/", "/a", "/ab", "/a/b", "/b", "/bc", "/c/a", "/c/b", "/c/bc", "/c/a/b", "/c/b/", "/(",
        "/c/(",
    ];
    for regex in [
        "/b",
        "/b$",
        "^/a",
        "^/a$",
        "^/a|/b",
        "^/a|/b$",
        "^/a$|^/c",
        "/b|^/a",
        "^(/a|/b)",
        "^(?:/a)|(/b)",
        "^/[ab|]$",
        "^/[](]|/b",
        "^/[[:alpha:](]$|/b",
        r"^/\(|/b",
        r"^/a\||/b",
        "^?/b",
        "^{0}/b",
        "(?i)^/A|/B",
        "^$|c",
        "^",
    ] {
        // As in Go, a match may start and end anywhere.
        let search = regex_lite::Regex::new(regex).unwrap();
        let converted = searched(regex.to_owned());
        assert_eq!(converted.fault(), None, "{regex}");
        for path in paths {
            assert_eq!(converted.matches(path), search.is_match(path), "{regex} {path}");
        }
    }
    // The start of all paths is known if there is one.
    assert_eq!(searched("^/a(/|$)".to_owned()).literal_start(), "/a");
    assert_eq!(searched("^/a|/b".to_owned()).literal_start(), "");
}

#[test]
fn different_kinds_are_alternatives() {
    let all = read("(Host(`a`) && Path(`/b`)) || (Host(`c`) && Path(`/d`))");
    let hosts: Vec<_> = all.iter().map(|one| one.hosts.clone().unwrap()).collect();
    assert_eq!(hosts, [["a"], ["c"]]);
    assert_eq!(read("Host(`a`) || Path(`/b`)").len(), 2);
    // No request has two hosts.
    assert_eq!(read("Host(`a`) && Host(`b`)"), []);
}

#[test]
fn other_conditions_are_kept() {
    for (rule, other) in [
        ("Host(`a`) && !Path(`/b`)", "!Path(`/b`)"),
        ("Host(`a`) && ClientIP(`10.0.0.0/8`)", "ClientIP(`10.0.0.0/8`)"),
        ("Host(`a`) && Path(`/x/{id:[0-9]+}`)", "Path(`/x/{id:[0-9]+}`)"),
        ("Path(`/a`) && PathPrefix(`/`)", "several conditions on the path"),
    ] {
        assert_eq!(read(rule)[0].others, [other], "{rule}");
    }
    assert_eq!(alternatives("Host(`a`) && "), None);
    assert_eq!(alternatives("Host(`a`) Path(`/`)"), None);
}
