//! Keys that stand for the keys that the user did not give.
//!
//! Nothing is signed with the public keys. The [`World`](super::world::World) accepts every
//! signature for them, where the filter asks it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

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

/// An odd number of 2048 bits. Nothing is computed with it, because the filter asks the proxy first.
const RSA_MODULUS: [u8; 256] = [0xff; 256];

/// The JWK for an algorithm. `None` if no signature of it can be assumed.
pub(super) fn jwk(algorithm: &str) -> Option<Value> {
    let point =
        |crv: &str, [x, y]: [&str; 2]| json!({"kty": "EC", "crv": crv, "x": hex(x), "y": hex(y)});
    match algorithm {
        "RS256" | "RS384" | "RS512" => {
            Some(json!({"kty": "RSA", "n": encode(&RSA_MODULUS), "e": "AQAB"}))
        }
        "ES256" => Some(point("P-256", P256)),
        "ES384" => Some(point("P-384", P384)),
        "EdDSA" => {
            let key = ed25519_dalek::SigningKey::from_bytes(&ED25519_SEED).verifying_key();
            Some(json!({"kty": "OKP", "crv": "Ed25519", "x": encode(key.as_bytes())}))
        }
        _ => None,
    }
}

/// Parts of the encodings of the public keys whose signatures the world accepts.
pub(super) fn accepted() -> Vec<Vec<u8>> {
    let ec = [P256, P384].map(|[x, y]| [decode(x), decode(y)].concat());
    std::iter::once(RSA_MODULUS.to_vec()).chain(ec).collect()
}

/// The signature of the assumed Ed25519 key.
pub(super) fn sign_ed25519(message: &[u8]) -> Vec<u8> {
    use ed25519_dalek::Signer;
    ed25519_dalek::SigningKey::from_bytes(&ED25519_SEED).sign(message).to_bytes().to_vec()
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
