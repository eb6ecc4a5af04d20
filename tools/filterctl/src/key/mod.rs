//! `filterctl key`: new keys and secrets.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use novasphere_explain::jwt::thumbprint;
use serde_json::json;

use crate::{
    cli::Outcome,
    private_key::{KeyType, PrivateKey, pem_of_spki, random_bytes},
};

/// Generate keys and secrets.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Generate a key pair or a secret.
    ///
    /// The private key goes to a new file that only its owner can read: PEM text (PKCS#8). The public
    /// key goes to the standard output. A secret is base64 text.
    Gen(GenArgs),
}

#[derive(Debug, clap::Args)]
struct GenArgs {
    /// The algorithm that the key is for.
    #[arg(value_enum, ignore_case = true)]
    algorithm: Algorithm,
    /// The new file for the private key or the secret. A secret without this option goes to the
    /// standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<String>,
    /// The size of an RSA key in bits, 2048 to 4096. Default: 2048.
    #[arg(long, value_parser = clap::value_parser!(u16).range(2048..=4096))]
    bits: Option<u16>,
    /// The `kid` of the public key. Default: its thumbprint (RFC 7638).
    #[arg(long)]
    kid: Option<String>,
    /// The form of the public key.
    #[arg(long, value_enum, default_value_t = PublicForm::Jwk)]
    public: PublicForm,
}

/// The algorithms of JWS, by the names that tokens have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[allow(clippy::upper_case_acronyms, reason = "the names of the algorithms")]
#[value(rename_all = "verbatim")]
enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EdDSA,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PublicForm {
    /// A JSON Web Key, for `jwk` of a credential.
    Jwk,
    /// A key set with this key, for an issuer to publish.
    Jwks,
    /// PEM text, for `public_key` of a credential.
    Pem,
}

/// The smallest size of an RSA key that the filter accepts, in bits.
const RSA_BITS: u16 = 2048;

/// Runs the command.
///
/// # Errors
/// If the file exists or cannot be written, or an option does not fit the algorithm.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let Command::Gen(args) = &args.command;
    let algorithm = args.algorithm;
    let bits = usize::from(args.bits.unwrap_or(RSA_BITS));
    let key_type = match algorithm {
        Algorithm::HS256 => return generate_secret(args, 32, out),
        Algorithm::HS384 => return generate_secret(args, 48, out),
        Algorithm::HS512 => return generate_secret(args, 64, out),
        Algorithm::ES256 => KeyType::P256,
        Algorithm::ES384 => KeyType::P384,
        Algorithm::ES512 => KeyType::P521,
        Algorithm::EdDSA => KeyType::Ed25519,
        _ => KeyType::Rsa(bits),
    };
    if args.bits.is_some() && !matches!(key_type, KeyType::Rsa(_)) {
        bail!("--bits is for RSA keys only, and {algorithm:?} has a key of a fixed size");
    }
    let path = args.out.as_deref().context("--out FILE is required for the private key")?;
    let key = PrivateKey::generate(key_type)?;
    let public = key.public()?;
    let kid = args.kid.clone().or_else(|| thumbprint(&public)).unwrap_or_default();
    write_private(path, &key.to_pkcs8_pem()?)?;
    let jwk = key.public_jwk(&format!("{algorithm:?}"), Some(&kid))?;
    match args.public {
        PublicForm::Jwk => writeln!(out, "{jwk:#}")?,
        PublicForm::Jwks => writeln!(out, "{:#}", json!({"keys": [jwk]}))?,
        PublicForm::Pem => write!(out, "{}", pem_of_spki(&public.spki))?,
    }
    Ok(Outcome::Success)
}

fn generate_secret(args: &GenArgs, size: usize, out: &mut dyn Write) -> Result<Outcome> {
    if args.bits.is_some() || args.kid.is_some() || args.public != PublicForm::Jwk {
        bail!(
            "--bits, --kid and --public are for key pairs, and {:?} has a secret",
            args.algorithm
        );
    }
    let secret = BASE64_STANDARD.encode(random_bytes(size)?);
    match &args.out {
        Some(path) => write_private(path, &format!("{secret}\n"))?,
        None => writeln!(out, "{secret}")?,
    }
    let mut notes = io::stderr();
    writeln!(
        notes,
        "note: the secret is base64; set secret_is_base64: true to use its {size} bytes"
    )?;
    Ok(Outcome::Success)
}

/// Writes a new file that only its owner can read.
fn write_private(path: &str, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(Path::new(path));
    let mut file = match file {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{path} exists; give another file, or remove it first")
        }
        other => other.with_context(|| path.to_owned())?,
    };
    file.write_all(text.as_bytes()).with_context(|| path.to_owned())
}

#[cfg(test)]
mod tests;
