//! Rules, and servers that interpret a path differently.

use novasphere_core::{UnambiguousPath, target};
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
}
