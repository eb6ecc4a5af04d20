//! Accepted and rejected keys, and the examples of the standards.

use novasphere_core::{Hash, Json};

use super::{super::*, vectors, vectors::key};
use crate::keys::{
    jwk::{Deviation, Jwk},
    verifier::Verifier,
};

pub(super) fn with_key(field: &str, value: &str) -> String {
    format!(r#"{{"credentials": [{{"key": "k", "{field}": {value}}}]}}"#)
}

pub(super) fn fault(field: &str, value: &str) -> String {
    let fault = configure(&with_key(field, value)).unwrap_err();
    let prefix = format!("credentials[0].{field}: ");
    fault.strip_prefix(&prefix).unwrap_or_else(|| panic!("{fault}")).to_owned()
}

#[test]
fn refuses_invalid_jwk() {
    let (rsa, ec, okp) = (key("rsa2048", "jwk"), key("p256", "jwk"), key("ed25519", "jwk"));
    let n = base64url([&[0xff; 255][..], &[0xfe]].concat());
    let long = base64url([0xff; 513]);
    let small = base64url([1; 32]);
    let with_e = |e: &str| rsa.replace("AQAB", e);
    let exponent = "must have an odd public exponent from 3 to 2^33 - 1";
    let point = "is not a valid point on its curve";
    let curve = "must be on one of the curves P-256, P-384, P-521, Ed25519";
    let base64url_only = |name: &str| {
        format!(
            "has a member {name:?} that is not base64url; RFC 7515 allows letters, digits, - and _"
        )
    };
    let size =
        |name: &str| format!("has a member {name:?} that is not 32 bytes long (RFC 7518 6.2.1.2)");
    // The neutral element and a point of order 8 (RFC 8032 section 5.1.4).
    let neutral = base64url([&[1][..], &[0; 31]].concat());
    for (jwk, expected) in [
        ("{}".to_owned(), r#"needs the string member "kty""#.to_owned()),
        (r#"{"kty": "RSA"}"#.to_owned(), r#"needs the string member "n""#.to_owned()),
        (with_e(""), exponent.to_owned()),
        (with_e("AA"), exponent.to_owned()),
        (with_e("AQ"), exponent.to_owned()),
        (with_e("Ag"), exponent.to_owned()),
        (with_e("AQAA"), exponent.to_owned()),
        (with_e(&base64url([0xff; 5])), exponent.to_owned()),
        (with_e(&base64url([0xff; 300])), exponent.to_owned()),
        (with_e("AQAB="), base64url_only("e")),
        (with_e("AQ+B"), base64url_only("e")),
        (with_e("AQ=B"), base64url_only("e")),
        (with_e("AR=="), base64url_only("e")),
        (
            format!(r#"{{"kty": "RSA", "e": "AQAB", "n": "{n}"}}"#),
            "must have an odd modulus".to_owned(),
        ),
        (
            format!(r#"{{"kty": "RSA", "e": "AQAB", "n": "{long}"}}"#),
            "must have 2048 to 4096 bits (RFC 7518 3.3), got 4104".to_owned(),
        ),
        (
            format!(r#"{{"kty": "EC", "crv": "P-256", "x": "{small}", "y": "{small}"}}"#),
            point.to_owned(),
        ),
        (format!(r#"{{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "{small}"}}"#), size("x")),
        (ec.replace("P-256", "P-384"), size("x").replace("32", "48")),
        (ec.replace("P-256", "secp256k1"), curve.to_owned()),
        (okp.replace("Ed25519", "X25519"), curve.to_owned()),
        (format!(r#"{{"kty": "OKP", "crv": "Ed25519", "x": "{neutral}"}}"#), point.to_owned()),
        (r#"{"kty": "OKP", "crv": "Ed25519", "x": "AQ"}"#.to_owned(), size("x")),
    ] {
        assert_eq!(fault("jwk", &jwk), expected, "{jwk}");
    }
}

#[test]
fn refuses_private_jwk_without_showing_it() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        let jwk =
            key("p256", "jwk").replace("\"kty\"", &format!("\"{name}\": \"hunter2\", \"kty\""));
        let fault = fault("jwk", &jwk);
        assert!(fault.contains(&format!("{name:?}")) && !fault.contains("hunter2"), "{fault}");
    }
}

#[test]
fn base64_secrets_accept_both_alphabets_and_any_padding() {
    // 35 bytes whose encoding has both special characters and padding.
    let secret = [&[0xfb, 0xff, 0xfe][..], &[b'x'; 32]].concat();
    let standard = base64::prelude::BASE64_STANDARD.encode(&secret);
    assert!(standard.starts_with("+//+") && standard.ends_with('='));
    let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 1);
    let message = format!("{}.{}", base64url(r#"{"alg": "HS256"}"#), base64url(claims));
    let token = format!("{message}.{}", base64url(hmac("HS256", &secret, &message)));
    let url = standard.replace('+', "-").replace('/', "_");
    for text in [&standard, &url, url.trim_end_matches('='), &format!(" {standard}\\n")] {
        let filter = configure(&format!(
            r#"{{"credentials": [{{"key": "k", "secret": "{text}"}}], "secret_is_base64": true}}"#
        ))
        .unwrap();
        assert_eq!(reason(&filter, &token), "allowed", "{text}");
    }
    let bad = r#"{"credentials": [{"key": "k", "secret": "s3cr*t"}], "secret_is_base64": true}"#;
    assert_eq!(
        configure(bad).unwrap_err(),
        "credentials[0].secret: must be base64, because secret_is_base64 is set"
    );
}

/// The reason for `token` with one credential of `joe`, just before the `exp` of the examples.
fn verifies(credential: &str, token: &str) -> &'static str {
    let config =
        format!(r#"{{"credentials": [{{"key": "joe", {credential}}}], "claims_to_verify": []}}"#);
    let line = format!("Bearer {token}");
    run_at(&configure(&config).unwrap(), 1_300_819_379_000, &[(b"authorization", line.as_bytes())])
        .reason
}

const RFC_7515_PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl\
     fQ";

#[test]
fn verifies_rfc_7515_example_a_2() {
    let jwk = r#"{"kty": "RSA", "e": "AQAB",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{RFC_7515_PAYLOAD}.{signature}");
    assert_eq!(verifies(&format!(r#""jwk": {jwk}"#), &token), "allowed");
}

#[test]
fn verifies_rfc_7515_example_a_3() {
    let jwk = r#"{"kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let token = format!("eyJhbGciOiJFUzI1NiJ9.{RFC_7515_PAYLOAD}.{signature}");
    assert_eq!(verifies(&format!(r#""jwk": {jwk}"#), &token), "allowed");
}

/// The warnings of a configuration that is accepted.
pub(super) fn warnings(config: &str) -> Vec<String> {
    let host = host();
    JwtAuth::from_json(config.as_bytes(), &host).unwrap();
    host.warnings.take()
}

#[test]
fn accepts_jwk_of_unusual_form_with_a_warning() {
    let (rsa, okp) = (key("rsa2048", "jwk"), key("ed25519", "jwk"));
    let null = rsa.replacen('{', r#"{"kid": null, "alg": null, "use": null, "d": null, "#, 1);
    assert_eq!(warnings(&with_key("jwk", &null)), [""; 0]);
    let padded = format!(r#"{}="}}"#, okp.strip_suffix(r#""}"#).unwrap());
    assert_eq!(
        warnings(&with_key("jwk", &padded)),
        [
            r#"credentials[0].jwk: has padding (=) in the member "x", against RFC 7515 section 2; it is accepted"#
        ]
    );
    let filter = configure(&with_key("jwk", &padded)).unwrap();
    assert_eq!(reason(&filter, &vectors::valid_token("EdDSA")), "allowed");
}

/// The second coordinate of RFC 7515 appendix A.4 starts with a zero byte.
#[test]
fn accepts_coordinate_without_leading_zeros() {
    let standard = RFC_7515_A_4_JWK;
    let y = standard.split('"').find(|text| text.starts_with("ADSm")).unwrap();
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(y).unwrap();
    assert_eq!((bytes[0], bytes.len()), (0, 66));
    let short = standard.replace(y, &base64url(&bytes[1..]));
    assert!(verifies_as_jws(&short, RFC_7515_A_4));
    let jwk = |text: &str| Jwk::parse(&Json::parse(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(jwk(&short).deviations, [Deviation::LeadingZeros("y")]);
    assert_eq!(jwk(standard).deviations, []);
    assert_eq!(jwk(&short).material.bytes(), jwk(standard).material.bytes());
    let much_shorter = standard.replace(y, &base64url(&bytes[5..]));
    let message = "has a member \"y\" that is not 66 bytes long (RFC 7518 6.2.1.2)";
    assert_eq!(fault("jwk", &much_shorter), message);
}

/// Verifies without the filter, because the payload is not a JSON object.
fn verifies_as_jws(jwk: &str, jws: &str) -> bool {
    let jwk = Jwk::parse(&Json::parse(jwk.as_bytes()).unwrap()).unwrap();
    let algorithm = jwk.material.default_algorithm();
    let verifier = Verifier::new(algorithm, &jwk.material).unwrap();
    let (message, signature) = jws.rsplit_once('.').unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    verifier.verifies(message.as_bytes(), &signature, &TestHost::default().env())
}

const RFC_7515_A_4_JWK: &str = r#"{"kty": "EC", "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;
const RFC_7515_A_4: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";

#[test]
fn verifies_rfc_7515_example_a_4() {
    assert!(verifies_as_jws(RFC_7515_A_4_JWK, RFC_7515_A_4));
    assert!(!verifies_as_jws(RFC_7515_A_4_JWK, &RFC_7515_A_4.replace("UGF5", "UGF6")));
}

#[test]
fn verifies_rfc_8037_example_a_4() {
    let jwk = r#"{"kty": "OKP", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let jws = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert!(verifies_as_jws(jwk, jws));
    assert!(!verifies_as_jws(jwk, &jws.replace("RXhh", "RXhi")));
    // Signed by the same key with the neutral element as R, a point of small order.
    let jws = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAARSB3Qh0XXPsHns-7iMllhXfpnzaMxcXb5RwiiIijrCw";
    assert!(!verifies_as_jws(jwk, jws));
}

/// Checks the arguments of the host call and the use of its result.
#[test]
fn host_verifies_signatures_first() {
    fn accept(hash: Hash, key: &[u8], signature: &[u8], message: &[u8]) -> Option<bool> {
        assert_eq!((hash, key[0], message.starts_with(b"eyJ")), (Hash::Sha256, 0x30, true));
        // DER with two integers for ECDSA, a plain number for RSA.
        assert!(signature.len() == 256 || signature.starts_with(&[0x30, signature[1], 2]));
        Some(true)
    }
    fn reject(_: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
        Some(false)
    }
    fn abstain(_: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
    let verify = |alg: &str, key_name: &str, token: &str, host| {
        let config = format!(
            r#"{{"credentials": [{{"key": "k", "algorithm": "{alg}", "jwk": {}}}]}}"#,
            key(key_name, "jwk")
        );
        let filter = configure(&config).unwrap();
        let test_host = TestHost { verify: Some(host), ..TestHost::at(NOW) };
        let line = format!("Bearer {token}");
        let head =
            RequestHead { headers: Headers::borrowed([(&b"authorization"[..], line.as_bytes())]) };
        let reason = match filter.on_request(&head, &mut Default::default(), &test_host.env()) {
            Decision::Continue { reason, .. } | Decision::Respond { reason, .. } => reason,
            Decision::Pause { .. } | Decision::Call(_) => panic!("the request waits"),
        };
        let mut events = test_host.events.take();
        events.retain(|event| *event == "verified_by_host");
        (reason, events)
    };
    let event = vec!["verified_by_host"];
    for (alg, name) in [("ES256", "p256"), ("RS256", "rsa2048")] {
        let token = vectors::valid_token(alg);
        assert_eq!(verify(alg, name, &token, accept), ("allowed", event.clone()));
        assert_eq!(verify(alg, name, &token, reject), ("bad_signature", vec![]));
        assert_eq!(verify(alg, name, &token, abstain), ("allowed", vec![]));
        // The host is not asked about a signature of another size.
        assert_eq!(verify(alg, name, &format!("{token}AAAA"), accept), ("bad_signature", vec![]));
    }
    for (alg, name) in [("PS256", "rsa2048"), ("ES512", "p521"), ("EdDSA", "ed25519")] {
        assert_eq!(verify(alg, name, &vectors::valid_token(alg), reject), ("allowed", vec![]));
    }
}
