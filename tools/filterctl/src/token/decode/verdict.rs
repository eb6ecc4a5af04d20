//! The verdict of a configuration about a token.

use anyhow::{Context, Result, bail};
use novasphere_core::UnixTime;
use novasphere_explain::{
    Environment,
    jwt::{Examination, Examiner, Fit, KeyMatch, KeySetText},
};

use crate::token::config::{ConfigArgs, JwtConfig, invalid};

/// The verdict of a configuration.
#[derive(Debug)]
pub(super) struct Verdict {
    /// The file and the entry.
    pub(super) config: String,
    pub(super) key_claim_name: String,
    pub(super) examination: Examination,
}

impl Verdict {
    /// The verdicts of all configurations. Secrets that are not given are assumed.
    pub(super) fn all(
        args: &ConfigArgs,
        key_sets: &[String],
        token: &str,
        now: UnixTime,
    ) -> Result<Vec<Self>> {
        if args.files.is_empty() {
            if !key_sets.is_empty() {
                bail!("--jwks needs a configuration: -c FILE");
            }
            return Ok(Vec::new());
        }
        let sets = read_key_sets(key_sets)?;
        let sets: Vec<KeySetText<'_>> = sets
            .iter()
            .map(|(issuer, text)| KeySetText { issuer: issuer.as_deref(), text })
            .collect();
        let configs = args.read_all()?;
        let environment = Environment { assume_missing: true, ..args.environment(&configs)? };
        configs.iter().map(|config| Self::of(config, &environment, &sets, token, now)).collect()
    }

    /// The verdict of one configuration.
    pub(super) fn of(
        config: &JwtConfig,
        environment: &Environment,
        sets: &[KeySetText<'_>],
        token: &str,
        now: UnixTime,
    ) -> Result<Self> {
        let proxy = config.proxy(environment);
        let examiner = Examiner::new(config.json().as_bytes(), &proxy)
            .map_err(|faults| invalid(&config.name, &faults))?;
        Ok(Self {
            config: config.name.clone(),
            key_claim_name: config.key_claim_name().to_owned(),
            examination: examiner.examine(token.as_bytes(), sets, now),
        })
    }
}

type KeySet = (Option<String>, Vec<u8>);

fn read_key_sets(options: &[String]) -> Result<Vec<KeySet>> {
    let read = |option: &String| {
        // An issuer may contain `=` only in its query.
        let (issuer, path) = match option.rsplit_once('=') {
            Some((issuer, path)) => (Some(issuer.to_owned()), path),
            None => (None, option.as_str()),
        };
        Ok((issuer, std::fs::read(path).with_context(|| path.to_owned())?))
    };
    options.iter().map(read).collect()
}

/// The result of comparing a key with the token, in words.
pub(super) fn describe_fit(key: &KeyMatch, key_claim_name: &str) -> String {
    match (key.fit, &key.unknown_variable) {
        (Fit::OtherName, _) if key.path.starts_with("jwks") => {
            "not tried: the token has another iss".to_owned()
        }
        (Fit::OtherName, _) => format!("not tried: the token has another {key_claim_name}"),
        (Fit::OtherKid, _) => "not tried: the token has another kid".to_owned(),
        (Fit::OtherAlgorithm, _) => "not tried: the token has another alg".to_owned(),
        (Fit::BadSignature | Fit::Signed, Some(name)) => {
            format!("fits, but the signature is not checked; give the key with --env {name}")
        }
        (Fit::BadSignature, None) => "did not sign the token".to_owned(),
        (Fit::Signed, None) => "signed the token".to_owned(),
        (Fit::NoKeys, _) => {
            "fits, but the signature is not checked; give its key set with --jwks FILE".to_owned()
        }
    }
}

/// The state of the signature, in words.
pub(super) fn describe_signature(verdicts: &[Verdict]) -> String {
    let keys = || verdicts.iter().flat_map(|verdict| &verdict.examination.keys);
    if verdicts.is_empty() {
        return "not checked; give a configuration with -c FILE".to_owned();
    }
    if let Some(key) = keys().find(|key| key.fit == Fit::Signed && key.unknown_variable.is_none()) {
        return format!("valid, by {} ({})", key.path, key.name);
    }
    if verdicts.iter().any(|verdict| !verdict.examination.is_signature_checked) {
        return "not checked".to_owned();
    }
    if keys().any(|key| key.fit == Fit::BadSignature) {
        return "invalid".to_owned();
    }
    "not checked: no key of the configuration fits the token".to_owned()
}
