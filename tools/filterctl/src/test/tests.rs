//! The command, from arguments to results.

use std::fs;

use clap::Parser;
use serde_json::Value;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// A folder with files of these names and texts.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Runs the command. `{}` in arguments is the folder.
fn test(folder: &tempfile::TempDir, arguments: &[&str]) -> Result<(Outcome, String)> {
    let path = folder.path().display().to_string();
    let arguments = arguments.iter().map(|argument| argument.replace("{}", &path));
    let line = Line::try_parse_from(["test".to_owned()].into_iter().chain(arguments))?;
    let mut out = Vec::new();
    let outcome = run(&line.args, &mut out)?;
    Ok((outcome, String::from_utf8(out)?.replace(&path, "{}")))
}

const KONG: &str = r#"
_format_version: "3.0"
services:
- name: api
  url: http://api:80
  routes: [{name: all, hosts: [api.test], paths: [/api]}]
  filter_chains:
  - filters:
    - name: novasphere_gateway
      config:
        jwt_auth: {credentials: [{key: joe, secret: {env: JWT_SECRET}}]}
        rate_limit: {minute: 2}
"#;

const CASES: &str = r#"
- name: a good token passes until the limit
  tokens:
    good: {algorithm: HS256, secret: {env: JWT_SECRET}, claims: {iss: joe, exp: now+60}}
  exchanges:
  - request: &request {path: /api/x, headers: {authorization: "Bearer ${good}"}}
    expect: {headers: {x-ratelimit-remaining-minute: 1}, upstream: {path: /api/x}}
  - {request: *request, expect: {status: 200}}
  - {request: *request, expect: {status: 429, upstream: none}}
- name: a request without a token is rejected
  exchanges:
  - {request: {path: /api/x}, expect: {status: 401, upstream: none}}
  - {request: {path: /other}, expect: {status: 404, upstream: none}}
"#;

const SECRET: &str = "JWT_SECRET=0123456789abcdef0123456789abcdef";

#[test]
fn cases_run_against_the_configuration_of_a_host() {
    let folder = folder(&[("kong.yml", KONG), ("cases.yaml", CASES)]);
    let arguments = ["-c", "{}/kong.yml", "--env", SECRET, "{}/cases.yaml"];
    let (outcome, text) = test(&folder, &arguments).unwrap();
    assert_eq!((outcome, text.as_str()), (Outcome::Success, "2 cases: 2 passed, 0 failed\n"));
}

#[test]
fn secrets_can_be_assumed() {
    let folder = folder(&[("kong.yml", KONG), ("cases.yaml", CASES)]);
    let arguments = ["-c", "{}/kong.yml", "--assume-env", "{}/cases.yaml"];
    let (outcome, text) = test(&folder, &arguments).unwrap();
    let note = "note: signature not checked: the key for HS256 was not given\n";
    assert_eq!((outcome, text), (Outcome::Success, format!("{note}2 cases: 2 passed, 0 failed\n")));
    let (outcome, text) = test(&folder, &["-c", "{}/kong.yml", "{}/cases.yaml"]).unwrap();
    assert_eq!(outcome, Outcome::Findings);
    assert!(text.contains("the variable of secret is not given"), "{text}");
}

#[test]
fn failure_names_the_difference_and_the_decision() {
    let cases = CASES.replace("status: 401", "status: 200");
    let folder = folder(&[("kong.yml", KONG), ("cases.yaml", &cases)]);
    let arguments = ["-c", "{}/kong.yml", "--env", SECRET, "{}/cases.yaml"];
    let (outcome, text) = test(&folder, &arguments).unwrap();
    assert_eq!(outcome, Outcome::Findings);
    let expected = r#"FAILED {}/cases.yaml: a request without a token is rejected
  exchange 1: status: expected 200, got 401 ({"message":"Unauthorized"}
)
  exchange 1: decided by jwt-auth: no_token (token: no token; expected in header authorization or query parameter jwt)

2 cases: 1 passed, 1 failed
"#;
    assert_eq!(text, expected);
    let (_, junit) = test(&folder, &[&arguments[..], &["-o", "junit"]].concat()).unwrap();
    assert!(
        junit.contains("<testsuites name=\"filterctl\" tests=\"2\" failures=\"1\">"),
        "{junit}"
    );
    let (_, json) = test(&folder, &[&arguments[..], &["-o", "json"]].concat()).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[0]["passed"], &json[1]["passed"]), (&true.into(), &false.into()));
}

#[test]
fn case_can_have_its_own_configuration() {
    let case = r#"
- name: limited
  config: {minute: 1}
  exchanges: [{}, {expect: {status: 429}}]
"#;
    let folder = folder(&[("cases/rate-limit/a.yaml", case), ("other/a.yaml", case)]);
    let (outcome, _) = test(&folder, &["{}/cases"]).unwrap();
    assert_eq!(outcome, Outcome::Success);
    let (outcome, text) = test(&folder, &["{}/other"]).unwrap();
    assert_eq!(outcome, Outcome::Findings);
    assert!(text.contains("gateway rejects its configuration"), "{text}");
    let (outcome, _) = test(&folder, &["{}/other", "--filter", "rate-limit"]).unwrap();
    assert_eq!(outcome, Outcome::Success);
}

