//! The messages of Envoy's foreign function `verify_signature`. It supports RSA with PKCS#1 v1.5
//! padding, and ECDSA with DER signatures. Keys are in DER.

use novasphere_core::Hash;

use super::protobuf::{Field, Payload, fields, push_bytes};

/// The function's name.
pub(crate) const NAME: &str = "verify_signature";

/// `message VerifySignatureArguments { string hash_function = 1; bytes public_key = 2;
/// bytes signature = 3; bytes text = 4; }`
pub(crate) fn arguments(
    hash: Hash,
    public_key: &[u8],
    signature: &[u8],
    message: &[u8],
) -> Vec<u8> {
    let hash: &[u8] = match hash {
        Hash::Sha256 => b"sha256",
        Hash::Sha384 => b"sha384",
        Hash::Sha512 => b"sha512",
    };
    let mut arguments = Vec::new();
    for (number, content) in (1..).zip([hash, public_key, signature, message]) {
        push_bytes(&mut arguments, number, content);
    }
    arguments
}

/// `message VerifySignatureResult { bool result = 1; string error = 2; }`. A result of true alone
/// means valid, an error alone means invalid. `None` for any other message.
pub(crate) fn verdict(result: &[u8]) -> Option<bool> {
    let fields: Vec<_> = fields(result).collect::<Option<_>>()?;
    match fields.as_slice() {
        [Field { number: 1, payload: Payload::Varint(1) }] => Some(true),
        [Field { number: 2, payload: Payload::Bytes(error) }] if !error.is_empty() => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_the_arguments() {
        let long = [b'm'; 200];
        let mut expected = b"\x0a\x06sha384\x12\x03key\x1a\x03sig\x22\xc8\x01".to_vec();
        expected.extend(long);
        assert_eq!(arguments(Hash::Sha384, b"key", b"sig", &long), expected);
    }

    #[test]
    fn accepts_only_an_explicit_verdict() {
        assert_eq!(verdict(b"\x08\x01"), Some(true));
        assert_eq!(verdict(b"\x12\x03bad"), Some(false));
        for unclear in [
            &b""[..],
            b"\x08",
            b"\x08\x00",
            b"\x08\x02",
            b"\x08\x81\x80",
            b"\x08\x01\x12\x03bad",
            b"\x08\x01\x08\x01",
            b"\x08\x01\x18\x01",
            b"\x08\x01\x12\x00",
            b"\x09\x01\0\0\0\0\0\0\0",
            b"\x0a\x01\x01",
            b"\x10\x01",
            b"\x12\x00",
            b"\x12\x09bad",
            b"true",
        ] {
            assert_eq!(verdict(unclear), None, "{unclear:?}");
        }
    }
}
