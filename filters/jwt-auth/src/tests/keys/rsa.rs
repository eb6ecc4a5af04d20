//! RSA signatures by keys of many sizes, and forgeries. `tests/vectors/make.py` generates them.

use std::sync::LazyLock;

use novasphere_core::Json;

use super::{
    super::*,
    vectors::{quote, read},
};

static VECTORS: LazyLock<Json> = LazyLock::new(|| read("rsa"));

fn items(json: &'static Json) -> &'static [Json] {
    let Json::Array(items) = json else { panic!("{json:?}") };
    assert!(!items.is_empty());
    items
}

/// Calls `check` with the algorithm, the flaw if any, and the reason for the decision on each token
/// of each key.
fn check_all(kind: &str, check: impl Fn(&str, &str, &str)) {
    for vector in items(&VECTORS) {
        for token in items(vector.get(kind).unwrap()) {
            let text = |name| token.get(name).and_then(Json::as_str);
            let (alg, token) = (text("alg").unwrap(), text("token").unwrap());
            let jwk = quote(vector.get("jwk").unwrap());
            let config = format!(
                r#"{{"credentials": [{{"key": "k", "algorithm": "{alg}", "jwk": {jwk}}}]}}"#
            );
            let why = format!("{:?} {}", vector.get("bits"), text("why").unwrap_or_default());
            check(alg, &why, reason(&configure(&config).unwrap(), token));
        }
    }
}

#[test]
fn verifies_signatures_of_keys_of_any_size() {
    check_all("valid", |alg, why, reason| assert_eq!(reason, "allowed", "{alg} {why}"));
}

#[test]
fn refuses_encodings_that_differ_from_the_standard() {
    check_all("forged", |alg, why, reason| assert_eq!(reason, "bad_signature", "{alg} {why}"));
}
