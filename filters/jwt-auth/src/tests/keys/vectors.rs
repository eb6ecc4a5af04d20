//! Keys and tokens made by other libraries, by `tests/vectors/make.py`.

use std::sync::LazyLock;

use novasphere_core::Json;

use super::super::*;

static KEYS: LazyLock<Json> = LazyLock::new(|| read("keys"));
static TOKENS: LazyLock<Json> = LazyLock::new(|| read("tokens"));

fn read(name: &str) -> Json {
    let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    // Json::parse bounds objects, not lists: the vectors fit.
    Json::parse(&std::fs::read(&path).unwrap()).unwrap()
}

/// A key in one of its forms, as JSON.
pub(crate) fn key(name: &str, form: &str) -> String {
    quote(KEYS.get(name).unwrap().get(form).unwrap())
}

fn quote(json: &Json) -> String {
    match json {
        Json::String(text) => format!("{:?}", text),
        Json::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{name:?}: {}", quote(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => panic!("{other:?}"),
    }
}

struct Vector {
    alg: &'static str,
    key: Option<&'static str>,
    why: &'static str,
    token: &'static str,
}

fn vectors(kind: &str) -> Vec<Vector> {
    let Some(Json::Array(vectors)) = TOKENS.get(kind) else { panic!("no {kind}") };
    assert!(!vectors.is_empty());
    let text = |vector: &'static Json, name| vector.get(name).and_then(Json::as_str);
    let vector = |vector| Vector {
        alg: text(vector, "alg").unwrap(),
        key: text(vector, "key"),
        why: text(vector, "why").unwrap_or_default(),
        token: text(vector, "token").unwrap(),
    };
    vectors.iter().map(vector).collect()
}

/// A token of the issuer `k` that its key verifies.
pub(crate) fn valid_token(alg: &str) -> String {
    let vectors = vectors("valid");
    vectors.iter().find(|vector| vector.alg == alg).unwrap().token.to_owned()
}

/// The form in which a public key is configured, and its field.
const FORMS: [(&str, &str); 5] = [
    ("public_key", "spki"),
    ("public_key", "pkcs1"),
    ("public_key", "certificate"),
    ("public_key", "certificate-v1"),
    ("jwk", "jwk"),
];

fn policies(vector: &Vector) -> Vec<JwtAuth> {
    let Some(name) = vector.key else {
        let config = format!(
            r#"{{"credentials": [{{"key": "k", "algorithm": "{}", "secret": "{SECRET}"}}]}}"#,
            vector.alg
        );
        return vec![configure(&config).unwrap()];
    };
    let of = |(field, form): &(&str, &str)| {
        KEYS.get(name).unwrap().get(form)?;
        let config = format!(
            r#"{{"credentials": [{{"key": "k", "algorithm": "{}", "{field}": {}}}]}}"#,
            vector.alg,
            key(name, form)
        );
        Some(configure(&config).unwrap())
    };
    FORMS.iter().filter_map(of).collect()
}

#[test]
fn tokens_of_every_algorithm_verify_with_every_form_of_their_key() {
    let vectors = vectors("valid");
    assert_eq!(vectors.len(), 14);
    for vector in vectors {
        let policies = policies(&vector);
        assert!(policies.len() >= 2 || vector.key.is_none());
        for policy in policies {
            assert_eq!(reason(&policy, vector.token), "allowed", "{}", vector.alg);
        }
    }
}

#[test]
fn forged_tokens_are_refused() {
    let expected = |why: &str| match why {
        "crit" | "empty crit" | "b64" | "b64 and crit" => &["critical_header"][..],
        "alg twice" | "alg twice, escaped" | "iss twice" | "padding" | "a fourth part" | "JWE"
        | "JSON" => &["malformed_token"],
        "HMAC with the public key" => &["algorithm_mismatch"],
        why if why.starts_with("signed by") && why.contains("named") => &["algorithm_mismatch"],
        _ => &["bad_signature"],
    };
    for vector in vectors("forged") {
        for policy in policies(&vector).iter().take(1) {
            let reason = reason(policy, vector.token);
            let expected = expected(vector.why);
            assert!(expected.contains(&reason), "{} {}: {reason}", vector.alg, vector.why);
        }
    }
}

#[test]
fn no_bit_of_a_signature_may_flip() {
    for vector in vectors("valid") {
        let policy = policies(&vector).remove(0);
        let (message, signature) = vector.token.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        for bit in 0..signature.len() * 8 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let token = format!("{message}.{}", base64url(flipped));
            assert_eq!(reason(&policy, &token), "bad_signature", "{} {bit}", vector.alg);
        }
        for size in 0..signature.len() {
            let token = format!("{message}.{}", base64url(&signature[..size]));
            assert_eq!(reason(&policy, &token), "bad_signature", "{} {size}", vector.alg);
        }
    }
}

#[test]
fn no_character_of_what_is_signed_may_change() {
    for vector in vectors("valid") {
        let policy = policies(&vector).remove(0);
        let (message, signature) = vector.token.rsplit_once('.').unwrap();
        for at in 0..message.len() {
            let mut changed = message.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let token = format!("{}.{signature}", String::from_utf8(changed).unwrap());
            assert_ne!(reason(&policy, &token), "allowed", "{} {at}", vector.alg);
        }
    }
}
