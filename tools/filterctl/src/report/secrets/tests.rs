use super::*;
use crate::source::File;

#[test]
fn credentials_in_headers_are_stars() {
    let text = "- 'Authorization:Basic YTpi'\n- X-A:1\n- Cookie:a=b\n- key:abc\n";
    let project = Project { files: vec![File::new("x", text.to_owned())], ..Project::default() };
    let expected = "- 'Authorization:**********'\n- X-A:1\n- Cookie:***\n- key:***\n";
    assert_eq!(masked(0, &project), expected);
}

#[test]
fn secrets_in_comments_and_lists_are_stars() {
    for (text, expected) in [
        ("a: 1 # ü\n  # secret: abc\n", "a: 1 # ü\n  # secret:****\n"),
        ("# - {key: a, secret: {env: A}}\nk: [ab]\n", "# - {key: a, secret: {env: A}}\nk: [**]\n"),
        ("a: 'x # k: y' # token: ab\r\nb: 1\n", "a: 'x # k: y' # token:***\r\nb: 1\n"),
        ("a: |- # k: ab\n  b # k: c\n", "a: |- # k:***\n  b # k: c\n"),
        (
            "#   secret: |\n#     one\n#\n#     two\n#   b: 1\n",
            "#   secret:**\n#     ***\n#\n#     ***\n#   b: 1\n",
        ),
        (
            "a: 1 # k: |\n#  one\n# two\nb: 1\n#    c\n",
            "a: 1 # k:**\n#  ***\n# two\nb: 1\n#    c\n",
        ),
        (
            "# -----BEGIN PRIVATE KEY-----\n# MC4C\n# -----END PRIVATE KEY-----\n# a\na: 1\n",
            "# ***************************\n# ****\n# *************************\n# a\na: 1\n",
        ),
    ] {
        let files = vec![File::new("x", text.to_owned())];
        assert_eq!(files[0].error, None, "{text}");
        assert_eq!(masked(0, &Project { files, ..Project::default() }), expected);
    }
}

#[test]
fn variables_and_passwords_are_stars() {
    for (text, expected) in [
        ("# pg_password = ab\nforward_token: true\n", "# pg_password =***\nforward_token: true\n"),
        ("env: [{name: A, value: ab}]\n", "env: [{name: A, value: **}]\n"),
        ("env: [{name: KONG_WASM, value: off}]\n", "env: [{name: KONG_WASM, value: off}]\n"),
        ("key_values: {A: ab}\n", "key_values: {A: **}\n"),
        ("customEnv: {a: {valueFrom: b}}\n", "customEnv: {a: {valueFrom: b}}\n"),
        ("a: 1\nadmin_token: ab\n", "a: 1\nadmin_token: **\n"),
    ] {
        let files = vec![File::new("x", text.to_owned())];
        assert_eq!(masked(0, &Project { files, ..Project::default() }), expected);
    }
}

