//! The checks on the claims of a token with a verified signature.

use novasphere_core::{Json, UnixTime};

use crate::{
    decision::Refusal,
    rules::{denied::DeniedTokens, required::RequiredClaim, scope::Scopes},
    token::Token,
};

/// Rules for the registered claims (RFC 7519 section 4.1) and for the grants.
#[derive(Debug)]
pub(crate) struct ClaimRules {
    pub(crate) times: TimeRules,
    pub(crate) names: NameRules,
    pub(crate) denied: DeniedTokens,
    pub(crate) required: Vec<RequiredClaim>,
    pub(crate) scopes: Option<Scopes>,
}

/// Rules for `exp`, `nbf` and `iat`.
#[derive(Debug)]
pub(crate) struct TimeRules {
    pub(crate) requires_exp: bool,
    pub(crate) requires_nbf: bool,
    /// Whether `iat` is required and must not be in the future. Otherwise `iat` has no effect: RFC
    /// 7519 section 4.1.6 attaches no condition to it.
    pub(crate) checks_iat: bool,
    /// In seconds.
    pub(crate) leeway: f64,
    /// Maximum distance of `exp` from now, in seconds.
    pub(crate) maximum_expiration: Option<f64>,
}

/// Accepted values of claims and headers. `None` accepts any value and none.
#[derive(Debug)]
pub(crate) struct NameRules {
    /// Values of `typ`, without `application/`. See [`media_type`].
    pub(crate) types: Option<Vec<String>>,
    pub(crate) issuers: Option<Vec<String>>,
    pub(crate) audiences: Option<Vec<String>>,
    pub(crate) subjects: Option<Vec<String>>,
}

impl ClaimRules {
    /// Checks whether the token is valid, then whether its grants suffice (RFC 6750 section 3.1).
    pub(crate) fn check(&self, token: &Token<'_>, now: UnixTime) -> Result<(), Refusal> {
        self.times.check(&token.claims, now)?;
        self.names.check(token)?;
        self.check_grants(&token.claims)
    }

    fn check_grants(&self, claims: &Json) -> Result<(), Refusal> {
        if self.denied.contains(claims) {
            return Err(Refusal::Denied);
        }
        if !self.required.iter().all(|required| required.is_met_by(claims)) {
            return Err(Refusal::RequiredClaim);
        }
        if self.scopes.as_ref().is_some_and(|scopes| !scopes.are_granted_by(claims)) {
            return Err(Refusal::InsufficientScope);
        }
        Ok(())
    }
}

impl TimeRules {
    /// A token is valid from `nbf - leeway` until just before `exp + leeway`.
    ///
    /// The times are `f64`: exact to the millisecond for any time a clock gives, and free of
    /// overflow for any claim.
    fn check(&self, claims: &Json, now: UnixTime) -> Result<(), Refusal> {
        let now = now.millis as f64 / 1000.0;
        match numeric_date(claims, "exp")? {
            Some(exp) if now >= exp + self.leeway => return Err(Refusal::Expired),
            Some(exp) if self.maximum_expiration.is_some_and(|m| exp - now > m + self.leeway) => {
                return Err(Refusal::LifetimeTooLong);
            }
            None if self.requires_exp => return Err(Refusal::MissingClaim),
            _ => {}
        }
        match numeric_date(claims, "nbf")? {
            Some(nbf) if now < nbf - self.leeway => return Err(Refusal::NotYetValid),
            None if self.requires_nbf => return Err(Refusal::MissingClaim),
            _ => {}
        }
        match numeric_date(claims, "iat")? {
            Some(iat) if self.checks_iat && now < iat - self.leeway => Err(Refusal::IssuedInFuture),
            None if self.checks_iat => Err(Refusal::MissingClaim),
            _ => Ok(()),
        }
    }

    /// When [`check`](Self::check) accepts these claims, which it accepts now: start (inclusive) and
    /// end (exclusive), in milliseconds since the epoch. Without `exp`, the end is in an hour.
    pub(crate) fn validity(&self, claims: &Json, now: UnixTime) -> (u64, u64) {
        let date = |name| numeric_date(claims, name).ok().flatten();
        let millis = |seconds: f64| (seconds * 1000.0).clamp(0.0, MAX_EXACT);
        // Rounded towards now. A token within a millisecond of a limit is checked again.
        let from = [date("nbf"), date("iat").filter(|_| self.checks_iat)]
            .into_iter()
            .flatten()
            .map(|date| millis(date - self.leeway).ceil() as u64)
            .max();
        let until = date("exp").map(|exp| millis(exp + self.leeway).floor() as u64);
        let until = until.unwrap_or(now.millis.saturating_add(3_600_000));
        (from.unwrap_or(0), until)
    }
}

impl NameRules {
    fn check(&self, token: &Token<'_>) -> Result<(), Refusal> {
        let claims = &token.claims;
        let is_accepted = |list: &Option<Vec<String>>, claim: &str| {
            let text = claims.get(claim).and_then(Json::as_str);
            list.as_ref().is_none_or(|list| text.is_some_and(|t| list.iter().any(|k| k == t)))
        };
        if !is_accepted(&self.issuers, "iss") {
            return Err(Refusal::WrongIssuer);
        }
        if !is_accepted(&self.subjects, "sub") {
            return Err(Refusal::WrongSubject);
        }
        if let Some(audiences) = &self.audiences {
            let is_ours = |claim: &Json| {
                claim.as_str().is_some_and(|text| audiences.iter().any(|known| known == text))
            };
            // One string or an array of strings (RFC 7519 section 4.1.3).
            let has_ours = match claims.get("aud") {
                Some(Json::Array(items)) => items.iter().any(is_ours),
                Some(item) => is_ours(item),
                None => false,
            };
            if !has_ours {
                return Err(Refusal::WrongAudience);
            }
        }
        self.check_type(&token.header)
    }

    /// Prevents the use of one kind of token as another (RFC 8725 section 3.11).
    fn check_type(&self, header: &Json) -> Result<(), Refusal> {
        let Some(types) = &self.types else { return Ok(()) };
        let typ = header.get("typ").and_then(Json::as_str).map(media_type);
        let known = typ.is_some_and(|typ| types.iter().any(|t| t.eq_ignore_ascii_case(typ)));
        if known { Ok(()) } else { Err(Refusal::WrongType) }
    }
}

/// 2^53. Every whole `f64` up to this value is exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A `typ` without its optional prefix `application/`, in any case (RFC 7515 section 4.1.9).
pub(crate) fn media_type(typ: &str) -> &str {
    let prefix = typ.get(.."application/".len());
    let rest = typ.get("application/".len()..);
    prefix.filter(|prefix| prefix.eq_ignore_ascii_case("application/")).and(rest).unwrap_or(typ)
}

/// A NumericDate (RFC 7519 section 2): seconds, possibly with a fraction.
fn numeric_date(claims: &Json, name: &str) -> Result<Option<f64>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Number(number)) => number.as_f64().map(Some).ok_or(Refusal::MalformedClaim),
        Some(_) => Err(Refusal::MalformedClaim),
    }
}
