//! The jwt-auth filter: lets a request pass when it carries a JSON Web Token (RFC 7519) signed with
//! the key of a configured credential, and tells the upstream who sent it.
//!
//! # Rules, in order
//!
//! 1. Whatever comes of the request, the headers this filter owns are taken from it: the consumer
//!    headers (`X-Consumer-ID`, `X-Consumer-Custom-ID`, `X-Consumer-Username`,
//!    `X-Credential-Identifier`, `X-Anonymous-Consumer`) and those in `claims_to_headers` without
//!    `keep_inbound`, on any number of lines and with `_` for `-`. So are the query parameters in
//!    `uri_param_names` and the subprotocols that start as `websocket_protocols` say; with
//!    `forward_token: false`, token headers and cookies too.
//! 2. With `run_on_preflight: false`, a CORS preflight passes; so does what a `skip` rule is for.
//! 3. A `Connection` header that names one of these is refused: the next hop would drop it.
//!    Tokens are looked for in headers, query, cookies and WebSocket subprotocols. A token header
//!    on two lines and two distinct tokens are refused; so is a request without a token.
//! 4. The token's form is checked: size before anything is parsed, three parts, strict base64url
//!    (RFC 7515 section 2), JSON objects without duplicate members, no `crit` or `b64` header.
//! 5. The claim `key_claim_name` selects the credentials, `kid` narrows them, and of these the ones
//!    configured for the token's `alg` try its signature, the host's cryptography first. Then the
//!    fetched keys of its issuer, if it has some. A key is never used with an algorithm other than
//!    its own (RFC 8725 section 3.1). While keys are on their way the request waits, within bounds.
//! 6. Only then the claims count: `exp`, `nbf` and `iat`, `maximum_expiration`, `issuers`,
//!    `subjects`, `audiences`, `typ`, `denied_tokens`; at last what the token grants:
//!    `required_claims`, `scopes`.
//! 7. Consumer and claims become headers and attributes. A claim that cannot be one refuses the
//!    token: an identity is not lost silently.
//! 8. What is refused so far passes without an identity where `optional`, `anonymous` or
//!    `report_only` say so.
//!
//! A refusal is a 401, or a 403 when a good token grants too little. It does not tell which step
//! failed unless `verbose_errors` is set; the decision, seen by the operator only, does.

mod config;
mod decision;
mod filter;
mod identity;
mod keys;
mod local_response;
mod rules;
mod sources;
mod state;
#[cfg(test)]
mod tests;
mod token;

#[cfg(feature = "schema")]
pub use config::schema::schema;
pub use filter::JwtAuth;
