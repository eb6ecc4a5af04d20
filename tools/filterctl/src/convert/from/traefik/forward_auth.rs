//! The middleware `forwardAuth`.

use super::part::Part;
use crate::convert::{report::Report, yaml::Map};

/// jwt-auth in place of the service that the middleware asks. `None` if clients could send the headers
/// that the service sets.
pub(super) fn section(part: &Part<'_>, report: &mut Report) -> Option<Map> {
    let unknown = ["authResponseHeadersRegex", "headerField"];
    if let Some(name) = unknown.into_iter().find(|name| part.fields.get(name).is_some()) {
        part.left_out(&format!("forwardAuth: {name}: no claim is known for its headers"), report);
        return None;
    }
    let variable = "NOVASPHERE_JWT_SECRET";
    let meaning = "the secret that signs the tokens, at least 32 bytes";
    report.set_variable(variable, meaning, Some(&part.middleware.place));
    let credential = Map::new()
        .with("key", "HS256")
        .with("algorithm", "HS256")
        .with("secret", Map::new().with("env", variable));
    let mut config = Map::new()
        .with("key_claim_name", "alg")
        .with("credentials", vec![credential])
        .with("uri_param_names", Vec::<String>::new());
    config.comment(
        "key_claim_name",
        "Tokens of any issuer. With one issuer, write iss here and as key.",
    );
    let mut headers = Vec::new();
    for header in part.fields.texts("authResponseHeaders") {
        let claim = claim(&header);
        headers.push(Map::new().with("claim", claim).with("header", header));
    }
    config.set_list("claims_to_headers", headers);
    config.comment("claims_to_headers", "Guessed from the names of authResponseHeaders.");
    part.fields.ignore(&[
        "address",
        "authRequestHeaders",
        "trustForwardHeader",
        "tls",
        "maxBodySize",
    ]);
    part.report_rest(report);
    part.left_out(
        "forwardAuth: filters do not call a service; jwt-auth verifies the token itself, with the \
         secret in NOVASPHERE_JWT_SECRET. Check its claims and its key",
        report,
    );
    Some(config)
}

/// The claim that a header probably holds: `X-User-Id` is `sub`.
fn claim(header: &str) -> String {
    let lower = header.to_ascii_lowercase();
    let name = lower.strip_prefix("x-").unwrap_or(&lower);
    match name {
        "user-id" | "user" | "auth-user" | "forwarded-user" | "userid" => "sub".to_owned(),
        "user-name" | "username" | "forwarded-preferred-username" => "name".to_owned(),
        "user-email" | "email" | "forwarded-email" => "email".to_owned(),
        name => name.replace('-', "_"),
    }
}
