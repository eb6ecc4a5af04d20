//! Headers with other schemes or without one, and tokens with padding.

use super::*;

/// Entries of `header_names`, the value of their header, and whether it has a token. `A` stands for
/// Authorization and a `T` at the end for the token.
const FORMS: &[(&str, &str, bool)] = &[
    (r#"{"name": "A", "scheme": "JWT"}"#, "JWT T", true),
    (r#"{"name": "A", "scheme": "JWT"}"#, "jwt  T", true),
    (r#"{"name": "A", "scheme": "JWT"}"#, "Bearer T", false),
    (r#"{"name": "A", "scheme": "JWT"}"#, "T", false),
    (r#"{"name": "A", "scheme": "JWT"}"#, "JWTx", false),
    (r#"{"name": "A", "scheme": "JWT"}"#, "JWT ", false),
    (r#"{"name": "A", "scheme": ""}"#, "T", true),
    (r#"{"name": "A", "scheme": ""}"#, "Bearer T", false),
    (r#"{"name": "A"}"#, "Bearer T", true),
    (r#"{"name": "A"}"#, "T", false),
    (r#""proxy-A""#, "Bearer T", true),
    (r#""proxy-A""#, "T", false),
    (r#"{"name": "x-a", "scheme": "Bearer"}"#, "bearer T", true),
    (r#"{"name": "x-a", "scheme": "Bearer"}"#, "T", false),
    (r#"{"name": "x-a", "scheme": ""}"#, "T", true),
    (r#"{"name": "x-a", "scheme": ""}"#, "Bearer T", false),
    (r#"{"name": "x-a"}"#, "T", true),
    (r#"{"name": "x-a"}"#, "Bearer T", true),
    (r#""A", {"name": "A", "scheme": "JWT"}"#, "JWT T", true),
    (r#""A", {"name": "A", "scheme": "JWT"}"#, "Bearer T", true),
    (r#""x-a", {"name": "x-a", "scheme": "Bearer"}"#, "Bearer T", true),
];

/// Each entry accepts exactly one form, and `forward_token: false` removes exactly the accepted
/// headers.
#[test]
fn scheme_of_header_selects_the_form() {
    let t = token("");
    for (entries, value, is_token) in FORMS {
        let entries = entries.replace('A', "authorization");
        let names = ["proxy-authorization", "authorization", "x-a"];
        let name = names.into_iter().find(|name| entries.contains(name)).unwrap();
        let value =
            value.strip_suffix('T').map_or((*value).to_owned(), |start| format!("{start}{t}"));
        let more = format!(r#", "forward_token": false, "header_names": [{entries}]"#);
        let outcome = run(&filter(&more), &[(name, &value)]);
        let kept = outcome.lines.iter().any(|line| line.starts_with(name));
        let reason = if *is_token { "allowed" } else { "no_token" };
        assert_eq!((outcome.reason, kept), (reason, !is_token), "{entries}: {value}");
        // The token is removed once.
        assert_eq!(outcome.mutations, usize::from(*is_token), "{entries}: {value}");
    }
}

#[test]
fn padded_parts_need_accept_padding() {
    // 32 bytes of signature need one padding character, and these claims two.
    let claims = format!(r#"{{"iss": "k", "exp": {}, "x": ""}}"#, NOW + 60);
    assert_eq!(claims.len() % 3, 1, "{claims}");
    let pad = |part: &str| format!("{part}{}", "=".repeat((4 - part.len() % 4) % 4));
    let parts = |header: &str, claims: &str| {
        let message = format!("{header}.{claims}");
        let signature = base64url(hmac("HS256", SECRET.as_bytes(), &message));
        (message, signature)
    };
    let (header, payload) = (base64url(r#"{"alg": "HS256"}"#), base64url(&claims));
    let (padded, signature) = parts(&pad(&header), &pad(&payload));
    let (plain, plain_signature) = parts(&header, &payload);
    let accepting = filter(r#", "accept_padding": true"#);
    for (token, accepted, strict) in [
        (format!("{padded}.{}", pad(&signature)), "allowed", "malformed_token"),
        (format!("{padded}.{signature}"), "allowed", "malformed_token"),
        (format!("{plain}.{}", pad(&plain_signature)), "allowed", "malformed_token"),
        (format!("{plain}.{plain_signature}"), "allowed", "allowed"),
        // The padding is signed too.
        (format!("{plain}.{signature}"), "bad_signature", "bad_signature"),
        (format!("{padded}.{plain_signature}"), "bad_signature", "malformed_token"),
        (format!("{padded}.{signature}=="), "malformed_token", "malformed_token"),
        (format!("{padded}=.{signature}"), "malformed_token", "malformed_token"),
        (format!("={padded}.{signature}"), "malformed_token", "malformed_token"),
    ] {
        assert_eq!(reason(&accepting, &token), accepted, "{token}");
        assert_eq!(reason(&filter(""), &token), strict, "{token}");
    }
}
