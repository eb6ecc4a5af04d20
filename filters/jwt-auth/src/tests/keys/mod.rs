mod credential;
mod key_set;
pub(super) mod vectors;
