//! [`Draft`]: a token before it is signed.

use anyhow::Result;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_core::UnixTime;
use serde_json::{Map, Value};

use super::{
    claims,
    signer::{Signer, SigningKey},
};
use crate::token::config::JwtConfig;

/// A token before it is signed.
pub(super) struct Draft<'s> {
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
    pub(super) key: SigningKey<'s>,
    /// The algorithm of the signature, even if `alg` is another.
    pub(super) algorithm: String,
    /// The time at which the token is minted, in seconds.
    pub(super) now: u64,
}

impl<'s> Draft<'s> {
    /// A token that the configuration accepts.
    pub(super) fn new(config: &JwtConfig, signer: &Signer<'s>, now: UnixTime) -> Self {
        let mut header = Map::new();
        header.insert("alg".to_owned(), signer.algorithm.clone().into());
        let typ = config.first_text("typ").unwrap_or("JWT");
        header.insert("typ".to_owned(), typ.into());
        if let Some(kid) = &signer.kid {
            header.insert("kid".to_owned(), kid.clone().into());
        }
        Self {
            header,
            claims: claims::required(config, signer, now.seconds()),
            key: signer.key.clone(),
            algorithm: signer.algorithm.clone(),
            now: now.seconds(),
        }
    }

    /// The signed token.
    pub(super) fn sign(&self) -> Result<String> {
        let message = self.message();
        let signature = self.key.sign(&self.algorithm, message.as_bytes())?;
        Ok(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The signed part of the token.
    pub(super) fn message(&self) -> String {
        let encode = |members: &Map<String, Value>| {
            BASE64_URL_SAFE_NO_PAD.encode(Value::Object(members.clone()).to_string())
        };
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }

    pub(super) fn set(&mut self, claim: &str, value: impl Into<Value>) {
        self.claims.insert(claim.to_owned(), value.into());
    }
}
