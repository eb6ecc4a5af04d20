//! Public keys as PEM text (RFC 7468). White space is ignored, because files, environment variables
//! and YAML change it.

use base64::{Engine, prelude::BASE64_STANDARD};
use spki::der::{self, Decode, Encode, Reader, SliceReader, Tag, Tagged, asn1::AnyRef};

use crate::keys::{invalid_key::InvalidKey, invalid_pem::InvalidPem, public_key::PublicKey};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Whether a string contains a PEM block.
pub(crate) fn is_pem(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The public key of a PEM text: a SubjectPublicKeyInfo, a PKCS#1 RSA key or the key of an X.509
/// certificate.
pub(crate) fn public_key(text: &str) -> Result<PublicKey, InvalidKey> {
    // Environment variables often hold \r and \n as two characters each.
    let text = text.replace("\\r", "\r").replace("\\n", "\n");
    let (label, der) = only_block(&text)?;
    let der = der.map_err(InvalidKey::from);
    match label {
        "PUBLIC KEY" => PublicKey::from_spki(&der?),
        "RSA PUBLIC KEY" => PublicKey::from_pkcs1(&der?),
        "CERTIFICATE" => {
            let spki = certified_key(&der?).map_err(|_| InvalidKey::NotDer)?;
            PublicKey::from_spki(&spki)
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Err(InvalidPem::Request.into()),
        _ => Err(InvalidPem::Label.into()),
    }
}

/// The decoded content of a block.
type Content = Result<Vec<u8>, InvalidPem>;

/// The label and the content of the only block. Text around it is explanatory (RFC 7468 section
/// 5.2).
fn only_block(text: &str) -> Result<(&str, Content), InvalidPem> {
    let (_, block) = text.split_once(BEGIN).ok_or_else(|| without_begin(text))?;
    // Even if the block is incomplete or not the first one.
    if text.split(BEGIN).skip(1).any(is_private) {
        return Err(InvalidPem::Private);
    }
    let (label, block) = block.split_once(DASHES).ok_or(InvalidPem::IncompleteBegin)?;
    if label.contains(['\n', '\r']) {
        return Err(InvalidPem::IncompleteBegin);
    }
    let (content, end) = block.split_once(END).ok_or(InvalidPem::NoEnd)?;
    if is_pem(content) {
        return Err(InvalidPem::NoEnd);
    }
    let rest = end.strip_prefix(label).and_then(|end| end.strip_prefix(DASHES));
    if is_pem(rest.ok_or(InvalidPem::Labels)?) {
        return Err(InvalidPem::SeveralBlocks);
    }
    let base64: String = content.split_ascii_whitespace().collect();
    Ok((label, BASE64_STANDARD.decode(base64).map_err(|_| InvalidPem::NotBase64)))
}

/// Whether a block, from its label on, is a private key of any kind.
fn is_private(block: &str) -> bool {
    let label = block.split(['-', '\n', '\r']).next().unwrap_or_default();
    label.trim_end().ends_with("PRIVATE KEY")
}

/// The fault in a string without a BEGIN line.
fn without_begin(text: &str) -> InvalidPem {
    // A DER sequence of 128 bytes or more starts with 30 81 or 30 82, the public keys on Ed25519,
    // P-256 and P-384 with 30 2a, 30 59 and 30 76.
    const DER: [&str; 4] = ["MI", "MCow", "MFkw", "MHYw"];
    const SSH: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-", "---- BEGIN SSH2"];
    let text = text.trim();
    let starts_with = |prefixes: [&str; 4]| prefixes.iter().any(|p| text.starts_with(p));
    let is_base64 =
        || text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-_ \r\n".contains(&b));
    match text {
        "" => InvalidPem::Empty,
        _ if text.starts_with('{') => InvalidPem::Jwk,
        _ if starts_with(SSH) => InvalidPem::Ssh,
        _ if starts_with(DER) && is_base64() => InvalidPem::Base64Only,
        _ => InvalidPem::NoBegin,
    }
}

/// The SubjectPublicKeyInfo of a certificate (RFC 5280 section 4.1). Dates and signature are
/// ignored: the operator trusts the key by configuring it, and enforcing `notAfter` would reject
/// all requests from that moment on.
fn certified_key(certificate: &[u8]) -> der::Result<Vec<u8>> {
    let certificate = sequence(AnyRef::from_der(certificate)?)?;
    let tbs = sequence(SliceReader::new(certificate)?.decode()?)?;
    let mut fields = SliceReader::new(tbs)?;
    let mut field: AnyRef<'_> = fields.decode()?;
    // Version 1 is omitted.
    if field.tag() != Tag::Integer {
        field = fields.decode()?;
    }
    field.tag().assert_eq(Tag::Integer)?;
    // After the serial number: signature, issuer, validity, subject.
    for _ in 0..4 {
        sequence(fields.decode()?)?;
    }
    let spki: AnyRef<'_> = fields.decode()?;
    spki.to_der()
}

fn sequence(any: AnyRef<'_>) -> der::Result<&[u8]> {
    any.tag().assert_eq(Tag::Sequence)?;
    Ok(any.value())
}
