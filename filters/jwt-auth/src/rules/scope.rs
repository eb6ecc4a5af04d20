//! Scopes: the permissions a token grants (RFC 6749 section 3.3).

use novasphere_core::{Json, trace::Note};

use crate::{
    decision::Refusal,
    rejection::{Rejection, claim_excerpt, excerpts},
};

/// The claims with the scopes of a token.
const CLAIMS: [&str; 2] = ["scope", "scp"];

/// Scopes a token must have.
#[derive(Clone, Debug)]
pub(crate) struct Scopes {
    all_of: Vec<String>,
    any_of: Vec<String>,
}

impl Scopes {
    /// Requires every scope of `all_of` and, unless `any_of` is empty, one scope of `any_of`.
    pub(crate) fn new(all_of: Vec<String>, any_of: Vec<String>) -> Self {
        Self { all_of, any_of }
    }

    /// Checks that the claims `scope` (RFC 8693 section 4.2) and `scp` (Azure AD, Okta) grant the
    /// scopes. Each may be a string with spaces or an array.
    pub(crate) fn check(&self, claims: &Json) -> Result<(), Rejection> {
        let is_granted = |required: &&String| is_granted(claims, required);
        let missing: Vec<&str> =
            self.all_of.iter().filter(|scope| !is_granted(scope)).map(String::as_str).collect();
        let any_of = self.any_of.iter().map(String::as_str);
        let expected = if !missing.is_empty() {
            format!("also {}", excerpts(missing))
        } else if self.any_of.is_empty() || self.any_of.iter().any(|scope| is_granted(&scope)) {
            return Ok(());
        } else {
            format!("one of {}", excerpts(any_of))
        };
        let found = CLAIMS.iter().find(|name| claims.get(name).is_some()).unwrap_or(&"scope");
        let found = format!("{found} {}", claim_excerpt(claims.get(found)));
        Err(Refusal::InsufficientScope.found(found).expected(expected))
    }

    /// The note about scopes that suffice.
    pub(crate) fn describe(&self, note: Note, claims: &Json) -> Note {
        let mut expected = excerpts(self.all_of.iter().map(String::as_str));
        if !self.any_of.is_empty() {
            let and = if expected.is_empty() { "" } else { " and " };
            let any_of = excerpts(self.any_of.iter().map(String::as_str));
            expected = format!("{expected}{and}one of {any_of}");
        }
        let found = CLAIMS.iter().filter_map(|name| {
            let claim = claims.get(name)?;
            Some(format!("{name} {}", claim_excerpt(Some(claim))))
        });
        note.expected(expected).found(found.collect::<Vec<_>>().join(", "))
    }

    /// Whether every token with these scopes has the `other` scopes.
    pub(crate) fn imply(&self, other: &Self) -> bool {
        // A single alternative is a required scope.
        let single = |scopes: &Self, scope: &String| scopes.any_of == [scope.clone()];
        let has = |scope: &String| self.all_of.contains(scope) || single(self, scope);
        let has_any = || {
            other.any_of.iter().any(has)
                || !self.any_of.is_empty()
                    && self.any_of.iter().all(|scope| other.any_of.contains(scope))
        };
        other.all_of.iter().all(has) && (other.any_of.is_empty() || has_any())
    }

    /// The `scope` attribute of a challenge (RFC 6750 section 3): all scopes named here.
    pub(crate) fn challenge_attribute(&self) -> String {
        let scopes: Vec<&str> = self.all_of.iter().chain(&self.any_of).map(|s| &**s).collect();
        scopes.join(" ")
    }
}

fn is_granted(claims: &Json, required: &str) -> bool {
    CLAIMS.iter().any(|name| match claims.get(name) {
        Some(Json::String(text)) => text.split(' ').any(|scope| scope == required),
        Some(Json::Array(items)) => items.iter().any(|item| item.as_str() == Some(required)),
        _ => false,
    })
}

/// Whether `scope` is a `scope-token`: printable ASCII without space, `"` and `\`. It needs no
/// escape in a quoted string.
pub(crate) fn is_scope_token(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(all_of: &str, any_of: &str) -> Scopes {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Scopes::new(list(all_of), list(any_of))
    }

    fn sets() -> Vec<(&'static str, &'static str)> {
        let lists = ["", "a", "b", "a b", "a b c"];
        lists.iter().flat_map(|all| lists.iter().map(|any| (*all, *any))).collect()
    }

    /// Compares with every token that has some of the scopes.
    #[test]
    fn scopes_imply_others_if_every_token_shows_it() {
        for (all, any) in sets() {
            for (other_all, other_any) in sets() {
                let (these, others) = (scopes(all, any), scopes(other_all, other_any));
                let tokens = ["", "a", "b", "c", "a b", "a c", "b c", "a b c"].map(|granted| {
                    Json::parse(format!(r#"{{"scope": "{granted}"}}"#).as_bytes()).unwrap()
                });
                let implied = tokens
                    .iter()
                    .all(|token| others.check(token).is_ok() || these.check(token).is_err());
                let case = format!("{all}|{any} and {other_all}|{other_any}");
                assert_eq!(these.imply(&others), implied, "{case}");
            }
        }
    }
}
