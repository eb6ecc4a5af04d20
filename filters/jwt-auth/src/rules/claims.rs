//! What a signed token must say for itself.

use novasphere_core::{BuildContext, Json, UnixTime};

use crate::{
    config::{Config, TimeClaim},
    decision::Refusal,
    rules::denied::DeniedTokens,
    rules::required::{RequiredClaim, required_claims},
    rules::scope::Scopes,
    token::Token,
};

/// In seconds.
const MAX_LEEWAY: u32 = 3600;
/// In seconds: a year, as in Kong.
const MAX_EXPIRATION: u32 = 31_536_000;

/// Rules for the registered claims (RFC 7519 section 4.1), and for those that grant something.
#[derive(Debug)]
pub(crate) struct ClaimRules {
    exp_required: bool,
    nbf_required: bool,
    /// Required, and not in the future. Otherwise nothing follows from it: RFC 7519 section 4.1.6
    /// makes it no condition.
    iat_counts: bool,
    /// In seconds.
    leeway: f64,
    /// How far ahead `exp` may be, in seconds.
    maximum_expiration: Option<f64>,
    /// Values of `typ`, without `application/`.
    types: Option<Vec<String>>,
    issuers: Option<Vec<String>>,
    audiences: Option<Vec<String>>,
    subjects: Option<Vec<String>>,
    denied: DeniedTokens,
    required: Vec<RequiredClaim>,
    scopes: Option<Scopes>,
}

impl ClaimRules {
    pub fn new(config: &Config, cx: &mut BuildContext<'_>) -> Self {
        let (leeway, maximum) = (config.leeway, config.maximum_expiration);
        let exp_required = config.claims_to_verify.contains(&TimeClaim::Exp);
        if leeway > MAX_LEEWAY {
            cx.fault("leeway", format!("must be at most {MAX_LEEWAY} seconds, not {leeway}"));
        }
        if maximum > MAX_EXPIRATION {
            let message = format!("must be at most {MAX_EXPIRATION} seconds, not {maximum}");
            cx.fault("maximum_expiration", message);
        }
        if maximum > 0 && !exp_required {
            cx.fault("maximum_expiration", "needs \"exp\" in claims_to_verify");
        }
        let list = |field: &Option<Vec<String>>, path: &str, cx: &mut BuildContext<'_>| {
            if field.as_ref().is_some_and(Vec::is_empty) {
                cx.fault(path, "is empty: no token could be right; leave it out to accept any");
            }
            field.clone()
        };
        Self {
            exp_required,
            nbf_required: config.claims_to_verify.contains(&TimeClaim::Nbf),
            leeway: leeway.into(),
            iat_counts: config.claims_to_verify.contains(&TimeClaim::Iat),
            maximum_expiration: (maximum > 0).then_some(maximum.into()),
            types: list(&config.typ, "typ", cx)
                .map(|types| types.iter().map(|typ| media_type(typ).to_owned()).collect()),
            issuers: list(&config.issuers, "issuers", cx),
            audiences: list(&config.audiences, "audiences", cx),
            subjects: list(&config.subjects, "subjects", cx),
            denied: DeniedTokens::new(config, cx),
            required: required_claims(config, cx),
            scopes: Scopes::new(config, cx),
        }
    }

    /// The `scope` attribute of a challenge.
    pub fn scope_attribute(&self) -> Option<String> {
        self.scopes.as_ref().map(Scopes::attribute)
    }

    /// Checks a token whose signature is verified: first whether it is good, then whether for this
    /// (RFC 6750 section 3.1).
    pub fn check(&self, token: &Token<'_>, now: UnixTime) -> Result<(), Refusal> {
        self.check_time(&token.claims, now)?;
        self.check_names(token)?;
        self.check_grants(&token.claims)
    }

    /// From when until just before when, in milliseconds since the epoch, the verdict on these
    /// claims stays what it is now: good. Without `exp`, an hour.
    pub fn validity(&self, claims: &Json, now: UnixTime) -> (u64, u64) {
        let date = |name| numeric_date(claims, name).ok().flatten();
        let millis = |seconds: f64| (seconds * 1000.0).clamp(0.0, MAX_EXACT);
        // Rounded towards now: what is a millisecond off is checked anew.
        let from = [date("nbf"), date("iat").filter(|_| self.iat_counts)]
            .into_iter()
            .flatten()
            .map(|date| millis(date - self.leeway).ceil() as u64)
            .max();
        let until = date("exp").map(|exp| millis(exp + self.leeway).floor() as u64);
        let until = until.unwrap_or(now.millis.saturating_add(3_600_000));
        (from.unwrap_or(0), until)
    }

    /// Who issued it, for whom, to whom, and what kind of token it is.
    fn check_names(&self, token: &Token<'_>) -> Result<(), Refusal> {
        let claims = &token.claims;
        let known = |list: &Option<Vec<String>>, claim: &str| {
            let text = claims.get(claim).and_then(Json::as_str);
            list.as_ref().is_none_or(|list| text.is_some_and(|t| list.iter().any(|k| k == t)))
        };
        if !known(&self.issuers, "iss") {
            return Err(Refusal::WrongIssuer);
        }
        if !known(&self.subjects, "sub") {
            return Err(Refusal::WrongSubject);
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
        self.check_type(&token.header)
    }

    /// Kinds of token are not to be mixed up (RFC 8725 section 3.11).
    fn check_type(&self, header: &Json) -> Result<(), Refusal> {
        let Some(types) = &self.types else { return Ok(()) };
        let typ = header.get("typ").and_then(Json::as_str).map(media_type);
        let known = typ.is_some_and(|typ| types.iter().any(|t| t.eq_ignore_ascii_case(typ)));
        if known { Ok(()) } else { Err(Refusal::WrongType) }
    }

    fn check_grants(&self, claims: &Json) -> Result<(), Refusal> {
        if self.denied.has(claims) {
            return Err(Refusal::Denied);
        }
        if !self.required.iter().all(|required| required.holds(claims)) {
            return Err(Refusal::RequiredClaim);
        }
        if self.scopes.as_ref().is_some_and(|scopes| !scopes.granted_by(claims)) {
            return Err(Refusal::InsufficientScope);
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
            Some(nbf) if now < nbf - self.leeway => return Err(Refusal::NotYetValid),
            None if self.nbf_required => return Err(Refusal::MissingClaim),
            _ => {}
        }
        match numeric_date(claims, "iat")? {
            Some(iat) if self.iat_counts && now < iat - self.leeway => Err(Refusal::IssuedInFuture),
            None if self.iat_counts => Err(Refusal::MissingClaim),
            _ => Ok(()),
        }
    }
}

/// 2^53: up to here every whole double is exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A `typ`, which may leave `application/` out, in any case (RFC 7515 section 4.1.9).
fn media_type(typ: &str) -> &str {
    let prefix = typ.get(.."application/".len());
    let rest = typ.get("application/".len()..);
    prefix.filter(|prefix| prefix.eq_ignore_ascii_case("application/")).and(rest).unwrap_or(typ)
}

/// A NumericDate (RFC 7519 section 2): seconds, maybe fractional.
fn numeric_date(claims: &Json, name: &str) -> Result<Option<f64>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Number(number)) => number.as_f64().map(Some).ok_or(Refusal::MalformedClaim),
        Some(_) => Err(Refusal::MalformedClaim),
    }
}
