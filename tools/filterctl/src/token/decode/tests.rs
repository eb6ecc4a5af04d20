use clap::Parser;
use serde_json::{Value, json};

use super::*;

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// RFC 7515 appendix A.3: an ES256 token of the issuer joe, which expired in 2011.
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9\
                     leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFC\
                     gfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const KEY: &str = r#"{"kty": "EC", "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

fn decode_with(config: &str, options: &[&str]) -> Result<(Outcome, String)> {
    let dir = tempfile::tempdir()?;
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("token"), format!("Authorization: Bearer {ES256}\r\n"))?;
    fs::write(path("config.yaml"), config)?;
    fs::write(path("keys.json"), format!(r#"{{"keys": [{KEY}]}}"#))?;
    let files = [path("token"), path("config.yaml"), path("keys.json")];
    let mut arguments = vec!["decode", "--token-file", &files[0]];
    if !config.is_empty() {
        arguments.extend(["-c", &files[1]]);
    }
    let options: Vec<String> =
        options.iter().map(|option| option.replace("KEYS", &files[2])).collect();
    arguments.extend(options.iter().map(String::as_str));
    let cli = Cli::try_parse_from(arguments)?;
    let mut out = Vec::new();
    let outcome = run(&cli.args, &mut out)?;
    Ok((outcome, String::from_utf8(out)?.replace(dir.path().to_str().unwrap(), "DIR")))
}

#[test]
fn content_is_shown_with_times_in_words() {
    let (outcome, text) = decode_with("", &["--time", "1300819390"]).unwrap();
    assert_eq!(outcome, Outcome::Success);
    assert_eq!(
        text,
        "header\n  alg  \"ES256\"\nclaims\n  iss                         \"joe\"\n  \
         exp                         1300819380  2011-03-22 18:43:00 UTC, 10 seconds ago\n  \
         http://example.com/is_root  true\n\
         signature: 64 bytes, not checked; give a configuration with -c FILE\n"
    );
    assert!(!text.contains("DtEhU3"));
}

#[test]
fn keys_of_a_configuration_are_compared() {
    let config = format!(
        "credentials:\n- {{key: joe, kid: old, jwk: {KEY}}}\n- {{key: ann, secret: {SECRET}}}\n\
         - {{key: joe, secret: {{env: UNSET_KEY}}}}\n"
    );
    let (outcome, text) = decode_with(&config, &["--time", "1300819000"]).unwrap();
    assert_eq!(outcome, Outcome::Success, "{text}");
    for expected in [
        "signature: 64 bytes, valid, by credentials[0] (joe)\n",
        "keys of DIR/config.yaml: jwt-auth\n",
        "  credentials[0] \"joe\", kid \"old\", ES256: signed the token\n",
        "  credentials[1] \"ann\", HS256: not tried: the token has another iss\n",
        "  credentials[2] \"joe\", HS256: not tried: the token has another alg\n",
        "decision: allowed\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let (outcome, text) = decode_with(&config, &["--time", "1300819390"]).unwrap();
    assert_eq!(outcome, Outcome::Findings);
    assert!(
        text.contains("decision: expired (exp is 1300819380, the time is 1300819390; "),
        "{text}"
    );
    assert!(!text.contains(SECRET));
}

#[test]
fn issuers_need_their_key_set() {
    let config = "jwks: [{issuer: joe, uri: https://joe.example/keys}]";
    let (outcome, text) = decode_with(config, &["--time", "1300819000"]).unwrap();
    assert_eq!(outcome, Outcome::Success);
    assert!(text.contains("give its key set with --jwks FILE"), "{text}");
    assert!(text.contains("decision: allowed, if the signature is valid\n"), "{text}");
    for (issuer, expected) in
        [("", "signed the token"), ("joe=", "signed the token"), ("ann=", "--jwks FILE")]
    {
        let options = ["--time", "1300819000", "--jwks", &format!("{issuer}KEYS")];
        let (_, text) = decode_with(config, &options).unwrap();
        assert!(text.contains(expected), "{issuer}: {text}");
    }
}

#[test]
fn filters_are_found_in_the_files_of_hosts() {
    let key = KEY.replace('\n', "");
    let config = format!(
        "_format_version: '3.0'\nservices:\n- name: api\n  routes: [{{name: all, paths: [/]}}]\n  \
         filter_chains:\n  - filters:\n    - name: novasphere_gateway\n      config:\n        \
         jwt_auth: {{credentials: [{{key: joe, jwk: {key}}}]}}\n"
    );
    let (_, text) = decode_with(&config, &["--time", "1300819000"]).unwrap();
    assert!(text.contains("credentials[0] \"joe\", ES256: signed the token"), "{text}");
}

#[test]
fn json_has_the_same_facts() {
    let config = format!("credentials: [{{key: joe, jwk: {KEY}}}]");
    let options = ["--time", "1300819390", "-o", "json"];
    let (_, text) = decode_with(&config, &options).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["claims"]["iss"], "joe");
    assert_eq!(json["times"]["exp"], "2011-03-22 18:43:00 UTC, 10 seconds ago");
    assert_eq!(json["configurations"][0]["decision"], "expired");
    assert_eq!(json["configurations"][0]["keys"][0]["signed"], json!(true));
    assert!(!text.contains("DtEhU3"));
}

#[test]
fn faults_of_the_configuration_are_errors() {
    let error = decode_with("credentials: [{key: joe, secret: short}]", &[]).unwrap_err();
    assert!(
        error.to_string().contains("credentials[0].secret: must be at least 32 bytes"),
        "{error}"
    );
    let error = decode_with("static_resources: {}", &[]).unwrap_err();
    assert!(error.to_string().contains("no configuration of jwt-auth"), "{error}");
}

#[test]
fn scheme_and_header_name_are_ignored() {
    for text in ["a.b.c", " Bearer a.b.c\n", "Authorization: Bearer a.b.c", "X-Token: a.b.c"] {
        assert_eq!(bare(text), "a.b.c");
    }
}
