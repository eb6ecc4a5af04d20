//! The jwt-auth filter. It lets a request pass if the request carries a JSON Web Token (RFC 7519)
//! signed with a known key, and sends the identity of the caller to the upstream.
//!
//! # Rules, in order
//!
//! 1. Whatever the decision, the filter removes from the request:
//!    - the headers it owns: `X-Consumer-ID`, `X-Consumer-Custom-ID`, `X-Consumer-Username`,
//!      `X-Credential-Identifier`, `X-Anonymous-Consumer` and the headers of `claims_to_headers`
//!      without `keep_inbound`. It removes every line in every spelling, such as `_` for `-`;
//!    - the query parameters in `uri_param_names`;
//!    - the subprotocols with a prefix in `websocket_protocols`;
//!    - with `forward_token: false`, token headers and token cookies.
//! 2. A CORS preflight passes with `run_on_preflight: false`. The first matching rule selects the
//!    checks; without one, the filter's own apply. A rule with `skip` lets the request pass. A path
//!    that servers could match to different rules is rejected, and so is a rule's header on two
//!    lines.
//! 3. A `Connection` header that names an owned header is rejected, because the next hop would drop
//!    the owned header.
//! 4. The token is read from headers, query, cookies and WebSocket subprotocols. The filter rejects
//!    a token header on two lines, two different tokens, and a request without a token.
//! 5. The form of the token is checked: the size before anything is parsed, three parts, strict
//!    base64url (RFC 7515 section 2), JSON objects without duplicate members, no `crit` or `b64`
//!    header, a `typ` that is a string.
//! 6. The signature is verified:
//!    - The claim `key_claim_name` selects the credentials, and `kid` excludes some of them. The
//!      credentials with the token's `alg` verify the signature, on the host where it can.
//!    - Then the fetched keys of the token's issuer are tried, if it has any. An issuer may be a
//!      template for the `iss` of many tenants.
//!    - The number of keys that are tried for one token is bounded.
//!    - A key is used only with its own algorithm (RFC 8725 section 3.1).
//!    - While keys are being fetched, the request waits, within limits.
//! 7. The claims of a verified token are checked: `exp`, `nbf` and `iat`, `maximum_expiration`,
//!    `issuers`, `subjects`, `audiences`, `typ`, `denied_tokens`, then the grants: `required_claims`
//!    and `scopes`.
//! 8. Consumer and claims become headers and attributes. A token with a claim that cannot
//!    become one is rejected, so that no identity is lost silently. In a chain, the claims that
//!    later filters use also become attributes, for these filters only. Without a value they are
//!    missing.
//! 9. A rejected request passes without an identity if `optional`, `anonymous` or `report_only`
//!    says so.
//!
//! A rejection is a 401. It is a 403 if a valid token grants too little, a 400 by rules 2 and 3,
//! and a 503 while the issuer's keys are missing. The response does not show which check failed,
//! unless `verbose_errors` is set. For operators, the decision names the check, and the attribute
//! `jwt_auth_detail` has the actual and the expected value.
//!
//! In reading order:
//!
//! - `config`: the configuration;
//! - `build`: from a configuration to a filter;
//! - `filter`: the filter and its decision;
//! - `authentication`: the token of a request, its key and its claims;
//! - `decision`, `local_response`, `metrics`: reasons, responses to rejected requests, events;
//! - `rejection`: a reason with the actual and the expected value;
//! - `rules`: the choice of the rule for a request, and the checks on claims;
//! - `sources`: where tokens come from;
//! - `token`: the form of tokens, paths of claims, the cache of verified tokens;
//! - `keys`: credentials, key formats, signatures, and in `keys::remote` fetched keys;
//! - `identity`: consumers, identity headers, attributes;
//! - `state`: the memory of one worker;
//! - `inspect`: facts about keys and tokens, for tools.

mod authentication;
mod build;
mod config;
mod decision;
mod field_hints;
mod filter;
mod identity;
#[cfg(feature = "inspect")]
pub mod inspect;
mod keys;
mod local_response;
mod metrics;
mod rejection;
mod rules;
mod sources;
mod state;
#[cfg(test)]
mod tests;
mod token;

#[cfg(feature = "schema")]
pub use config::schema::schema;
pub use field_hints::FIELD_HINTS;
pub use filter::JwtAuth;