#[test]
fn secrets_in_embedded_documents_are_stars() {
    let text = "\
kind: ConfigMap
apiVersion: v1
data:
  dynamic.yaml: |
    http: # k: ab
      middlewares:
        a:
          plugin:
            novasphere-jwt-auth:
              json: |
                {\"public_key\": \"-----BEGIN PRIVATE KEY-----\\nMC4C\", \"b\": 1}
";
    let key = "-----BEGIN PRIVATE KEY-----\\nMC4C";
    let expected = text.replace("k: ab", "k:***").replace(key, &"*".repeat(key.len()));
    let project = Project::new(vec![File::new("x.yaml", text.to_owned())]);
    assert_eq!(masked(0, &project), expected);
}

#[test]
fn text_that_is_not_yaml_shows_no_secret() {
    for (text, expected) in [
        ("- {key: a, secret: \"open\n", "- {key: a, secret:******\n"),
        ("  secret: one: x\n  leeway: 5\n", "  secret:*******\n  leeway: 5\n"),
        ("secret: |\n  one\n\n  two\n]\n", "secret:**\n  ***\n\n  ***\n]\n"),
        ("\"secret\": {env: A}\n]\n", "\"secret\": {env: A}\n]\n"),
        ("[Authorization:Basic YTpi\n", "[Authorization:**********\n"),
        ("[\n#  k: |\n#   one\n#  b: 1\n", "[\n#  k:**\n#   ***\n#  b: 1\n"),
        (
            "a: [-----BEGIN EC PRIVATE KEY-----\nMC4C\n-----END EC PRIVATE KEY-----\nb: 1\n",
            "a: [******************************\n****\n****************************\nb: 1\n",
        ),
    ] {
        let project =
            Project { files: vec![File::new("x", text.to_owned())], ..Project::default() };
        assert!(project.files[0].error.is_some(), "{text}");
        assert_eq!(masked(0, &project), expected);
    }
}

#[test]
fn secrets_are_stars_and_all_other_bytes_stay() {
    let text =
        "a:\n- {secret: hünter2, leeway: 5}\n- secret: {env: NAME}\n- k: |\n    one\n    two\n";
    let project = Project { files: vec![File::new("x", text.to_owned())], ..Project::default() };
    let masked = masked(0, &project);
    assert_eq!(masked.len(), text.len());
    assert!(masked.contains("{secret: ********, leeway: 5}"), "{masked}");
    assert!(masked.contains("secret: {env: NAME}"), "{masked}");
    assert!(!masked.contains("one") && !masked.contains("two"), "{masked}");
}

#[test]
fn masked_yaml_parses_and_keeps_quotes() {
    for (text, expected) in [
        ("{secret: abc, b: 1}", "{secret: \"***\", b: 1}"),
        ("secret: a\n", "secret: \"*\"\n"),
        ("{\"secret\": \"ab\"}", "{\"secret\": \"**\"}"),
        ("secret: 'it''s' # a\n", "secret: '*****' # a\n"),
        ("secret: \"a\\\"b\" # a\"\n", "secret: \"****\" # a\"\n"),
        ("secret: a b # a\n", "secret: \"***\" # a\n"),
        ("secret: \"\"\n", "secret: \"\"\n"),
        ("a: {d: 12}\nq: &x !!str ab\nk: *x\n", "a: {d: \"**\"}\nq: &x !!str \"**\"\nk: *x\n"),
        ("k: |-  # a\n    one\n\n    two\nb: 1\n", "k: |-  # a\n    ***\n\n    ***\nb: 1\n"),
        ("k: &a !!str |\n  one\nb: 1\n", "k: &a !!str |\n  ***\nb: 1\n"),
        ("k: |\n\n  !one |\nb: 1\n", "k: |\n\n  ******\nb: 1\n"),
        ("[{secret: &a 'b'}, {k: !!str c}]", "[{secret: &a '*'}, {k: !!str \"*\"}]"),
        ("k: >\n  *one\nb: 1\n", "k: >\n  ****\nb: 1\n"),
        ("k: one\n  two\nb: 1\n", "k: \"***\n  ***\"\nb: 1\n"),
        ("k: \"one\n  two\"\n", "k: \"***\n  ***\"\n"),
        ("secret:\n- ab\n- [c: d]\n", "secret:\n- \"**\"\n- [\"*\": \"*\"]\n"),
        ("- 'Authorization:Basic a' # b\n", "- 'Authorization:*******' # b\n"),
        ("# secret: ab\nsecret: ~\n", "# secret:***\nsecret: ~\n"),
        ("a: '{secret: abc}'\n", "a: '{secret: abc}'\n"),
        (
            "{public_key: \"-----BEGIN PRIVATE KEY-----\\nMC4C\", b: 1}",
            "{public_key: \"*********************************\", b: 1}",
        ),
        (
            "a:\n- b: |\n    -----BEGIN PRIVATE KEY-----\n    MC4C\n  c: 1\n",
            "a:\n- b: |\n    ***************************\n    ****\n  c: 1\n",
        ),
    ] {
        let files = vec![File::new("x", text.to_owned())];
        assert_eq!(files[0].error, None, "{text}");
        let masked = masked_yaml(0, &Project { files, ..Project::default() });
        assert_eq!(masked, expected);
        assert_eq!(File::new("x", masked).error, None, "{text}");
    }
}

/// Each comment and each scalar is looked up in a sorted list, so the time grows with the file alone.
#[test]
fn many_comments_are_read_quickly() {
    let text: String = (0..50_000).map(|n| format!("- a{n} # secret: {n}\n")).collect();
    let project = Project { files: vec![File::new("x", text)], ..Project::default() };
    let masked = masked(0, &project);
    let last = masked.lines().last();
    assert_eq!((last, &project.files[0].error), (Some("- a49999 # secret:******"), &None));
}
