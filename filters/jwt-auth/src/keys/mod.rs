//! Keys: their formats, their selection for a token, and the verification of signatures.

pub(crate) mod credential;
pub(crate) mod document;
pub(crate) mod host_first;
pub(crate) mod invalid_key;
pub(crate) mod invalid_pem;
pub(crate) mod jwk;
pub(crate) mod key;
pub(crate) mod key_set;
pub(crate) mod pem;
pub(crate) mod public_key;
pub(crate) mod remote;
pub(crate) mod rsa;
pub(crate) mod tries;
pub(crate) mod verifier;
