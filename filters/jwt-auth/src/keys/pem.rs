//! Public keys as PEM text (RFC 7468). White space is ignored, because files, environment variables
//! and YAML change it.

use base64::{Engine, prelude::BASE64_STANDARD};
use rsa::pkcs8::der::{self, Decode, Encode, Reader, SliceReader, Tag, Tagged, asn1::AnyRef};

use crate::keys::{invalid_key::InvalidKey, public_key::PublicKey};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Whether a text contains a PEM block.
pub(crate) fn is_pem(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The public key of a PEM text: a SubjectPublicKeyInfo, a PKCS#1 RSA key or the key of an X.509
/// certificate.
pub(crate) fn public_key(text: &str) -> Result<PublicKey, InvalidKey> {
    // Environment variables often hold \r and \n as two characters each.
    let text = text.replace("\\r", "\r").replace("\\n", "\n");
    let (label, der) = only_block(&text)?;
    match label {
        "PUBLIC KEY" => PublicKey::from_spki(&der?),
        "RSA PUBLIC KEY" => PublicKey::from_pkcs1(&der?),
        "CERTIFICATE" => {
            let spki = certified_key(&der?).map_err(|_| InvalidKey::NotDer)?;
            PublicKey::from_spki(&spki)
        }
        _ if label.ends_with("PRIVATE KEY") => Err(InvalidKey::PrivatePem),
        _ => Err(InvalidKey::PemLabel),
    }
}

/// The decoded content of a block.
type Content = Result<Vec<u8>, InvalidKey>;

/// The label and the content of the only block. Text around it is explanatory (RFC 7468 section
/// 5.2).
fn only_block(text: &str) -> Result<(&str, Content), InvalidKey> {
    let (_, block) = text.split_once(BEGIN).ok_or(InvalidKey::NotPem)?;
    let (label, block) = block.split_once(DASHES).ok_or(InvalidKey::NotPem)?;
    let (content, end) = block.split_once(END).ok_or(InvalidKey::NotPem)?;
    let rest = end.strip_prefix(label).and_then(|end| end.strip_prefix(DASHES));
    let rest = rest.ok_or(InvalidKey::NotPem)?;
    if is_pem(rest) {
        return Err(InvalidKey::SeveralPemBlocks);
    }
    let base64: String = content.split_ascii_whitespace().collect();
    Ok((label, BASE64_STANDARD.decode(base64).map_err(|_| InvalidKey::NotPem)))
}

/// The SubjectPublicKeyInfo of a certificate (RFC 5280 section 4.1). Dates and signature are
/// ignored: the operator trusts the key by configuring it, and enforcing `notAfter` would refuse all
/// requests from that moment on.
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
