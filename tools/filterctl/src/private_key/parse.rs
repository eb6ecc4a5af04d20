//! Private keys from PEM text or JSON Web Keys. The errors quote no part of the key.

use anyhow::{Context, Result, anyhow, bail};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use p256::pkcs8::DecodePrivateKey as _;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use serde_json::Value;

use super::PrivateKey;

const BEGIN: &str = "-----BEGIN ";

impl PrivateKey {
    /// Parses PEM text (PKCS#8, PKCS#1 or SEC 1) or a JSON Web Key.
    ///
    /// # Errors
    /// If the text is not a private key of a supported type.
    pub fn parse(text: &str) -> Result<Self> {
        if text.trim_start().starts_with('{') {
            return parse_jwk(text);
        }
        let block = private_block(text)?;
        let label = block.get(BEGIN.len()..).and_then(|rest| rest.split("-----").next());
        match label.unwrap_or_default() {
            "PRIVATE KEY" => parse_pkcs8(block),
            "RSA PRIVATE KEY" => rsa::RsaPrivateKey::from_pkcs1_pem(block)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|_| anyhow!("the PEM block is not a valid PKCS#1 key")),
            "EC PRIVATE KEY" => {
                parse_ec(block).context("the PEM block is not an EC key on P-256, P-384 or P-521")
            }
            "ENCRYPTED PRIVATE KEY" => {
                bail!("the key is encrypted; decrypt it: openssl pkey -in FILE -out FILE")
            }
            "OPENSSH PRIVATE KEY" => bail!(
                "the key is in the format of OpenSSH; convert a copy: ssh-keygen -p -m PKCS8 -f FILE"
            ),
            label => bail!("{label:?} is not a supported kind of PEM block; convert it to PKCS#8"),
        }
    }
}

/// The block with the private key. Files of openssl may start with a block of parameters.
fn private_block(text: &str) -> Result<&str> {
    let starts = text.match_indices(BEGIN).map(|(at, _)| at);
    let blocks = starts.filter_map(|at| text.get(at..));
    let is_private = |block: &&str| {
        let line = block.lines().next().unwrap_or_default().trim_end();
        line.ends_with("PRIVATE KEY-----")
    };
    let Some(block) = blocks.into_iter().find(is_private) else {
        if text.contains(BEGIN) {
            bail!("the file has no private key, only other PEM blocks");
        }
        bail!(
            "the file is not a private key; expected PEM text with a line \
             -----BEGIN PRIVATE KEY-----, or a JSON Web Key"
        );
    };
    let end = block.find("-----END ").context("the PEM block has no END line")?;
    let after = block.get(end..).unwrap_or_default();
    let line = after.lines().next().unwrap_or_default().trim_end();
    Ok(block.get(..end.saturating_add(line.len())).unwrap_or_default())
}

fn parse_pkcs8(block: &str) -> Result<PrivateKey> {
    if let Ok(key) = rsa::RsaPrivateKey::from_pkcs8_pem(block) {
        return Ok(PrivateKey::Rsa(Box::new(key)));
    }
    if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(block) {
        return Ok(PrivateKey::Ed25519(key));
    }
    let curves = [
        p256::SecretKey::from_pkcs8_pem(block).ok().map(PrivateKey::P256),
        p384::SecretKey::from_pkcs8_pem(block).ok().map(PrivateKey::P384),
        p521::SecretKey::from_pkcs8_pem(block).ok().map(PrivateKey::P521),
    ];
    curves.into_iter().flatten().next().context(
        "the PEM block is not an RSA key, an Ed25519 key or an EC key on P-256, P-384 or P-521",
    )
}

fn parse_ec(block: &str) -> Option<PrivateKey> {
    let curves = [
        p256::SecretKey::from_sec1_pem(block).ok().map(PrivateKey::P256),
        p384::SecretKey::from_sec1_pem(block).ok().map(PrivateKey::P384),
        p521::SecretKey::from_sec1_pem(block).ok().map(PrivateKey::P521),
    ];
    curves.into_iter().flatten().next()
}

/// RFC 7518 section 6, RFC 8037 section 2.
fn parse_jwk(text: &str) -> Result<PrivateKey> {
    // The error of the parser would quote the text.
    let jwk: Value = serde_json::from_str(text).map_err(|_| anyhow!("the key is not JSON"))?;
    let member = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| -> Result<Vec<u8>> {
        let text =
            member(name).with_context(|| format!("the JSON Web Key has no member {name:?}"))?;
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
        decoded.map_err(|_| anyhow!("the member {name:?} is not base64url"))
    };
    let invalid = |name: &str| anyhow!("the member {name:?} is not valid for the key's type");
    match (member("kty").unwrap_or_default(), member("crv").unwrap_or_default()) {
        ("RSA", _) => {
            let number = |name: &str| bytes(name).map(|bytes| rsa::BigUint::from_bytes_be(&bytes));
            let primes = vec![number("p")?, number("q")?];
            let key = rsa::RsaPrivateKey::from_components(
                number("n")?,
                number("e")?,
                number("d")?,
                primes,
            );
            key.map(|key| PrivateKey::Rsa(Box::new(key))).map_err(|_| invalid("d"))
        }
        ("EC", "P-256") => p256::SecretKey::from_slice(&bytes("d")?)
            .map(PrivateKey::P256)
            .map_err(|_| invalid("d")),
        ("EC", "P-384") => p384::SecretKey::from_slice(&bytes("d")?)
            .map(PrivateKey::P384)
            .map_err(|_| invalid("d")),
        ("EC", "P-521") => p521::SecretKey::from_slice(&bytes("d")?)
            .map(PrivateKey::P521)
            .map_err(|_| invalid("d")),
        ("OKP", "Ed25519") => {
            let bytes: [u8; 32] = bytes("d")?.try_into().map_err(|_| invalid("d"))?;
            Ok(PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&bytes)))
        }
        ("oct", _) => bail!("the JSON Web Key is a secret; give its value as a variable: --env"),
        _ => bail!("the JSON Web Key must be RSA, Ed25519 or EC on P-256, P-384 or P-521"),
    }
}
