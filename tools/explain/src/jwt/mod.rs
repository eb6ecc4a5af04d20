//! Tokens and keys: their content, and the verdict of the jwt-auth filter.
//!
//! - `decode`: the content of a token;
//! - `date`: times in words;
//! - `examine`: the keys that may have signed a token, and the filter's decision;
//! - `thumbprint`: names of keys;
//! - `worker`: a worker of a proxy without requests.

mod date;
mod decode;
mod examine;
mod thumbprint;
mod worker;

pub use novasphere_jwt_auth::inspect::{
    Fit, InvalidKeyFact, KeyFacts, KeySetFacts, TokenDecision, key_set, parse_jwk, parse_pem,
};

pub use self::{
    date::{describe_time, utc},
    decode::{DecodedToken, Part, decode},
    examine::{Examination, Examiner, KeyMatch, KeySetText},
    thumbprint::thumbprint,
};
