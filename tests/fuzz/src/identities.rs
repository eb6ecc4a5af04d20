//! Tokens whose subjects no request contains as text. A subject that reaches the upstream therefore comes
//! from a verified token.

use anyhow::{Context, Result};
use novasphere_harness::token::hs256;
use percent_encoding::percent_decode;
use serde_json::{Value, json};

/// The gateways' secret. The corpus contains tokens that the secret of the cases has signed.
pub(crate) const SECRET: &str = "secret-of-the-fuzzer-with-48-bytes-0123456789abc";

/// A valid token and its claims.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) token: String,
    pub(crate) subject: String,
    pub(crate) name: String,
    pub(crate) client_type: Option<String>,
}

/// Tokens that the gateways accept, and tokens that they must reject.
#[derive(Debug)]
pub(crate) struct Identities {
    pub(crate) good: Vec<Identity>,
    pub(crate) bad: Vec<String>,
}

impl Identities {
    pub(crate) fn new() -> Result<Self> {
        let secret = SECRET.as_bytes();
        let good = (0..8).map(|n| {
            let (subject, name) = (format!("subject-{n}"), format!("Name {n} é"));
            let client_type = (n % 2 == 1).then(|| format!("type-{n}"));
            let mut claims = claims(&subject);
            if let Some(members) = claims.as_object_mut() {
                members.insert("name".to_owned(), name.clone().into());
                members.extend(client_type.clone().map(|t| ("client_type".to_owned(), t.into())));
            }
            Ok(Identity { token: hs256(claims, secret)?, subject, name, client_type })
        });
        let good = good.collect::<Result<Vec<_>>>()?;
        let mut bad =
            vec![hs256(claims("bad-key"), b"another-secret-of-48-bytes-0123456789abcdefghij")?];
        for changed in [
            json!({"exp": "now-5"}),
            json!({"exp": null}),
            // Later than the end of any run.
            json!({"nbf": "now+90000"}),
            json!({"iss": "someone-else"}),
            json!({"iss": null}),
            json!({"exp": "soon"}),
        ] {
            bad.push(hs256(changed_claims(&changed), secret)?);
        }
        let first = good.first().context("no token")?;
        bad.push(format!("{}=", first.token));
        bad.push(
            first.token.rsplit_once('.').map(|(rest, _)| format!("{rest}.")).unwrap_or_default(),
        );
        bad.push(first.token.replacen('.', "..", 1));
        bad.extend(["e30.e30.e30", "a.b.c", ".."].map(ToOwned::to_owned));
        Ok(Self { good, bad })
    }

    /// The identities whose tokens are in `bytes`, as sent or percent-decoded. Envoy drops some carriage
    /// returns within values.
    pub(crate) fn within<'i>(&'i self, bytes: &[u8]) -> Vec<&'i Identity> {
        let decoded: Vec<u8> = percent_decode(bytes).collect();
        let joined: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\r').collect();
        let contains = |token: &[u8]| [bytes, &decoded, &joined].iter().any(|b| contains(b, token));
        self.good.iter().filter(|identity| contains(identity.token.as_bytes())).collect()
    }
}

fn claims(subject: &str) -> Value {
    json!({"iss": "novasphere-user", "sub": subject, "aud": "api", "exp": "now+7200", "scope": "read write"})
}

fn changed_claims(changes: &Value) -> Value {
    let mut claims = claims("bad-claims");
    if let (Some(members), Some(changes)) = (claims.as_object_mut(), changes.as_object()) {
        members.extend(changes.clone());
        members.retain(|_, value| !value.is_null());
    }
    claims
}

/// Whether `bytes` contains `token` as a whole: a longer token is another one.
fn contains(bytes: &[u8], token: &[u8]) -> bool {
    let extends = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    bytes.windows(token.len()).enumerate().any(|(at, window)| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at.saturating_add(token.len()));
        window == token
            && !before.is_some_and(extends)
            && !after.is_some_and(|byte| extends(byte) || b"=%".contains(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_token_is_another_one() {
        assert!(contains(b"Bearer a.b.c", b"a.b.c"));
        assert!(contains(b"/?token=a.b.c&x", b"a.b.c"));
        for bytes in [&b"Bearer a.b.cd"[..], b"xa.b.c", b"a.b.c=", b"a.b.c.", b"a.b"] {
            assert!(!contains(bytes, b"a.b.c"), "{bytes:?}");
        }
    }

    #[test]
    fn finds_percent_encoded_tokens() {
        let identities = Identities::new().unwrap();
        let first = &identities.good[0];
        let encoded = format!("/?token={}", first.token.replacen('e', "%65", 1));
        assert_eq!(identities.within(encoded.as_bytes())[0].subject, first.subject);
        assert!(identities.within(identities.bad[0].as_bytes()).is_empty());
    }
}
