use clap::Parser;
use novasphere_explain::jwt::{key_set, parse_jwk, parse_pem};

use super::*;

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn run_with(arguments: &[&str]) -> Result<String> {
    let cli = Cli::try_parse_from(["key", "gen"].iter().chain(arguments))?;
    let mut out = Vec::new();
    run(&cli.args, &mut out)?;
    Ok(String::from_utf8(out)?)
}

#[test]
fn key_pair_is_a_private_file_and_its_public_key() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    for (algorithm, kind) in [
        ("RS256", "an RSA key"),
        ("es256", "an EC key on P-256"),
        ("ES384", "an EC key on P-384"),
        ("ES512", "an EC key on P-521"),
        ("EdDSA", "an Ed25519 key"),
    ] {
        let path = dir.path().join(algorithm);
        let public = run_with(&[algorithm, "--out", path.to_str().unwrap()]).unwrap();
        let facts = parse_jwk(public.as_bytes()).unwrap();
        assert_eq!(facts.kind, kind);
        assert_eq!(facts.kid, thumbprint(&facts));
        assert!(facts.algorithms[0].eq_ignore_ascii_case(algorithm), "{facts:?}");
        let private = PrivateKey::parse(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(private.public().unwrap().spki, facts.spki);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn public_key_has_the_requested_form() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let pem = run_with(&["ES256", "--out", &path("a"), "--public", "pem"]).unwrap();
    assert_eq!(parse_pem(&pem).unwrap().kind, "an EC key on P-256");
    let arguments = ["ES256", "--out", &path("b"), "--public", "jwks", "--kid", "k1"];
    let set = run_with(&arguments).unwrap();
    let facts = key_set(set.as_bytes(), "x", None).unwrap();
    assert_eq!(facts.keys[0].as_ref().unwrap().kid.as_deref(), Some("k1"));
    let rsa = run_with(&["PS512", "--out", &path("c"), "--bits", "3072"]).unwrap();
    let facts = parse_jwk(rsa.as_bytes()).unwrap();
    assert_eq!((facts.bits, facts.algorithms), (3072, vec!["PS512"]));
}

#[test]
fn secret_has_the_size_of_the_hash() {
    for (algorithm, size) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let secret = run_with(&[algorithm]).unwrap();
        assert_eq!(BASE64_STANDARD.decode(secret.trim()).unwrap().len(), size);
        assert_ne!(secret, run_with(&[algorithm]).unwrap());
    }
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("secret");
    assert_eq!(run_with(&["HS256", "--out", path.to_str().unwrap()]).unwrap(), "");
    assert_eq!(fs::read_to_string(path).unwrap().len(), 45);
}

#[test]
fn existing_files_and_wrong_options_are_rejected() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    for (arguments, expected) in [
        (&["ES256", "--out", path][..], "exists"),
        (&["HS256", "--out", path], "exists"),
        (&["ES256"], "--out FILE is required"),
        (&["ES256", "--bits", "2048", "--out", "x"], "RSA keys only"),
        (&["HS256", "--public", "pem"], "has a secret"),
        (&["RS256", "--bits", "1024", "--out", "x"], "2048..=4096"),
        (&["none", "--out", "x"], "possible values"),
    ] {
        let error = format!("{:#}", run_with(arguments).unwrap_err());
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    assert_eq!(fs::read_to_string(path).unwrap(), "");
}
