//! Which requests need a token, and which verified tokens are acceptable.

pub(crate) mod claims;
pub(crate) mod denied;
pub(crate) mod requests;
pub(crate) mod required;
pub(crate) mod requirements;
pub(crate) mod scope;
