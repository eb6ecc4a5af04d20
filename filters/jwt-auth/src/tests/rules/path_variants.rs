//! Rules, and servers that interpret a path differently.

use novasphere_core::{
    BuildContext, ConfigErrors, PathMatch, PathPattern, UnambiguousPath, target, testing::TestHost,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::{
    super::*,
    path_reader::{reader, special_text},
    requests::rules,
};

/// A path as a request target.
fn encoded(path: &str) -> String {
    const ESCAPED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'~').remove(b'_');
    utf8_percent_encode(path, ESCAPED).to_string()
}

fn random_rule() -> impl Strategy<Value = String> {
    let paths = [
        r#""path": "/a""#,
        r#""path": "/a/b""#,
        r#""path_prefix": "/a""#,
        r#""path_prefix": "/b""#,
        r#""path_prefix": "/""#,
        r#""path_template": "/a/{x}""#,
        r#""path_template": "/{x}/b""#,
        r#""methods": ["GET", "HEAD"]"#,
    ];
    let effects = [
        r#""skip": true"#,
        r#""optional": true"#,
        r#""scopes": {"all_of": ["a"]}"#,
        r#""scopes": {"all_of": ["b"]}"#,
        r#""scopes": {"all_of": ["a"], "any_of": ["b", "c"]}"#,
        r#""audiences": ["api", "other"]"#,
        r#""audiences": ["other"]"#,
        r#""required_claims": [{"claim": "scope", "contains": "c"}]"#,
    ];
    (prop::sample::select(paths.to_vec()), prop::sample::select(effects.to_vec()))
        .prop_map(|(path, effect)| format!("{{{path}, {effect}}}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever path a server reads, its own rules accept the request.
    #[test]
    fn no_upstream_serves_a_path_whose_rule_rejects_the_request(
        default in prop::sample::select(vec![
            "", r#", "scopes": {"all_of": ["a"]}"#, r#", "audiences": ["api"]"#,
        ]),
        list in prop::collection::vec(random_rule(), 1..4),
        start in prop::sample::select(vec!["/", "/a", "/a/", "/a/b", "/b", "/%61/"]),
        rest in special_text(0..6),
        reader in reader(),
        strips_slash: bool,
        scope in prop::sample::select(vec!["", "a", "b", "c", "a b", "a c"]),
        audience in prop::sample::select(vec!["api", "other"]),
        has_token: bool,
    ) {
        let filter = configure(&format!(
            r#"{{"credentials": [{CREDENTIAL}]{default}, "rules": [{}]}}"#, list.join(",")
        ));
        if let Err(fault) = &filter {
            prop_assert!(fault.contains("never applies"), "{fault}");
        }
        // An earlier rule covers a later one.
        let Ok(filter) = filter else { return Ok(()) };
        let token = format!(
            "Bearer {}", token(&format!(r#", "scope": "{scope}", "aud": "{audience}""#))
        );
        let passes = |path: &str| {
            let token = if has_token { token.as_str() } else { "" };
            let head = [(":method", "GET"), (":path", path), ("authorization", token)];
            run(&filter, &head).response.is_none()
        };
        let path = format!("{start}{rest}");
        let mut read = reader.read(target::path(path.as_bytes()));
        if strips_slash && read.len() > 1 {
            read = read.trim_end_matches('/').to_owned();
        }
        let read = encoded(&read);
        if UnambiguousPath::new(read.as_bytes()).is_some() && passes(&path) {
            prop_assert!(passes(&read), "{path} passes and is read as {read}: {list:?}");
        }
    }

    #[test]
    fn looser_rule_never_applies_to_an_ambiguous_path(
        start in prop::sample::select(vec!["/a", "/a/", "/%61"]),
        rest in special_text(0..6),
        effect in prop::sample::select(vec![
            r#""skip": true"#, r#""optional": true"#, r#""report_only": true"#,
        ]),
    ) {
        let filter = rules(&format!(r#"{{"path_prefix": "/a", {effect}}}"#));
        let path = format!("{start}{rest}");
        if UnambiguousPath::new(target::path(path.as_bytes())).is_none() {
            prop_assert!(run(&filter, &[(":path", &path)]).response.is_some(), "{path}");
        }
    }

    /// Also if the server reads a path that is ambiguous itself.
    #[test]
    fn stricter_rule_applies_to_every_path_that_a_server_matches_to_it(
        path in prop::sample::select(vec![
            PathMatch { path: Some("/a/b"), ..PathMatch::default() },
            PathMatch { path_prefix: Some("/a/b"), ..PathMatch::default() },
            PathMatch { path_template: Some("/a/{x}"), ..PathMatch::default() },
            PathMatch { path_template: Some("/a/{x}/b"), ..PathMatch::default() },
        ]),
        start in prop::sample::select(vec!["/", "/a", "/a/", "/a/b", "/a%2f", "/a%2fb", "/%61/"]),
        rest in special_text(0..8),
        end in prop::sample::select(vec!["", "/b", "%2fb"]),
        reader in reader(),
    ) {
        let host = TestHost::default();
        let mut cx = BuildContext::new(&host, ConfigErrors::default());
        let pattern = PathPattern::new(path, "rules[0]", &mut cx).unwrap();
        let fields = [
            ("path", path.path),
            ("path_prefix", path.path_prefix),
            ("path_template", path.path_template),
        ];
        let (name, text) = fields.into_iter().find_map(|(n, v)| Some((n, v?))).unwrap();
        let filter = rules(&format!(r#"{{"{name}": "{text}", "scopes": {{"all_of": ["a"]}}}}"#));
        let target = format!("{start}{rest}{end}");
        let read = reader.read(target::path(target.as_bytes()));
        if pattern.matches(&read) {
            let token = format!("Bearer {}", token(""));
            let head = [(":path", target.as_str()), ("authorization", &token)];
            prop_assert!(run(&filter, &head).response.is_some(), "{target} is read as {read}");
        }
    }
}
