//! The checks on the claims of a token with a verified signature.

use novasphere_core::{Json, UnixTime, trace::Note};

use crate::{
    decision::Refusal,
    rejection::{Rejection, claim_excerpt, excerpts, note_check},
    rules::{denied::DeniedTokens, required::RequiredClaim, requirements::Requirements},
    token::Token,
};

/// Rules for the registered claims (RFC 7519 section 4.1) and for the grants, for all requests.
#[derive(Debug)]
pub(crate) struct ClaimRules {
    pub(crate) times: TimeRules,
    pub(crate) names: NameRules,
    pub(crate) denied: DeniedTokens,
    pub(crate) required: Vec<RequiredClaim>,
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
    pub(crate) subjects: Option<Vec<String>>,
}

impl ClaimRules {
    /// Checks whether the token is valid, then whether its grants suffice (RFC 6750 section 3.1).
    pub(crate) fn check(
        &self,
        token: &Token<'_>,
        requirements: &Requirements,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        self.times.check(&token.claims, now)?;
        self.names.check(token, requirements)?;
        let denied = self.denied.check(&token.claims);
        if !self.denied.is_empty() {
            note_check("denied_tokens", &denied, |note| note.found("not denied"));
        }
        denied?;
        for required in self.required.iter().chain(&requirements.required) {
            let result = required.check(&token.claims);
            note_check(&required.entry, &result, |note| required.describe(note, &token.claims));
            result?;
        }
        let Some(scopes) = &requirements.scopes else { return Ok(()) };
        let result = scopes.check(&token.claims);
        note_check("scopes", &result, |note| scopes.describe(note, &token.claims));
        result
    }
}

impl TimeRules {
    /// A token is valid from `nbf - leeway` until just before `exp + leeway`.
    ///
    /// The times are `f64`: exact to the millisecond for any time a clock gives, and free of
    /// overflow for any claim.
    fn check(&self, claims: &Json, now: UnixTime) -> Result<(), Rejection> {
        let exp = self.check_exp(claims, now);
        note_check("claim exp", &exp, |note| self.describe(note, "exp", claims, now));
        exp?;
        let nbf = self.check_nbf(claims, now);
        note_check("claim nbf", &nbf, |note| self.describe(note, "nbf", claims, now));
        nbf?;
        let iat = self.check_iat(claims, now);
        note_check("claim iat", &iat, |note| self.describe(note, "iat", claims, now));
        iat
    }

    fn check_exp(&self, claims: &Json, time: UnixTime) -> Result<(), Rejection> {
        let now = seconds(time);
        match numeric_date(claims, "exp")? {
            Some(exp) if now >= exp + self.leeway => {
                let end = format!("a time before {}", (exp + self.leeway) as i64);
                Err(reject(Refusal::Expired, "exp", claims, time).expected(end))
            }
            Some(exp) if self.maximum_expiration.is_some_and(|m| exp - now > m + self.leeway) => {
                let maximum = now + self.maximum_expiration.unwrap_or_default() + self.leeway;
                let latest = format!("at most {}", maximum as i64);
                Err(reject(Refusal::LifetimeTooLong, "exp", claims, time).expected(latest))
            }
            None if self.requires_exp => Err(missing("exp")),
            _ => Ok(()),
        }
    }

    fn check_nbf(&self, claims: &Json, time: UnixTime) -> Result<(), Rejection> {
        match numeric_date(claims, "nbf")? {
            Some(nbf) if seconds(time) < nbf - self.leeway => {
                let start = format!("a time from {}", (nbf - self.leeway) as i64);
                Err(reject(Refusal::NotYetValid, "nbf", claims, time).expected(start))
            }
            None if self.requires_nbf => Err(missing("nbf")),
            _ => Ok(()),
        }
    }

    fn check_iat(&self, claims: &Json, time: UnixTime) -> Result<(), Rejection> {
        match numeric_date(claims, "iat")? {
            Some(iat) if self.checks_iat && seconds(time) < iat - self.leeway => {
                let start = format!("a time from {}", (iat - self.leeway) as i64);
                Err(reject(Refusal::IssuedInFuture, "iat", claims, time).expected(start))
            }
            None if self.checks_iat => Err(missing("iat")),
            _ => Ok(()),
        }
    }

