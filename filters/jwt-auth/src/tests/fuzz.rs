use proptest::prelude::*;

use super::{keys::vectors, *};
use crate::{keys::key_set, keys::pem, token::header_text};

const CONFIG: &str = r#", "cookie_names": ["session"], "websocket_protocols": ["b."],
    "claims_to_headers": [
    {"claim": "sub", "header": "X-User-Id"}, {"claim": "a.b", "header": "X-B"}]"#;

/// Bytes an attacker would try: arbitrary ones, and such as parsers act on.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop::sample::select(b".=%;,\"{}[]: \t\r\n\0-_?&#eyJ".to_vec());
    prop::collection::vec(prop_oneof![any::<u8>(), odd], 0..200)
}

proptest! {
    #[test]
    fn no_bytes_panic_or_pass(value in bytes(), name in bytes()) {
        let policy = policy(CONFIG);
        let bearer = [b"Bearer ", &value[..]].concat();
        let cookie = [b"session=", &value[..]].concat();
        let target = [b"/?jwt=", &value[..]].concat();
        let offer = [b"b.", &value[..], b", b., ", &value[..]].concat();
        for line in [
            (&b"authorization"[..], &value[..]), (b"authorization", &bearer), (b"cookie", &cookie),
            (b"cookie", &value), (b"sec-websocket-protocol", &offer), (b":path", &target), (b":path", &value), (&name, &value),
        ] {
            let outcome = run_at(&policy, NOW * 1000, &[line]);
            prop_assert_ne!(outcome.reason, "allowed");
        }
    }

    #[test]
    fn no_json_panics_or_passes_without_a_key(header in bytes(), claims in bytes()) {
        let policy = policy(CONFIG);
        let message = format!("{}.{}", base64url(header), base64url(claims));
        let signature = base64url(hmac("HS256", SECRET.as_bytes(), &message));
        prop_assert_eq!(reason(&policy, &format!("{message}.{signature}")), "malformed_token");
    }

    #[test]
    fn no_claim_panics(sub in any::<String>(), exp in any::<f64>(), nbf in any::<i64>()) {
        let exp = if exp.is_finite() { exp } else { 0.0 };
        let sub: String = sub.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let claims = format!(r#"{{"iss": "k", "sub": "{sub}", "exp": {exp}, "nbf": {nbf}}}"#);
        reason(&policy(CONFIG), &signed("HS256", r#"{"alg": "HS256"}"#, &claims));
    }

    #[test]
    fn no_changed_token_verifies(
        place in any::<prop::sample::Index>(),
        byte in 0x21u8..=0xff,
        how in 0..3,
    ) {
        let policy = policy("");
        let good = token("").into_bytes();
        let mut bad = good.clone();
        let at = place.index(bad.len());
        match how {
            0 => bad[at] = byte,
            1 => bad.insert(at, byte),
            _ => bad.truncate(at),
        }
        prop_assume!(bad != good);
        let line = [b"Bearer ", &bad[..]].concat();
        let outcome = run_at(&policy, NOW * 1000, &[(b"authorization", &line)]);
        prop_assert_ne!(outcome.reason, "allowed");
    }

    #[test]
    fn no_key_panics(
        name in prop::sample::select(vec!["rsa2048", "p256", "p384", "p521", "ed25519"]),
        form in prop::sample::select(vec!["spki", "jwk"]),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut text = vectors::key(name, form).into_bytes();
        for (place, byte) in places {
            let at = place.index(text.len());
            text[at] = byte;
        }
        let set = [br#"{"keys": ["#, &text[..], b"]}"].concat();
        let _ = key_set::parse(&set, &key_set::DEFAULT_ALGORITHMS, &mut |_| {});
        let pem = String::from_utf8_lossy(&text).replace("\\n", "\n");
        let _ = pem::public_key(&pem);
    }

    #[test]
    fn distinct_texts_give_distinct_values(text in "[ -~äé€%]{0,20}") {
        let value = header_text::from_text(&text).unwrap();
        prop_assert_eq!(header_value(&value), Ok(&value[..]));
        let decoded = percent_encoding::percent_decode(&value).decode_utf8().unwrap();
        prop_assert_eq!(decoded, text);
    }
}
