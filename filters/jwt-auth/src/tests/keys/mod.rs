mod credential;
mod ed25519;
mod fetched;
mod key_set;
mod pem;
mod rsa;
mod selection;
mod set_selection;
pub(super) mod vectors;