#[test]
fn requests_have_times_addresses_and_expected_decisions() {
    let cases = r#"
- name: a token expires, and a limit by address starts again
  config:
    jwt_auth: {credentials: [{key: joe, secret: {env: JWT_SECRET}}], skip: [{path: /open}]}
    rate_limit: {minute: 1, limit_by: ip}
  tokens: {good: {algorithm: HS256, secret: {env: JWT_SECRET}, claims: {iss: joe, exp: now+60}}}
  exchanges:
  - request: {path: /a, headers: &token {authorization: "Bearer ${good}"}}
    expect: {decision: [jwt-auth:allowed, rate-limit:allowed]}
  - {request: {path: /a, headers: *token}, expect: {status: 429, decision: rate-limit:limited}}
  - request: {path: /a, headers: *token, client_address: 2001:db8::1}
    expect: {decision: rate-limit:allowed}
  - request: {path: /a, headers: *token, time: now+61}
    expect: {status: 401, decision: jwt-auth:expired}
  - {request: {path: /open, time: now+120}, expect: {decision: jwt-auth:skipped}}
"#;
    let (right, wrong) = ("decision: jwt-auth:expired", "decision: jwt-auth:no_token");
    let wrong = cases.replace(right, wrong);
    let folder = folder(&[("right.yaml", cases), ("wrong.yaml", &wrong)]);
    let (_, text) = test(&folder, &["--env", SECRET, "{}/right.yaml"]).unwrap();
    assert_eq!(text, "1 case: 1 passed, 0 failed\n");
    let (outcome, text) = test(&folder, &["--env", SECRET, "{}/wrong.yaml"]).unwrap();
    assert_eq!(outcome, Outcome::Findings);
    let expected = "exchange 4: decision: expected jwt-auth:no_token, got jwt-auth:expired\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn tokens_with_private_keys_need_the_key_set() {
    let key = crate::private_key::PrivateKey::generate(crate::private_key::KeyType::P256).unwrap();
    let pem = key.to_pkcs8_pem().unwrap();
    let jwk = key.public_jwk("ES256", Some("k1")).unwrap();
    let set = serde_json::json!({ "keys": [jwk] }).to_string();
    let cases = serde_json::json!([{
        "name": "a token of the issuer passes",
        "config": {"jwks": [{"issuer": "https://id.test", "discovery": true}]},
        "tokens": {"good": {
            "algorithm": "ES256", "private_key": pem, "header": {"kid": "k1"},
            "claims": {"iss": "https://id.test", "exp": "now+60"}
        }},
        "exchanges": [{"request": {"headers": {"authorization": "Bearer ${good}"}}}]
    }]);
    let folder = folder(&[("jwt-auth/a.json", &cases.to_string()), ("jwks.json", &set)]);
    let (outcome, text) =
        test(&folder, &["{}/jwt-auth", "--jwks", "https://id.test={}/jwks.json"]).unwrap();
    assert_eq!(outcome, Outcome::Success, "{text}");
    let (outcome, text) = test(&folder, &["{}/jwt-auth"]).unwrap();
    assert_eq!(outcome, Outcome::Findings);
    assert!(text.contains("keys_unavailable"), "{text}");
}

#[test]
fn key_file_is_relative_to_the_file_of_cases() {
    let key = crate::private_key::PrivateKey::generate(crate::private_key::KeyType::P256).unwrap();
    let case = r#"
- name: another key
  config: {credentials: [{key: joe, secret: 0123456789abcdef0123456789abcdef}]}
  tokens: {other: {algorithm: ES256, private_key: {file: key.pem}, claims: {iss: joe}}}
  exchanges:
  - {request: {headers: {authorization: "Bearer ${other}"}}, expect: {upstream: {}}}
"#;
    let pem = key.to_pkcs8_pem().unwrap();
    let folder = folder(&[("jwt-auth/a.yaml", case), ("jwt-auth/key.pem", &pem)]);
    let (_, text) = test(&folder, &["{}/jwt-auth/a.yaml"]).unwrap();
    assert!(text.contains("decided by jwt-auth: algorithm_not_allowed"), "{text}");
}

#[test]
fn output_shows_no_token() {
    let cases = CASES.replace("status: 200}}", "status: 200, upstream: none}}");
    let folder = folder(&[("kong.yml", KONG), ("cases.yaml", &cases)]);
    let arguments = ["-c", "{}/kong.yml", "--env", SECRET, "{}/cases.yaml"];
    let (_, text) = test(&folder, &arguments).unwrap();
    assert!(text.contains("Bearer <token>") && !text.contains("eyJ"), "{text}");
}

#[test]
fn errors_name_file_and_case() {
    for (text, expected) in [
        ("a: 1", "expected a list of cases"),
        ("[]", "no cases"),
        ("- {name: a, exchanges: [{request: {time: soon}}]}", "time: expected now, now+600"),
        ("- {name: a, exchanges: [{expect: {decision: expired}}]}", "as in jwt-auth:expired"),
        ("- {name: a, exchange: []}", "case 1 \"a\": unknown field `exchange`"),
        ("- {name: a, exchanges: [{}]}\n- {name: a, exchanges: [{}]}", "case 2 \"a\": the name is"),
    ] {
        let folder = folder(&[("cases.yaml", text)]);
        let error = test(&folder, &["{}/cases.yaml"]).unwrap_err().to_string();
        assert!(error.contains("cases.yaml: ") && error.contains(expected), "{error}");
    }
    let folder = folder(&[("cases.yaml", "- {name: a, exchanges: [{}]}")]);
    let (outcome, text) = test(&folder, &["{}/cases.yaml"]).unwrap();
    assert_eq!(outcome, Outcome::Findings);
    assert!(text.contains("give the case a config, or use --config"), "{text}");
}
