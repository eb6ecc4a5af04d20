//! Keys that stand for the keys that the user did not give.
//!
//! A chain accepts every RSASSA-PKCS1-v1_5 signature and every signature for the keys on P-256 and
//! P-384, because the filter asks the proxy about them. For the others, tokens are signed again.
//!
//! - `rsa`: RSASSA-PSS signatures.

mod rsa;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

/// The seed of the Ed25519 key. The filter checks these signatures itself, so tokens are signed
/// again with it.
const ED25519_SEED: [u8; 32] = *b"assumed by filterctl, no secret!";

/// The base points of the curves (FIPS 186-4 appendix D.1.2): any point on a curve is a public key.
const P256: [&str; 2] = [
    "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296",
    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
];
const P384: [&str; 2] = [
    "AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7",
    "3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F",
];

const P521: [&str; 2] = [
    "00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66",
    "011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650",
];
/// The order of the base point of P-521.
const P521_ORDER: &str = "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409";

/// The JWK for an algorithm. `None` for an algorithm that the filter does not know.
pub(crate) fn jwk(algorithm: &str) -> Option<Value> {
    let point =
        |crv: &str, [x, y]: [&str; 2]| json!({"kty": "EC", "crv": crv, "x": hex(x), "y": hex(y)});
    match algorithm {
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => {
            Some(json!({"kty": "RSA", "n": encode(&rsa::MODULUS), "e": "AQAB"}))
        }
        "ES256" => Some(point("P-256", P256)),
        "ES384" => Some(point("P-384", P384)),
        "ES512" => Some(point("P-521", P521)),
        "EdDSA" => {
            let key = ed25519_dalek::SigningKey::from_bytes(&ED25519_SEED).verifying_key();
            Some(json!({"kty": "OKP", "crv": "Ed25519", "x": encode(key.as_bytes())}))
        }
        _ => None,
    }
}

/// The public key for an algorithm as PEM text: a SubjectPublicKeyInfo.
pub(crate) fn pem(algorithm: &str) -> String {
    let point = |[x, y]: [&str; 2]| [decode(x), decode(y)].concat();
    let der = match algorithm {
        "ES256" => [SPKI_P256, &point(P256)].concat(),
        "ES384" => [SPKI_P384, &point(P384)].concat(),
        "ES512" => [SPKI_P521, &point(P521)].concat(),
        "EdDSA" | "Ed25519" => {
            let key = ed25519_dalek::SigningKey::from_bytes(&ED25519_SEED).verifying_key();
            [SPKI_ED25519, key.as_bytes()].concat()
        }
        _ => [SPKI_RSA, &rsa::MODULUS, RSA_EXPONENT].concat(),
    };
    let text = BASE64_STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}

// SubjectPublicKeyInfo before the point, for RSA before the modulus (RFC 5480 section 2, RFC 8410
// section 4, RFC 3279 section 2.3.1).
const SPKI_P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\
    \xce\x3d\x03\x01\x07\x03\x42\0\x04";
const SPKI_P384: &[u8] =
    b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\
    \0\x22\x03\x62\0\x04";
const SPKI_P521: &[u8] =
    b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\
    \x04\0\x23\x03\x81\x86\0\x04";
const SPKI_ED25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\0";
const SPKI_RSA: &[u8] =
    b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\0\
    \x03\x82\x01\x0f\0\x30\x82\x01\x0a\x02\x82\x01\x01\0";
const RSA_EXPONENT: &[u8] = b"\x02\x03\x01\0\x01";

/// Parts of the encodings of the public keys whose signatures the world accepts.
pub(crate) fn accepted() -> Vec<Vec<u8>> {
    let ec = [P256, P384].map(|[x, y]| [decode(x), decode(y)].concat());
    std::iter::once(rsa::MODULUS.to_vec()).chain(ec).collect()
}

/// The signature of the assumed key, for the algorithms whose signatures the filter always checks
/// itself. `None` for other algorithms.
pub(crate) fn sign(algorithm: &str, message: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        "EdDSA" => Some(sign_ed25519(message)),
        "ES512" => Some(sign_p521(message)),
        _ => rsa::sign_pss(algorithm, message),
    }
}

fn sign_ed25519(message: &[u8]) -> Vec<u8> {
    use ed25519_dalek::Signer;
    ed25519_dalek::SigningKey::from_bytes(&ED25519_SEED).sign(message).to_bytes().to_vec()
}

/// ECDSA (FIPS 186-4 section 6.4) with the private key 1 and the random number 1: the signature is
/// the x coordinate of the base point, and its sum with the hash.
fn sign_p521(message: &[u8]) -> Vec<u8> {
    let [x, _] = P521.map(decode);
    let hash = Sha512::digest(message);
    let padding = vec![0; x.len().saturating_sub(hash.len())];
    let sum = added(&x, &[&padding[..], &hash].concat());
    let order = decode(P521_ORDER);
    let s = if sum >= order { subtracted(&sum, &order) } else { sum };
    [x, s].concat()
}

/// The sum of two big-endian numbers of the same length, which must have room for it.
fn added(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0_u16;
    let mut digits: Vec<u8> = Vec::with_capacity(a.len());
    for (a, b) in a.iter().rev().zip(b.iter().rev()) {
        let [high, low] = (u16::from(*a) + u16::from(*b) + carry).to_be_bytes();
        digits.push(low);
        carry = high.into();
    }
    digits.reverse();
    digits
}

/// The difference of two big-endian numbers of the same length. The first is not the smaller one.
fn subtracted(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut digits: Vec<u8> = Vec::with_capacity(a.len());
    for (a, b) in a.iter().rev().zip(b.iter().rev()) {
        let (digit, one) = a.overflowing_sub(*b);
        let (digit, two) = digit.overflowing_sub(borrow.into());
        digits.push(digit);
        borrow = one || two;
    }
    digits.reverse();
    digits
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Hexadecimal digits in base64url.
fn hex(digits: &str) -> String {
    encode(&decode(digits))
}

fn decode(digits: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default();
    let byte = |pair: &[u8]| pair.iter().fold(0, |n, byte| n * 16 + digit(byte));
    digits.as_bytes().chunks(2).map(|pair| u8::try_from(byte(pair)).unwrap_or_default()).collect()
}