    /// The note about a claim that passed.
    fn describe(&self, note: Note, name: &str, claims: &Json, now: UnixTime) -> Note {
        let (moment, is_required) = match name {
            "exp" => ("after the time", self.requires_exp),
            "nbf" => ("not after the time", self.requires_nbf),
            _ if self.checks_iat => ("not after the time", true),
            _ => ("a number", false),
        };
        let required = if is_required { "required" } else { "optional" };
        let found = format!("{name} {}", claim_excerpt(claims.get(name)));
        let time = now.seconds();
        note.expected(format!("{required}, {moment}, leeway {} s", self.leeway))
            .found(format!("{found}, the time is {time}"))
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
    fn check(&self, token: &Token<'_>, requirements: &Requirements) -> Result<(), Rejection> {
        let claims = &token.claims;
        let Requirements { issuers, audiences, .. } = requirements;
        let iss = check_accepted(issuers.as_deref(), "iss", claims, Refusal::WrongIssuer);
        note_accepted("issuers", "iss", issuers.as_deref(), claims, &iss);
        iss?;
        let sub = check_accepted(self.subjects.as_deref(), "sub", claims, Refusal::WrongSubject);
        note_accepted("subjects", "sub", self.subjects.as_deref(), claims, &sub);
        sub?;
        let aud = check_audience(audiences.as_deref(), claims);
        note_accepted("audiences", "aud", audiences.as_deref(), claims, &aud);
        aud?;
        let typ = self.check_type(&token.header);
        note_accepted("typ", "typ", self.types.as_deref(), &token.header, &typ);
        typ
    }

    /// Prevents the use of one kind of token as another (RFC 8725 section 3.11).
    fn check_type(&self, header: &Json) -> Result<(), Rejection> {
        let Some(types) = &self.types else { return Ok(()) };
        let typ = header.get("typ");
        let text = typ.and_then(Json::as_str).map(media_type);
        let is_known = text.is_some_and(|text| types.iter().any(|t| t.eq_ignore_ascii_case(text)));
        if is_known { Ok(()) } else { Err(unaccepted(Refusal::WrongType, "typ", typ, types)) }
    }
}

/// Notes the result of comparing a member with the accepted values of a field.
#[inline(always)]
fn note_accepted(
    field: &str,
    name: &str,
    accepted: Option<&[String]>,
    members: &Json,
    result: &Result<(), Rejection>,
) {
    let Some(accepted) = accepted else { return };
    note_check(field, result, |note| {
        let note = note.found(format!("{name} {}", claim_excerpt(members.get(name))));
        note.expected(excerpts(accepted.iter().map(String::as_str)))
    });
}

/// The rejection of a claim with a time.
fn reject(refusal: Refusal, name: &str, claims: &Json, now: UnixTime) -> Rejection {
    let (claim, time) = (claim_excerpt(claims.get(name)), now.seconds());
    refusal.found(format!("{name} {claim}, the time is {time}"))
}

fn missing(name: &str) -> Rejection {
    Refusal::MissingClaim.found(format!("{name} is missing"))
}

/// The time in seconds.
fn seconds(time: UnixTime) -> f64 {
    time.millis as f64 / 1000.0
}

/// Checks that the claim `name` is one of the `accepted` texts. `None` accepts any value.
fn check_accepted(
    accepted: Option<&[String]>,
    name: &str,
    claims: &Json,
    refusal: Refusal,
) -> Result<(), Rejection> {
    let Some(accepted) = accepted else { return Ok(()) };
    let claim = claims.get(name);
    let text = claim.and_then(Json::as_str);
    let is_known = text.is_some_and(|text| accepted.iter().any(|known| known == text));
    if is_known { Ok(()) } else { Err(unaccepted(refusal, name, claim, accepted)) }
}

fn check_audience(audiences: Option<&[String]>, claims: &Json) -> Result<(), Rejection> {
    let Some(audiences) = audiences else { return Ok(()) };
    let is_ours = |claim: &Json| {
        claim.as_str().is_some_and(|text| audiences.iter().any(|known| known == text))
    };
    let audience = claims.get("aud");
    // One string or an array of strings (RFC 7519 section 4.1.3).
    let has_ours = match audience {
        Some(Json::Array(items)) => items.iter().any(is_ours),
        Some(item) => is_ours(item),
        None => false,
    };
    if has_ours {
        Ok(())
    } else {
        Err(unaccepted(Refusal::WrongAudience, "aud", audience, audiences))
    }
}

fn unaccepted(
    refusal: Refusal,
    name: &str,
    found: Option<&Json>,
    accepted: &[String],
) -> Rejection {
    let found = format!("{name} {}", claim_excerpt(found));
    refusal.found(found).expected(excerpts(accepted.iter().map(String::as_str)))
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
fn numeric_date(claims: &Json, name: &str) -> Result<Option<f64>, Rejection> {
    let malformed = |claim| {
        let found = format!("{name} {}", claim_excerpt(Some(claim)));
        Refusal::MalformedClaim.found(found).expected("a number of seconds")
    };
    match claims.get(name) {
        None => Ok(None),
        Some(claim @ Json::Number(number)) => {
            number.as_f64().map(Some).ok_or_else(|| malformed(claim))
        }
        Some(claim) => Err(malformed(claim)),
    }
}
