//! Tokens whose key was not given.

use super::{
    Chain,
    travel::{Explanation, Input},
};
use crate::{
    Request, assumed_key,
    proxy::assumed_secret,
    token::{self, FoundToken},
};

impl Chain {
    /// A token of the request, the same token signed with an assumed key, and the remark about it.
    /// `None` if the token is accepted or rejected without it.
    pub(super) fn assumed_signature(&self, input: &Input) -> Option<(String, String, String)> {
        let has_keys = !self.issuers.is_empty() && self.setup.keys.assume_missing;
        if self.assumed.is_empty() && !has_keys {
            return None;
        }
        let tokens = token::find(&input.request.lines());
        let is_bad = |explanation: &Explanation| {
            explanation.steps.iter().any(|step| step.reason == "bad_signature")
        };
        if tokens.is_empty() || !is_bad(&self.fresh()?.send_as_is(input)) {
            return None;
        }
        for token in tokens {
            for signed in signatures(&token, self.assumed.len()) {
                let mut lines = input.request.lines();
                token::replace(&mut lines, &token.text, &signed);
                let request = Request::from_lines(lines);
                let probe = Input { request, ..input.clone() };
                if !is_bad(&self.fresh()?.send_as_is(&probe)) {
                    let remark = format!(
                        "signature not checked: the key for {} was not given",
                        token.algorithm
                    );
                    return Some((token.text, signed, remark));
                }
            }
        }
        None
    }
}

/// The token with each signature that an assumed key could make. A filter assumes at most `variables`.
fn signatures(token: &FoundToken, variables: usize) -> Vec<String> {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    if let Some(signature) = assumed_key::sign(&token.algorithm, token.signed().as_bytes()) {
        return vec![token.with_signature(&signature)];
    }
    let secrets = (0..variables).flat_map(|index| {
        let secret = assumed_secret(index);
        // The configuration may say that the secret is base64.
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(&secret).unwrap_or_default();
        [secret.into_bytes(), decoded]
    });
    secrets.filter_map(|secret| token.signed_with(&secret)).collect()
}
