//! The keys of consumers, for jwt-auth.

use std::cell::Cell;

use super::entities::{Consumer, Entities, JwtSecret};
use crate::{
    convert::{from::input::secrets::Secret, report::Report, yaml::Map},
    found::Place,
};

/// The name of the variable for a single secret.
pub const SECRET_VARIABLE: &str = "NOVASPHERE_JWT_SECRET";

/// The credentials of all consumers.
#[derive(Debug)]
pub struct Credentials {
    pub all: Vec<Credential>,
}

/// A credential and its consumer.
#[derive(Debug)]
pub struct Credential {
    /// The index of the consumer.
    pub consumer: usize,
    /// The entry of `credentials`.
    pub entry: Map,
    /// The size of the secret in bytes as text and as base64, if the input has it.
    pub secret_bytes: Option<(usize, usize)>,
    /// The smallest size that the algorithm should have. 0 for public keys.
    pub least_bytes: usize,
    /// Its place in the input.
    pub place: Place,
    /// Whether a route accepts it.
    pub is_used: Cell<bool>,
}

impl Credentials {
    /// Converts all credentials.
    pub fn new(entities: &Entities, report: &mut Report) -> Self {
        let secrets = entities.consumers.iter().flat_map(|consumer| &consumer.credentials);
        let is_single = secrets.filter(|secret| secret.secret.is_some()).count() == 1;
        let mut all = Vec::new();
        for (index, consumer) in entities.consumers.iter().enumerate() {
            for secret in &consumer.credentials {
                all.extend(credential(index, consumer, secret, is_single, report));
            }
        }
        Self { all }
    }

    /// Reports the credentials, after all routes are read.
    pub fn report(&self, entities: &Entities, report: &mut Report) {
        for credential in &self.all {
            let Some(consumer) = entities.consumers.get(credential.consumer) else { continue };
            let owner = consumer.name();
            let what = format!("JWT credential of consumer {owner}");
            if !credential.is_used.get() {
                report.not_needed(&credential.place, format!("{what}: no route accepts it"));
                continue;
            }
            report.converted(&credential.place, format!("{what}: jwt_auth.credentials"));
            if consumer.id.is_none() {
                let message = format!(
                    "consumer {owner}: it has no id in the input, so the upstream gets no \
                     X-Consumer-ID"
                );
                report.changed(&credential.place, message);
            }
        }
    }
}

/// The key of a credential. Kong generates a missing one.
fn key(consumer: &Consumer, secret: &JwtSecret, what: &str, report: &mut Report) -> String {
    if let Some(key) = &secret.key {
        return key.clone();
    }
    let key = consumer.username.clone().unwrap_or_else(|| "change-me".to_owned());
    let message = format!(
        "{what}: it has no key, so Kong generates one; the output has {key:?}, which must be the \
         iss of the tokens"
    );
    report.changed(&secret.place, message);
    key
}

fn credential(
    index: usize,
    consumer: &Consumer,
    secret: &JwtSecret,
    is_single: bool,
    report: &mut Report,
) -> Option<Credential> {
    let owner = consumer.name();
    let what = format!("JWT credential of consumer {owner}");
    let algorithm = secret.algorithm.as_deref().unwrap_or("HS256");
    let least_bytes = match algorithm {
        "HS256" => 32,
        "HS384" => 48,
        "HS512" => 64,
        _ => 0,
    };
    let key = key(consumer, secret, &what, report);
    let mut entry = Map::new().with("key", key.as_str()).with("algorithm", algorithm);
    if least_bytes == 0 {
        let Some(public_key) = &secret.public_key else {
            report.left_out(&secret.place, format!("{what}: it has no rsa_public_key"));
            return None;
        };
        if public_key.contains("PRIVATE KEY") {
            report.left_out(&secret.place, format!("{what}: its rsa_public_key is a private key"));
            return None;
        }
        entry.set("public_key", public_key.as_str());
    } else {
        let suffix = if is_single { "" } else { key.as_str() };
        let meaning = format!("the secret of the {what}");
        let name = match &secret.secret {
            None => {
                report.left_out(
                    &secret.place,
                    format!("{what}: it has no secret, so Kong generates one"),
                );
                return None;
            }
            Some(Secret::Variable(name)) => {
                report.set_variable(name, meaning, Some(&secret.place));
                name.clone()
            }
            Some(_) => report.variable(SECRET_VARIABLE, suffix, meaning, Some(&secret.place)),
        };
        entry.set("secret", Map::new().with("env", name));
    }
    if let Some(identity) = identity(consumer) {
        entry.set("consumer", identity);
    }
    let bytes = |is_base64| secret.secret.as_ref().and_then(|s| s.key_bytes(is_base64));
    let secret_bytes = bytes(false).zip(bytes(true));
    let place = secret.place.clone();
    let is_used = Cell::new(false);
    Some(Credential { consumer: index, entry, secret_bytes, least_bytes, place, is_used })
}

/// The members of a consumer that the upstream sees.
pub fn identity(consumer: &Consumer) -> Option<Map> {
    let mut identity = Map::new();
    identity.set_some("id", consumer.id.clone());
    identity.set_some("username", consumer.username.clone());
    identity.set_some("custom_id", consumer.custom_id.clone());
    (!identity.is_empty()).then_some(identity)
}
