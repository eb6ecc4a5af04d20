//! The jwt-auth filter: lets a request pass when it carries a JSON Web Token (RFC 7519) signed with
//! the key of a configured credential, and tells the upstream who sent it.
//!
//! # Rules, in order
//!
//! 1. Whatever comes of the request, the headers this filter owns are taken from it: the consumer
//!    headers (`X-Consumer-ID`, `X-Consumer-Custom-ID`, `X-Consumer-Username`,
//!    `X-Credential-Identifier`, `X-Anonymous-Consumer`) and those in `claims_to_headers` without
//!    `keep_inbound`, on any number of lines and with `_` for `-`. So are the query parameters in
//!    `uri_param_names`.
//! 2. With `run_on_preflight: false`, a CORS preflight passes.
//! 3. Tokens are looked for in headers, query and cookies. A token header on two lines and two
//!    distinct tokens are refused; so is a request without a token.
//! 4. The token's form is checked: size before anything is parsed, three parts, strict base64url
//!    (RFC 7515 section 2), JSON objects without duplicate members, no `crit` or `b64` header.
//! 5. The claim `key_claim_name` selects the credentials, `kid` narrows them, and of these the ones
//!    configured for the token's `alg` try its signature, the host's cryptography first. A key is
//!    never used with an algorithm other than its own (RFC 8725 section 3.1).
//! 6. Only then the claims count: `exp` and `nbf`, `maximum_expiration`, `issuers`, `audiences`.
//! 7. Consumer and claims become headers. A claim that cannot be one refuses the token: an identity
//!    is not lost silently.
//!
//! A refusal is a 401 that does not tell which step failed; the decision, seen by the operator
//! only, does.

mod algorithm;
mod answer;
mod approved;
mod attributes;
mod cache;
mod claim_path;
mod claims;
mod config;
mod consumer;
mod credential;
mod denied;
mod header_text;
mod identity;
mod invalid_key;
mod issuers;
mod jwk;
mod key;
mod key_set;
mod pem;
mod policy;
mod public_key;
mod refusal;
mod remote;
mod required;
mod scope;
mod skip;
mod source;
#[cfg(test)]
mod tests;
mod token;
mod verifier;

pub use policy::JwtAuth;
