//! The plugin `jwt`.

use novasphere_explain::{FilterKind, ProxyKind};

use super::super::{
    credentials::{Credential, Credentials, SECRET_VARIABLE, identity},
    entities::{Entities, Plugin},
};
use crate::convert::{model::prune, report::Report, yaml::Map};

/// The configuration of jwt-auth. `None` if requests could pass that the plugin rejects.
pub fn section(
    plugin: &Plugin,
    name: &str,
    admits: &dyn Fn(usize) -> bool,
    (entities, credentials): (&Entities, &Credentials),
    report: &mut Report,
) -> Option<Map> {
    let fields = plugin.fields();
    let is_base64 = fields.flag("secret_is_base64") == Some(true);
    let mut config = Map::new();
    add_credentials(&mut config, plugin, name, (admits, credentials), is_base64, report)?;
    add_sources(&mut config, plugin, name, &fields, report);
    let claims = fields.texts("claims_to_verify");
    if claims.is_empty() {
        let message = "claims_to_verify is empty, so tokens without exp never expire";
        report.note(&plugin.place, format!("{name}: {message}"));
    }
    config.set("claims_to_verify", claims);
    config.comment("claims_to_verify", "Present exp and nbf are honoured in any case.");
    config.set_some("maximum_expiration", fields.number("maximum_expiration").filter(|n| *n > 0));
    config.set_some("realm", fields.text("realm"));
    if fields.flag("run_on_preflight") == Some(false) {
        config.set("run_on_preflight", false);
    }
    if let Some(anonymous) = fields.text("anonymous").filter(|text| !text.is_empty()) {
        let consumer = entities.consumer(anonymous).and_then(|index| entities.consumers.get(index));
        let identity =
            consumer.and_then(identity).unwrap_or_else(|| Map::new().with("id", anonymous));
        config.set("anonymous", identity);
    }
    // The plugin always sends it.
    config.set("credential_header", true);
    if let Some((key, _)) = fields.rest().first() {
        // The setting may be a check.
        let field = key.text().unwrap_or_default();
        report.left_out(&plugin.field_place(key), format!("{name}: {field}: is not supported"));
        return None;
    }
    match prune(FilterKind::JwtAuth, &mut config, ProxyKind::Envoy, &["credentials[", "realm"]) {
        Ok(pruned) => {
            for part in pruned {
                let message = format!("{name}: {}: {}", part.path, part.message);
                report.left_out(&plugin.place, message);
            }
        }
        Err(fault) => {
            report.left_out(&plugin.place, format!("{name}: jwt-auth rejects it: {fault}"));
            return None;
        }
    }
    report.converted(&plugin.place, format!("{name}: jwt_auth"));
    report.changed(
        &plugin.place,
        format!("{name}: every 401 has the same body; verbose_errors restores the reasons"),
    );
    Some(config)
}

/// A credential to complete, for an input without one.
fn placeholder(plugin: &Plugin, name: &str, report: &mut Report) -> Map {
    let meaning = "the secret that signs the tokens, at least 32 bytes";
    report.set_variable(SECRET_VARIABLE, meaning, Some(&plugin.place));
    report.left_out(
        &plugin.place,
        format!(
            "{name}: the input has no JWT credential; the output has one with the key change-me, \
             to replace with the iss of the tokens"
        ),
    );
    let secret = Map::new().with("env", SECRET_VARIABLE);
    let mut entry =
        Map::new().with("key", "change-me").with("algorithm", "HS256").with("secret", secret);
    entry.comment("key", "The iss of the tokens.");
    entry
}

fn add_credentials(
    config: &mut Map,
    plugin: &Plugin,
    name: &str,
    (admits, credentials): (&dyn Fn(usize) -> bool, &Credentials),
    is_base64: bool,
    report: &mut Report,
) -> Option<()> {
    let may_pass = |credential: &&Credential| admits(credential.consumer);
    let admitted: Vec<&Credential> = credentials.all.iter().filter(may_pass).collect();
    admitted.iter().for_each(|credential| credential.is_used.set(true));
    let is_weak = |credential: &&Credential| {
        let bytes =
            credential.secret_bytes.map(|(text, base64)| if is_base64 { base64 } else { text });
        bytes.is_some_and(|bytes| bytes < credential.least_bytes)
    };
    let has_weak = admitted.iter().any(is_weak);
    let mut entries: Vec<Map> =
        admitted.iter().map(|credential| credential.entry.clone()).collect();
    if entries.is_empty() {
        if !credentials.all.is_empty() {
            report
                .left_out(&plugin.place, format!("{name}: it accepts no credential of the input"));
            return None;
        }
        entries.push(placeholder(plugin, name, report));
    }
    config.set("credentials", entries);
    if is_base64 {
        config.set("secret_is_base64", true);
    }
    if has_weak {
        config.set("allow_weak_secret", true);
        let comment =
            "A secret is shorter than RFC 7518 section 3.2 requires. Replace it, then remove this.";
        config.comment("allow_weak_secret", comment);
        report.changed(
            &plugin.place,
            format!(
                "{name}: a secret is shorter than its algorithm requires (32 bytes for HS256); \
                 allow_weak_secret accepts it until you replace it"
            ),
        );
    }
    Some(())
}

fn add_sources(
    config: &mut Map,
    plugin: &Plugin,
    name: &str,
    fields: &crate::convert::from::input::fields::Fields<'_>,
    report: &mut Report,
) {
    config
        .set_some("key_claim_name", fields.text("key_claim_name").filter(|claim| *claim != "iss"));
    let has = |field| fields.get(field).is_some();
    let headers = fields.texts("header_names");
    if has("header_names") && headers != ["authorization"] {
        if headers.iter().any(|header| !header.eq_ignore_ascii_case("authorization")) {
            report.changed(
                &plugin.place,
                format!(
                    "{name}: headers other than Authorization also accept a token without Bearer"
                ),
            );
        }
        config.set("header_names", headers);
    }
    if has("uri_param_names") {
        config.set("uri_param_names", fields.texts("uri_param_names"));
    }
    config.set_list("cookie_names", fields.texts("cookie_names"));
    if !has("uri_param_names") || !fields.texts("uri_param_names").is_empty() {
        report.changed(
            &plugin.place,
            format!("{name}: a token in the query does not reach the upstream"),
        );
    }
}
