//! Why a string is not a public key in PEM.

use std::fmt;

/// Why a string is not a public key in PEM (RFC 7468). The messages do not quote it, because it may
/// be a private key or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidPem {
    Empty,
    /// A JSON Web Key.
    Jwk,
    /// A public key in the format of OpenSSH (RFC 4253 section 6.6) or of RFC 4716.
    Ssh,
    /// Base64 of DER, without the lines around it.
    Base64Only,
    /// Another text without a BEGIN line.
    NoBegin,
    /// A BEGIN line that does not end in five dashes.
    IncompleteBegin,
    /// A BEGIN line without an END line.
    NoEnd,
    /// BEGIN and END line have different labels.
    Labels,
    /// The text between BEGIN and END line is not base64.
    NotBase64,
    /// More than one block.
    SeveralBlocks,
    /// A block of another kind.
    Label,
    /// A certificate request.
    Request,
    /// A private key.
    Private,
}

impl fmt::Display for InvalidPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "must not be empty",
            Self::Jwk => "is a JSON Web Key, not PEM; put it into jwk, as an object",
            Self::Ssh => "is a key in SSH format; convert it: ssh-keygen -e -m PKCS8 -f key.pub",
            Self::Base64Only => {
                "is base64 without PEM lines; put -----BEGIN PUBLIC KEY----- before it and \
                 -----END PUBLIC KEY----- after it"
            }
            Self::NoBegin => {
                "has no line -----BEGIN PUBLIC KEY-----; expected PEM text (RFC 7468) with one \
                 block: PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE"
            }
            Self::IncompleteBegin => {
                "has an incomplete BEGIN line; it needs five dashes at both ends, as in \
                 -----BEGIN PUBLIC KEY-----"
            }
            Self::NoEnd => {
                "has a BEGIN line without its END line, such as -----END PUBLIC KEY-----; the end \
                 of the text may be missing"
            }
            Self::Labels => {
                "has different labels in its BEGIN and END lines, or an END line without five \
                 dashes at its end"
            }
            Self::NotBase64 => "has text that is not base64 between its BEGIN and END lines",
            Self::SeveralBlocks => {
                "has more than one PEM block; for a certificate chain, give only the first certificate"
            }
            Self::Label => "must be a PEM block of type PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE",
            Self::Request => {
                "is a certificate request; give the certificate or the public key instead"
            }
            Self::Private => "is a private key; give the public key instead",
        })
    }
}

impl std::error::Error for InvalidPem {}
