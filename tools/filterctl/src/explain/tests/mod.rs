//! The command, from arguments to output.

use std::io::Write as _;

use clap::Parser;
use serde_json::Value;

use super::*;

mod proxied;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn explain(arguments: &[&str]) -> Result<String> {
    let line = Line::try_parse_from([&["explain"], arguments].concat())?;
    let mut out = Vec::new();
    run(&line.args, &mut out)?;
    Ok(String::from_utf8(out)?)
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

const JWT_AUTH: &str = r#"
credentials: [{key: joe, secret: {env: JWT_SECRET}}]
claims_to_headers: [{claim: sub, header: X-User-Id}]
"#;

/// A token of joe with `exp` 1709213922 and another signature.
const TOKEN: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLCJzdWIiOiJhbGljZSIsImV4cCI6MTcwOTIxMzkyMn0.c2ln";

fn explain_token(more: &[&str]) -> String {
    let (config, token) = (file(JWT_AUTH), file(TOKEN));
    let path = |file: &tempfile::NamedTempFile| file.path().display().to_string();
    let (config, token) = (path(&config), path(&token));
    let arguments = ["-c", &config, "--filter", "jwt-auth", "--token-file", &token];
    explain(&[&arguments, more].concat()).unwrap()
}

#[test]
fn status_and_decision_come_first() {
    let text = explain_token(&["--time", "1709213982", "--request", "GET /api/v1/x"]);
    assert!(text.starts_with("status    401\ndecision  jwt-auth: expired\nmeaning   "), "{text}");
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    for expected in [
        "request   GET /api/v1/x\n",
        "time      2024-02-29 13:39:42Z\n",
        "  => no claim exp: exp is 1709213922 (2024-02-29 13:38:42Z), the time is\n",
        "  www-authenticate: Bearer error=\"invalid_token\"\n",
        "  metric  novasphere_decisions_total{filter=\"jwt-auth\",decision=\"expired\"}\n",
        "  access log  decision: novasphere_jwt-auth:expired\n",
        "  the value of JWT_SECRET was not given\n",
        "  signature not checked: the key for HS256 was not given\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn output_shows_no_token() {
    for format in ["text", "json"] {
        let text = explain_token(&["--time", "1709213862", "-o", format]);
        assert!(text.contains("X-User-Id: alice") || text.contains("x-user-id"), "{text}");
        assert!(text.contains("Bearer <hidden>") && !text.contains("eyJ"), "{text}");
    }
}

/// A credential, in every place where clients send one, and in copies that filters make.
const MARKER: &str = "op4que-s3cret";

#[test]
fn output_shows_no_credential() {
    let gateway = r#"
jwt_auth:
  credentials: [{key: joe, secret: {env: JWT_SECRET}}]
  header_names: [authorization, x-own]
  uri_param_names: [access_token, t]
  report_only: true
rate_limit: {minute: 5, limit_by: header, header_name: x-api-key}
header_transform:
  request:
    add: {headers: ["X-Copy:$(headers.x-api-key)-$(query.token)", "X-Cookie:$(headers.cookie)"]}
    rename: {headers: ["x-auth-token:x-renamed"]}
  response: {add: {headers: ["X-Copied:$(headers.x-session)"]}}
"#;
    let config = file(gateway);
    let config = config.path().display().to_string();
    let headers = [
        "Authorization: Bearer op4que-s3cret",
        "Authorization: op4que-s3cret",
        "Authorization: Custom op4que-s3cret",
        "Proxy-Authorization: Basic op4que-s3cret",
        "Cookie: a=b; session=op4que-s3cret",
        "X-Auth-Token: op4que-s3cret",
        "apikey: op4que-s3cret",
        "X-API-Key: op4que-s3cret",
        "X-Own: op4que-s3cret",
        "Referer: https://a.test/?access_token=op4que-s3cret",
    ];
    let targets = ["access_token", "token", "t", "api_key", "%74oken"]
        .map(|name| format!("/a?x=1&{name}={MARKER}&y=2"));
    let upstream = ["Set-Cookie: session=op4que-s3cret; Path=/", "X-Session: op4que-s3cret"];
    let mut requests: Vec<Vec<&str>> = headers.iter().map(|line| vec!["-H", line]).collect();
    requests.extend(targets.iter().map(|target| vec!["--request", target.as_str()]));
    requests.extend(upstream.iter().map(|line| vec!["--upstream-header", line]));
    requests.push(vec!["--token", MARKER]);
    requests.push(vec!["--token", MARKER, "--filter", "gateway", "--host", "kong"]);
    for request in requests {
        for format in ["text", "json"] {
            let filter = ["-c", &config, "-o", format];
            let mut arguments = [&filter[..], &request].concat();
            if !arguments.contains(&"--filter") {
                arguments.extend(["--filter", "gateway"]);
            }
            let text = explain(&arguments).unwrap();
            assert!(!text.contains(MARKER), "{request:?}\n{text}");
            assert!(text.contains("<hidden>"), "{request:?}\n{text}");
        }
    }
}

#[test]
fn errors_show_no_credential() {
    for arguments in [
        ["--request", "a?token=op4que-s3cret"],
        ["--header", "op4que-s3cret"],
        ["--upstream-header", "op4que-s3cret"],
    ] {
        let config = file("{minute: 5}");
        let config = config.path().display().to_string();
        let first = ["-c", &config, "--filter", "rate-limit"];
        let error = explain(&[first, [arguments[0], arguments[1], "-o", "text"]].concat());
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains(arguments[0]) && !error.contains(MARKER), "{error}");
    }
}

#[test]
fn line_of_the_log_shows_no_credential() {
    let line = r#"{"status": 401, "decision": "novasphere_jwt-auth:malformed", "method": "GET",
        "path": "/a?token=op4que-s3cret", "jwt_auth_detail": "/b?api_key=op4que-s3cret",
        "client": "eyJhbGciOiJub25lIn0.e30.op4que-s3cret"}"#;
    for format in ["text", "json"] {
        let text = explain(&["--log-line", line, "-o", format]).unwrap();
        assert!(!text.contains(MARKER), "{text}");
    }
}

