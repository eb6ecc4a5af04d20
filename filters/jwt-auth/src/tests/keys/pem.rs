//! Public keys as PEM text.

use super::{
    super::*,
    credential::{fault, with_key},
    vectors,
    vectors::key,
};
use crate::keys::pem;

#[test]
fn accepts_pem_with_changed_white_space() {
    let pem = key("p256", "spki");
    for config in [
        pem.clone(),
        pem.replace(r"\n", r"\\n"),
        pem.replace(r"\n", r"\\r\\n"),
        pem.replace(r"\n", r"\r\n"),
        pem.replace(r"\n", r"\r\n"),
        pem.replace(r"\n", " "),
        pem.replace("-----BEGIN", r"subject=novasphere\n-----BEGIN"),
        pem.replace(r"-----\n", r"-----\n\n  "),
    ] {
        let filter = configure(&with_key("public_key", &config)).unwrap();
        assert_eq!(reason(&filter, &vectors::valid_token("ES256")), "allowed", "{config}");
    }
}

#[test]
fn refuses_text_without_a_whole_pem_block() {
    let spki = key("p256", "spki");
    let unquoted = spki.trim_matches('"');
    let cut = format!("{}\"", spki.split_once("-----END").unwrap().0);
    let no_begin = "has no line -----BEGIN PUBLIC KEY-----; expected PEM text (RFC 7468) with one \
                    block: PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE";
    let begin = "has an incomplete BEGIN line; it needs five dashes at both ends, as in \
                 -----BEGIN PUBLIC KEY-----";
    let no_end = "has a BEGIN line without its END line, such as -----END PUBLIC KEY-----; the end \
                  of the text may be missing";
    let labels = "has different labels in its BEGIN and END lines, or an END line without five \
                  dashes at its end";
    let ssh = "is a key in SSH format; convert it: ssh-keygen -e -m PKCS8 -f key.pub";
    for (pem, expected) in [
        (r#""""#.to_owned(), "must not be empty"),
        (r#""secret""#.to_owned(), no_begin),
        (spki.replace("-----BEGIN", "----BEGIN"), no_begin),
        (
            format!("{:?}", key("p256", "jwk")),
            "is a JSON Web Key, not PEM; put it into jwk, as an object",
        ),
        (r#""ssh-rsa AAAAB3NzaC1yc2E user@host""#.to_owned(), ssh),
        (r#""---- BEGIN SSH2 PUBLIC KEY ----\nAAAA""#.to_owned(), ssh),
        (
            format!(r#""{}""#, unquoted.split("-----").nth(2).unwrap()),
            "is base64 without PEM lines; put -----BEGIN PUBLIC KEY----- before it and \
             -----END PUBLIC KEY----- after it",
        ),
        (spki.replace("PUBLIC KEY-----\\nM", "PUBLIC KEY\\nM"), begin),
        (r#""-----BEGIN PUBLIC KEY""#.to_owned(), begin),
        (spki.replace("-----END", "-----"), no_end),
        (cut, no_end),
        (spki.replace("END PUBLIC", "END RSA PUBLIC"), labels),
        (spki.replace("END PUBLIC KEY-----", "END PUBLIC KEY"), labels),
    ] {
        assert_eq!(fault("public_key", &pem), expected, "{pem}");
    }
}

#[test]
fn refuses_pem_block_without_public_key() {
    let spki = key("p256", "spki");
    let unquoted = spki.trim_matches('"');
    let private = "is a private key; give the public key instead";
    let not_der = "has a PEM label that does not match its DER content";
    for (pem, expected) in [
        (
            spki.replace("MFkw", "MF!w"),
            "has text that is not base64 between its BEGIN and END lines",
        ),
        (
            format!(r#""{unquoted}{unquoted}""#),
            "has more than one PEM block; for a certificate chain, give only the first certificate",
        ),
        (key("p256", "private"), private),
        (spki.replace("PUBLIC KEY", "OPENSSH PRIVATE KEY"), private),
        (spki.replace("PUBLIC KEY", "ENCRYPTED PRIVATE KEY"), private),
        // The output of openssl ecparam -genkey.
        (
            format!(
                r#""-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\n{}"#,
                key("p256", "private").trim_start_matches('"')
            ),
            private,
        ),
        (r#""-----BEGIN RSA PRIVATE KEY""#.to_owned(), private),
        (
            spki.replace("PUBLIC KEY", "CERTIFICATE REQUEST"),
            "is a certificate request; give the certificate or the public key instead",
        ),
        (
            spki.replace("PUBLIC KEY", "PGP PUBLIC KEY BLOCK"),
            "must be a PEM block of type PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE",
        ),
        (spki.replace("PUBLIC KEY", "CERTIFICATE"), not_der),
        (spki.replace("PUBLIC KEY", "RSA PUBLIC KEY"), not_der),
        (spki.replace("MFkw", "MFgw"), not_der),
        (key("secp256k1", "spki"), "must be on one of the curves P-256, P-384, P-521, Ed25519"),
        (key("ed448", "spki"), "must be an RSA, EC or Ed25519 key"),
        (key("x25519", "spki"), "must be an RSA, EC or Ed25519 key"),
        (key("rsa1024", "spki"), "must have 2048 to 4096 bits (RFC 7518 3.3), got 1024"),
        (key("rsa1024", "pkcs1"), "must have 2048 to 4096 bits (RFC 7518 3.3), got 1024"),
    ] {
        assert_eq!(fault("public_key", &pem), expected, "{pem}");
    }
}

/// Every changed byte gives a fault or another key.
#[test]
fn corrupted_certificate_does_not_panic() {
    let pem = key("p256", "certificate").replace(r"\n", "\n").replace('"', "");
    let lines: Vec<&str> = pem.lines().collect();
    let der = base64::prelude::BASE64_STANDARD.decode(lines[1..lines.len() - 1].concat()).unwrap();
    for at in 0..der.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = der.clone();
            changed[at] ^= change;
            let text = base64::prelude::BASE64_STANDARD.encode(&changed);
            let pem = format!("-----BEGIN CERTIFICATE-----{text}-----END CERTIFICATE-----");
            let _ = pem::public_key(&pem);
        }
        let text = base64::prelude::BASE64_STANDARD.encode(&der[..at]);
        let pem = format!("-----BEGIN CERTIFICATE-----{text}-----END CERTIFICATE-----");
        assert!(pem::public_key(&pem).is_err());
    }
}
