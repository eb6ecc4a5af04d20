use clap::Parser;

use super::*;

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn check(input: &str, options: &[&str]) -> (Outcome, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), input).unwrap();
    let path = file.path().to_str().unwrap();
    let arguments = ["jwks", "check", path].into_iter().chain(options.iter().copied());
    let cli = Cli::try_parse_from(arguments).unwrap();
    let mut out = Vec::new();
    let outcome = run(&cli.args, &mut out).unwrap();
    (outcome, String::from_utf8(out).unwrap())
}

/// RFC 7517 appendix A.1.
const EC: &str = r#"{"kty":"EC","crv":"P-256","use":"sig","kid":"1",
    "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
/// RFC 8037 appendix A.2.
const ED: &str =
    r#"{"kty":"OKP","crv":"Ed25519","kid":"2","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const ENCRYPTION: &str = r#"{"kty":"RSA","use":"enc","kid":"3","n":"AQ","e":"AQAB"}"#;

#[test]
fn usable_keys_are_described() {
    let set = format!(r#"{{"keys": [{EC}, {ED}, {ENCRYPTION}]}}"#);
    let (outcome, text) = check(&set, &[]);
    assert_eq!(outcome, Outcome::Success, "{text}");
    for expected in [
        "ok     keys[0] \"1\": an EC key on P-256 of 256 bits, for ES256\n",
        "ok     keys[1] \"2\": an Ed25519 key of 256 bits, for EdDSA\n       thumbprint \
         kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\n",
        "unused keys[2] \"3\"\n       is not used: it has a \"use\" other than \"sig\"\n",
        "2 of 3 keys are usable\n",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn private_keys_are_reported_without_showing_them() {
    let private = ED.replace(r#""kid":"2""#, r#""kid":"2","d":"c2VjcmV0""#);
    let secret = r#"{"kty":"oct","kid":"4","k":"c2VjcmV0"}"#;
    let set = format!(r#"{{"keys": [{EC}, {private}, {secret}]}}"#);
    for options in [&[][..], &["-o", "json"]] {
        let (outcome, text) = check(&set, options);
        assert_eq!(outcome, Outcome::Findings);
        assert!(
            text.contains("PRIVATE KEY PUBLISHED") && text.contains("SECRET PUBLISHED"),
            "{text}"
        );
        assert!(!text.contains("c2VjcmV0"), "{text}");
    }
    let (outcome, text) = check(secret, &[]);
    assert_eq!(outcome, Outcome::Findings);
    assert!(text.contains("HMAC secret") && !text.contains("c2VjcmV0"), "{text}");
    let (outcome, text) = check(&private, &[]);
    assert_eq!(outcome, Outcome::Findings);
    assert!(text.contains("PRIVATE KEY") && !text.contains("c2VjcmV0"), "{text}");
}

#[test]
fn duplicates_are_errors() {
    let other = r#"{"kty":"EC","crv":"P-256","kid":"1",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let (outcome, text) = check(&format!(r#"{{"keys": [{EC}, {other}, {EC}]}}"#), &[]);
    assert_eq!(outcome, Outcome::Findings);
    assert!(text.contains("has the kid \"1\" of keys[0]"), "{text}");
    assert!(text.contains("is the same key as keys[0]"), "{text}");
    // Keys of other types may share a kid.
    let shared = ED.replace("\"2\"", "\"1\"");
    let (outcome, text) = check(&format!(r#"{{"keys": [{EC}, {shared}]}}"#), &[]);
    assert_eq!(outcome, Outcome::Success, "{text}");
}

#[test]
fn unusable_sets_have_the_reason_of_the_filter() {
    for (input, expected) in [
        ("<html>", "the key set is HTML or XML, not JSON"),
        ("", "the key set is empty"),
        ("{}", "the key set has no list \"keys\""),
        (r#"{"keys": []}"#, "the key set has no usable key"),
        (
            r#"{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}"#,
            "\"x\" that is not 32",
        ),
    ] {
        let (outcome, text) = check(input, &[]);
        assert_eq!(outcome, Outcome::Findings);
        assert!(text.contains(expected), "{input}: {text}");
    }
}

#[test]
fn allowed_algorithms_decide() {
    let set = format!(r#"{{"keys": [{EC}, {ED}]}}"#);
    let (outcome, text) = check(&set, &["--algorithm", "ES256"]);
    assert_eq!(outcome, Outcome::Success);
    assert!(text.contains("add EdDSA there") && text.contains("1 of 2 keys"), "{text}");
}

#[test]
fn json_has_one_entry_for_each_key() {
    let (_, text) = check(&format!(r#"{{"keys": [{EC}, {ENCRYPTION}]}}"#), &["-o", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["usable"], true);
    assert_eq!(json["keys"][0]["algorithms"], json!(["ES256"]));
    assert_eq!(json["keys"][1]["severity"], "note");
}

#[test]
fn pem_text_is_one_key() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/keys.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (outcome, text) = check(vectors["rsa3072"]["spki"].as_str().unwrap(), &[]);
    assert_eq!(outcome, Outcome::Success);
    assert!(text.starts_with("ok     the key: an RSA key of 3072 bits, for RS256"), "{text}");
    let (outcome, text) = check(vectors["rsa3072"]["private"].as_str().unwrap(), &[]);
    assert_eq!(outcome, Outcome::Findings);
    assert!(text.contains("is a private key"), "{text}");
}