#[test]
fn given_secret_is_checked() {
    let time = ["--time", "1709213862", "--env"];
    let secret = "JWT_SECRET=0123456789abcdef0123456789abcdef";
    let text = explain_token(&[&time[..], &[secret]].concat());
    assert!(text.contains("decision  jwt-auth: bad_signature\n"), "{text}");
    assert!(!text.contains("not checked") && !text.contains("0123456789abcdef"), "{text}");
}

#[test]
fn json_has_the_same_facts() {
    let text = explain_token(&["--time", "1709213982", "-o", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&json["status"], &json["decision"]["name"]), (&401.into(), &"expired".into()));
    let notes = json["steps"][0]["notes"].as_array().unwrap();
    let decides = notes.iter().find(|note| note["decides"] == true).unwrap();
    assert_eq!(decides["subject"], "claim exp");
    assert_eq!(json["upstream"], Value::Null);
    let attributes = &json["access_log"]["attributes"];
    let detail = attributes["jwt_auth_detail"].as_str().unwrap();
    assert!(detail.starts_with("exp is 1709213922"), "{detail}");
}

const ENVOY: &str = include_str!("../../../../../host-config/envoy/gateway.yaml");

#[test]
fn request_is_routed_as_the_file_says() {
    let config = file(ENVOY);
    let config = config.path().display().to_string();
    let text = explain(&["-c", &config, "--request", "GET /api/v1/wukongs"]).unwrap();
    assert!(text.contains("host      api.novasphere.io\n"), "{text}");
    assert!(text.contains("decision  jwt-auth: no_token\n"), "{text}");
    let text = explain(&["-c", &config, "--request", "GET /api/v1/healthz"]).unwrap();
    assert!(text.starts_with("status    200\ndecision  upstream: passed\n"), "{text}");
    assert!(text.contains("jwt-auth: skipped, lets the request pass\n"), "{text}");
    let text = explain(&["-c", &config, "--request", "GET /other"]).unwrap();
    assert!(text.starts_with("status    404\ndecision  proxy: route_not_found\n"), "{text}");
    assert!(text.contains("  access log  decision: route_not_found\n"), "{text}");
}

#[test]
fn count_and_upstream_are_options() {
    let config = file("{minute: 20}");
    let config = config.path().display().to_string();
    let arguments = ["-c", &config, "--filter", "rate-limit", "--host", "kong", "--time"];
    let arguments = [&arguments[..], &["1709213862", "--count", "minute=17"]].concat();
    let more = ["--upstream-status", "404", "--upstream-header", "Server: x"];
    let text = explain(&[&arguments[..], &more].concat()).unwrap();
    for expected in ["status    404\n", "  server: x\n", "  x-ratelimit-remaining-minute: 2\n"] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn rejected_configuration_is_an_error() {
    let config = file("{minute: 0}");
    let config = config.path().display().to_string();
    let error = explain(&["-c", &config, "--filter", "rate-limit"]).unwrap_err().to_string();
    assert!(error.starts_with("rate-limit rejects its configuration:\n  minute: "), "{error}");
}

#[test]
fn decisions_are_explained_by_name() {
    let text = explain(&["--decision", "novasphere_jwt-auth:expired"]).unwrap();
    assert!(text.starts_with("decision  jwt-auth: expired\nmeaning   "), "{text}");
    let json: Value =
        serde_json::from_str(&explain(&["--decision", "reported", "-o", "json"]).unwrap()).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    let error = explain(&["--decision", "late"]).unwrap_err().to_string();
    assert!(error.contains("unknown decision \"late\"; expected one of "), "{error}");
}

#[test]
fn exactly_one_subject_is_given() {
    assert!(explain(&[]).is_err());
    assert!(explain(&["--decision", "expired", "--log-line", "{}"]).is_err());
}
