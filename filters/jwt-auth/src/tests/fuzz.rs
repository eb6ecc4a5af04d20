use jwt_compact::UntrustedToken;
use proptest::prelude::*;

use super::{keys::vectors, *};
use crate::{
    config::Algorithm,
    keys::{key_set, pem, remote::issuer::Issuer},
    token::{Token, header_text},
};

const CONFIG: &str = r#", "cookie_names": ["session"], "websocket_protocols": ["b."],
    "claims_to_headers": [
    {"claim": "sub", "header": "X-User-Id"}, {"claim": "a.b", "header": "X-B"}]"#;

/// Bytes that an attacker would try: arbitrary bytes, and characters with a meaning to parsers.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let special = prop::sample::select(b".=%;,\"{}[]: \t\r\n\0-_?&#eyJ".to_vec());
    prop::collection::vec(prop_oneof![any::<u8>(), special], 0..200)
}

proptest! {
    #[test]
    fn arbitrary_bytes_neither_panic_nor_pass(value in bytes(), name in bytes()) {
        let filter = filter(CONFIG);
        let bearer = [b"Bearer ", &value[..]].concat();
        let cookie = [b"session=", &value[..]].concat();
        let target = [b"/?jwt=", &value[..]].concat();
        let offer = [b"b.", &value[..], b", b., ", &value[..]].concat();
        for line in [
            (&b"authorization"[..], &value[..]), (b"authorization", &bearer), (b"cookie", &cookie),
            (b"cookie", &value), (b"sec-websocket-protocol", &offer), (b":path", &target), (b":path", &value), (&name, &value),
        ] {
            let outcome = run_at(&filter, NOW * 1000, &[line]);
            prop_assert_ne!(outcome.reason, "allowed");
        }
    }

    #[test]
    fn arbitrary_parts_neither_panic_nor_pass(header in bytes(), claims in bytes()) {
        let filter = filter(CONFIG);
        let message = format!("{}.{}", base64url(header), base64url(claims));
        let signature = base64url(hmac("HS256", SECRET.as_bytes(), &message));
        prop_assert_eq!(reason(&filter, &format!("{message}.{signature}")), "malformed_token");
    }

    #[test]
    fn arbitrary_claims_do_not_panic(sub in any::<String>(), exp in any::<f64>(), nbf in any::<i64>()) {
        let exp = if exp.is_finite() { exp } else { 0.0 };
        let sub: String = sub.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let claims = format!(r#"{{"iss": "k", "sub": "{sub}", "exp": {exp}, "nbf": {nbf}}}"#);
        reason(&filter(CONFIG), &signed("HS256", r#"{"alg": "HS256"}"#, &claims));
    }

    #[test]
    fn changed_token_does_not_pass(
        index in any::<prop::sample::Index>(),
        byte in 0x21u8..=0xff,
        kind in 0..3,
    ) {
        let filter = filter("");
        let good = token("").into_bytes();
        let mut bad = good.clone();
        let at = index.index(bad.len());
        match kind {
            0 => bad[at] = byte,
            1 => bad.insert(at, byte),
            _ => bad.truncate(at),
        }
        prop_assume!(bad != good);
        let line = [b"Bearer ", &bad[..]].concat();
        let outcome = run_at(&filter, NOW * 1000, &[(b"authorization", &line)]);
        prop_assert_ne!(outcome.reason, "allowed");
    }

    /// Changes the payload or the signature. The parsers differ in the header members they check.
    #[test]
    fn parser_is_as_strict_as_jwt_compact(
        index in any::<prop::sample::Index>(),
        byte in 0x21u8..=0x7e,
        kind in 0..3,
    ) {
        let mut text = token("").into_bytes();
        let start = text.iter().position(|byte| *byte == b'.').unwrap();
        let at = start + index.index(text.len() - start);
        match kind {
            0 => text[at] = byte,
            1 => text.insert(at, byte),
            _ => text.truncate(at),
        }
        if let Ok(token) = Token::parse(&text, usize::MAX) {
            let other = UntrustedToken::new(std::str::from_utf8(&text).unwrap()).unwrap();
            prop_assert_eq!(&*token.signature, other.signature_bytes());
            prop_assert_eq!(token.algorithm(), other.algorithm());
        }
    }

    #[test]
    fn corrupted_key_does_not_panic(
        name in prop::sample::select(vec!["rsa2048", "p256", "p384", "p521", "ed25519"]),
        form in prop::sample::select(vec!["spki", "jwk"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut text = vectors::key(name, form).into_bytes();
        for (index, byte) in changes {
            let at = index.index(text.len());
            text[at] = byte;
        }
        let set = [br#"{"keys": ["#, &text[..], b"]}"].concat();
        let (issuer, allowed) = (Issuer::exact("k"), &Algorithm::DEFAULT_FOR_KEY_SETS);
        let _ = key_set::parse(&set, &issuer, allowed, &mut |_| {});
        let pem = String::from_utf8_lossy(&text).replace("\\n", "\n");
        let _ = pem::public_key(&pem);
    }

    #[test]
    fn header_text_is_reversible(text in "[ -~äé€%]{0,20}") {
        let value = header_text::from_text(&text).unwrap();
        prop_assert_eq!(header_value(&value), Ok(&value[..]));
        let decoded = percent_encoding::percent_decode(&value).decode_utf8().unwrap();
        prop_assert_eq!(decoded, text);
    }
}
