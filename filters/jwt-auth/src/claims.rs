//! What a signed token must say for itself.

use novasphere_core::{ConfigErrors, Json, UnixTime};

use crate::{
    config::{Config, TimeClaim},
    refusal::Refusal,
};

/// In seconds.
const MAX_LEEWAY: u32 = 3600;
/// In seconds: a year, as in Kong.
const MAX_EXPIRATION: u32 = 31_536_000;

/// Rules for the registered claims (RFC 7519 section 4.1).
#[derive(Debug)]
pub(crate) struct ClaimRules {
    exp_required: bool,
    nbf_required: bool,
    /// In seconds.
    leeway: f64,
    /// How far ahead `exp` may be, in seconds.
    maximum_expiration: Option<f64>,
    issuers: Option<Vec<String>>,
    audiences: Option<Vec<String>>,
}

impl ClaimRules {
    pub fn new(config: &Config, errors: &mut ConfigErrors) -> Self {
        let (leeway, maximum) = (config.leeway, config.maximum_expiration);
        let exp_required = config.claims_to_verify.contains(&TimeClaim::Exp);
        if leeway > MAX_LEEWAY {
            errors.add("leeway", format!("must be at most {MAX_LEEWAY} seconds, not {leeway}"));
        }
        if maximum > MAX_EXPIRATION {
            let message = format!("must be at most {MAX_EXPIRATION} seconds, not {maximum}");
            errors.add("maximum_expiration", message);
        }
        if maximum > 0 && !exp_required {
            errors.add("maximum_expiration", "needs \"exp\" in claims_to_verify");
        }
        let list = |field: &Option<Vec<String>>, path: &str, errors: &mut ConfigErrors| {
            if field.as_ref().is_some_and(Vec::is_empty) {
                errors.add(path, "is empty: no token could be right; leave it out to accept any");
            }
            field.clone()
        };
        Self {
            exp_required,
            nbf_required: config.claims_to_verify.contains(&TimeClaim::Nbf),
            leeway: leeway.into(),
            maximum_expiration: (maximum > 0).then_some(maximum.into()),
            issuers: list(&config.issuers, "issuers", errors),
            audiences: list(&config.audiences, "audiences", errors),
        }
    }

    /// Checks the claims of a token whose signature is verified.
    pub fn check(&self, claims: &Json, now: UnixTime) -> Result<(), Refusal> {
        self.check_time(claims, now)?;
        if let Some(issuers) = &self.issuers {
            let issuer = claims.get("iss").and_then(Json::as_str);
            if !issuer.is_some_and(|issuer| issuers.iter().any(|known| known == issuer)) {
                return Err(Refusal::WrongIssuer);
            }
        }
        if let Some(audiences) = &self.audiences {
            let ours = |claim: &Json| {
                claim.as_str().is_some_and(|text| audiences.iter().any(|known| known == text))
            };
            // One string or an array of them (RFC 7519 section 4.1.3).
            let named = match claims.get("aud") {
                Some(Json::Array(items)) => items.iter().any(ours),
                Some(item) => ours(item),
                None => false,
            };
            if !named {
                return Err(Refusal::WrongAudience);
            }
        }
        Ok(())
    }

    /// Valid from `nbf - leeway` until just before `exp + leeway`. In f64, exact to the millisecond
    /// for any time a clock gives, and without overflow whatever a token says.
    fn check_time(&self, claims: &Json, now: UnixTime) -> Result<(), Refusal> {
        let now = now.millis as f64 / 1000.0;
        match numeric_date(claims, "exp")? {
            Some(exp) if now >= exp + self.leeway => return Err(Refusal::Expired),
            Some(exp) if self.maximum_expiration.is_some_and(|m| exp - now > m + self.leeway) => {
                return Err(Refusal::LifetimeTooLong);
            }
            None if self.exp_required => return Err(Refusal::MissingClaim),
            _ => {}
        }
        match numeric_date(claims, "nbf")? {
            Some(nbf) if now < nbf - self.leeway => Err(Refusal::NotYetValid),
            None if self.nbf_required => Err(Refusal::MissingClaim),
            _ => Ok(()),
        }
    }
}

/// A NumericDate (RFC 7519 section 2): seconds, maybe fractional.
fn numeric_date(claims: &Json, name: &str) -> Result<Option<f64>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Number(number)) => number.as_f64().map(Some).ok_or(Refusal::MalformedClaim),
        Some(_) => Err(Refusal::MalformedClaim),
    }
}
