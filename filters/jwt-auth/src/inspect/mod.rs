//! Facts about keys and tokens, for tools. The functions are the filter's own, so that a tool and the
//! filter give the same verdict.
//!
//! - `key`: keys and key sets;
//! - `token`: the keys that may have signed a token, and the filter's decision.

mod key;
mod token;

pub use self::{
    key::{InvalidKeyFact, KeyFacts, KeySetFacts, key_set, parse_jwk, parse_pem},
    token::{Candidate, CandidateSource, Fit, TokenDecision},
};
