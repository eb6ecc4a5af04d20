//! The decisions and events of jwt-auth.

use super::{Decision, NOTHING, text};

pub(super) const TEXTS: &[Decision] = &[
    text("allowed", "The token is valid.", "Normal traffic.", NOTHING),
    text(
        "preflight",
        "A CORS preflight passes without a token, because run_on_preflight is false.",
        "Browsers send no token with preflights.",
        NOTHING,
    ),
    text(
        "skipped",
        "The request needs no token.",
        "An entry of skip, or a rule with skip, matches.",
        "Check skip and rules if the path should need a token.",
    ),
    text(
        "optional",
        "The request has no token and passes without an identity.",
        "optional is set for the filter or the rule.",
        NOTHING,
    ),
    text(
        "anonymous",
        "The request has no valid token and passes as the anonymous consumer.",
        "anonymous is configured.",
        NOTHING,
    ),
    text(
        "no_token",
        "The request has no token. The response is 401.",
        "The client sends none, or sends it where the filter does not look. Authorization needs the \
         form \"Bearer <token>\".",
        "Compare the request with header_names, uri_param_names and cookie_names.",
    ),
    text(
        "connection_names_identity",
        "Connection names a header that the filter sets, so the next hop would drop it. The response \
         is 400.",
        "A client tries to remove the identity. Ordinary clients do not.",
        NOTHING,
    ),
    text(
        "ambiguous_path",
        "Servers could match the path, or a method in lower case, to different rules. The response \
         is 400.",
        "The path has .., encoded slashes or similar. Ordinary clients send no such paths. Or the \
         method is not in upper case: a browser's fetch sends the method patch as it is written.",
        "Nothing, unless a client of yours is affected: it must send the plain path, and the method \
         in upper case.",
    ),
    text(
        "ambiguous_header",
        "The header of a rule is on more than one line, and servers could match it to different rules. \
         The response is 400.",
        "A client or a proxy in front adds a second line.",
        "Find out who adds the second line, and remove it there.",
    ),
    text(
        "repeated_header",
        "A token header is on more than one line. The response is 401.",
        "A client or a proxy in front adds a second line.",
        "Find out who adds the second line, and remove it there.",
    ),
    text(
        "multiple_tokens",
        "The request has different tokens. The response is 401.",
        "The client sends an old token in a cookie or in the query, and a new one in a header.",
        "Remove the sources that are not needed, or fix the client.",
    ),
    text(
        "token_too_large",
        "The token is longer than max_token_bytes. The response is 401.",
        "The issuer puts many groups or roles into tokens.",
        "Let the issuer leave claims out, or raise max_token_bytes.",
    ),
    text(
        "malformed_token",
        "The token is not a JWT. The response is 401.",
        "The client sends an opaque token, a cut one, one with quotes, or one with base64 padding.",
        "Look at the token with filterctl token decode -. Set accept_padding for padded tokens.",
    ),
    text(
        "critical_header",
        "The token has a crit or b64 header, which the filter does not support. The response is 401.",
        "The issuer uses an extension.",
        "Let the issuer sign plain JWTs.",
    ),
    text(
        "unknown_issuer",
        "No credential or jwks entry matches the claim named in key_claim_name. The response \
         is 401.",
        "The token is of another issuer or environment, or iss differs by a slash at the end.",
        "Compare the iss in jwt_auth_detail with credentials and jwks, character by character.",
    ),
    text(
        "algorithm_not_allowed",
        "The token's alg is not one of the issuer's. The response is 401.",
        "The issuer signs with another algorithm than the configuration says.",
        "Set algorithm of the credential, or algorithms of the jwks entry.",
    ),
    text(
        "unknown_kid",
        "No key of the issuer has the token's kid. The response is 401.",
        "The issuer rotated its keys, or the token is of another environment.",
        "Look for the kid in the key set. An unknown kid starts a fetch, at most one per cooldown.",
    ),
    text(
        "algorithm_mismatch",
        "The key with the token's kid is for another algorithm. The response is 401.",
        "The issuer changed the algorithm of a key, or an attacker tries another one.",
        "Compare alg of the token and of the key with this kid.",
    ),
    text(
        "bad_signature",
        "No key verifies the signature. The response is 401.",
        "The secret or key differs from the issuer's, the token was changed, or a variable holds a \
         secret in base64.",
        "Compare the secret or key with the issuer's. Try secret_is_base64 for a secret in base64.",
    ),
    text(
        "wrong_type",
        "The token's typ is not in typ. The response is 401.",
        "The client sends an ID token or a refresh token instead of an access token.",
        "Let the client send the access token, or add the type to typ.",
    ),
    text(
        "malformed_claim",
        "exp, nbf or iat is not a number. The response is 401.",
        "The issuer writes times as text.",
        "Let the issuer write seconds since 1970 as numbers.",
    ),
    text(
        "missing_claim",
        "exp, nbf or iat is missing. The response is 401.",
        "claims_to_verify requires the claim, and the issuer does not set it.",
        "Let the issuer set the claim, or remove it from claims_to_verify.",
    ),
    text(
        "expired",
        "The token expired. The response is 401.",
        "The client did not renew its token, or a clock is wrong.",
        "Let the client renew the token after a 401. Compare the clocks of issuer and proxy; leeway \
         allows for a difference.",
    ),
    text(
        "not_yet_valid",
        "The token is not valid yet: the time is before nbf. The response is 401.",
        "The issuer's clock is ahead of the proxy's.",
        "Synchronise the clocks, or set leeway to a few seconds.",
    ),
    text(
        "issued_in_future",
        "The token's iat is in the future. The response is 401.",
        "The issuer's clock is ahead of the proxy's.",
        "Synchronise the clocks, or set leeway to a few seconds.",
    ),
    text(
        "lifetime_too_long",
        "The token is valid for longer than maximum_expiration. The response is 401.",
        "The issuer gives tokens a longer lifetime than the configuration accepts.",
        "Shorten the lifetime at the issuer, or raise maximum_expiration.",
    ),
    text(
        "wrong_issuer",
        "The token's iss is not in issuers. The response is 401.",
        "The token is of another issuer than this filter or rule accepts.",
        "Add the issuer to issuers if its tokens may be used here.",
    ),
    text(
        "wrong_audience",
        "The token's aud is not in audiences. The response is 401.",
        "The client requested the token for another API.",
        "Let the client request a token for this API, or add the value to audiences.",
    ),
    text(
        "wrong_subject",
        "The token's sub is not in subjects. The response is 401.",
        "The subject is not listed.",
        "Add the subject to subjects if it may use the API.",
    ),
    text(
        "denied",
        "The token is revoked: its jti or sub is in denied_tokens. The response is 401.",
        "An operator revoked the token or blocked the subject.",
        "Remove the entry from denied_tokens after the subject is trusted again.",
    ),
    text(
        "unusable_claim",
        "A claim cannot become a header or an attribute. The response is 401.",
        "The claim is an object, has a control character, or is too long.",
        "Use as: json in the entry, raise max_claim_header_bytes, or let the issuer change the claim.",
    ),
    text(
        "required_claim",
        "A required claim is missing or has another value. The response is 403.",
        "The token is valid, but grants too little.",
        "jwt_auth_detail names the entry of required_claims. Give the subject the role, or change \
         the entry.",
    ),
    text(
        "insufficient_scope",
        "A required scope is missing. The response is 403.",
        "The client did not request the scope, or the user may not have it.",
        "Let the client request the scope that jwt_auth_detail names.",
    ),
    text(
        "keys_unavailable",
        "The issuer's keys are not available yet. The response is 503 with Retry-After.",
        "The proxy just started, or cannot reach the issuer.",
        "Look for \"could not be fetched\" in the proxy's log, and check cluster, TLS and network.",
    ),
    text(
        "verified_by_host",
        "The proxy verified the signature, which is faster than the filter.",
        "RSA or ECDSA on Envoy.",
        NOTHING,
    ),
    text(
        "reported",
        "The request had no valid token and passed, because report_only is set.",
        "The filter runs without enforcement, for a trial.",
        "Remove report_only to enforce the checks. jwt_auth_reported names the check.",
    ),
    text("cache_hit", "The token was verified before.", "Normal traffic.", NOTHING),
    text("cache_miss", "The token was verified now.", "The token is new to this worker.", NOTHING),
    text(
        "cache_evicted",
        "A verified token was dropped to make room for another one.",
        "More tokens are in use than cache_tokens.",
        "Raise cache_tokens if the proxy has CPU time to save.",
    ),
    text(
        "keys_fetched",
        "A key set was fetched.",
        "Its lifetime ended, or a kid was unknown.",
        NOTHING,
    ),
    text(
        "key_fetch_failed",
        "A key set could not be fetched. The last good keys stay in use.",
        "The proxy cannot reach the issuer, or the response is not a usable key set.",
        "The proxy's log has the reason. Check cluster, TLS and network.",
    ),
];
