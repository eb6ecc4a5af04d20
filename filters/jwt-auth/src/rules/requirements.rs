//! The requirements for the token of a request: the checks that a rule can change.

use super::{required::RequiredClaim, scope::Scopes};

/// The checks that the filter or one of its rules requires.
#[derive(Debug, Default)]
pub(crate) struct Requirements {
    /// Accepted values of `iss`. `None` accepts any value and none.
    pub(crate) issuers: Option<Vec<String>>,
    /// Accepted values of `aud`. `None` accepts any value and none.
    pub(crate) audiences: Option<Vec<String>>,
    /// In addition to the filter's.
    pub(crate) required: Vec<RequiredClaim>,
    pub(crate) scopes: Option<Scopes>,
    /// Whether a request without a token passes.
    pub(crate) optional: bool,
    /// Whether a rejected request passes.
    pub(crate) report_only: bool,
    /// A bit that identifies these requirements in the cache.
    pub(crate) bit: u64,
}

impl Requirements {
    /// Whether these requirements reject every request that `other` rejects.
    pub(crate) fn are_as_strict_as(&self, other: &Self) -> bool {
        if other.report_only || self.report_only {
            return other.report_only;
        }
        is_narrower(self.issuers.as_deref(), other.issuers.as_deref())
            && is_narrower(self.audiences.as_deref(), other.audiences.as_deref())
            // Not compared. Repeated tests are rare.
            && other.required.is_empty()
            && other.scopes.as_ref().is_none_or(|other| {
                self.scopes.as_ref().is_some_and(|scopes| scopes.imply(other))
            })
            && (other.optional || !self.optional)
    }
}

/// Whether `list` accepts no value that `other` does not. `None` accepts any.
fn is_narrower(list: Option<&[String]>, other: Option<&[String]>) -> bool {
    other
        .is_none_or(|other| list.is_some_and(|list| list.iter().all(|value| other.contains(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(values: &[&str]) -> Option<Vec<String>> {
        Some(values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn lists_with_fewer_values_are_as_strict() {
        let strict = |list: Option<Vec<String>>, other: Option<Vec<String>>| {
            let audiences = |audiences| Requirements { audiences, ..Requirements::default() };
            let issuers = |issuers| Requirements { issuers, ..Requirements::default() };
            let by_issuer = issuers(list.clone()).are_as_strict_as(&issuers(other.clone()));
            assert_eq!(by_issuer, audiences(list).are_as_strict_as(&audiences(other)));
            by_issuer
        };
        assert!(strict(None, None) && strict(list(&["a"]), None));
        assert!(strict(list(&["a"]), list(&["a", "b"])) && strict(list(&["a"]), list(&["a"])));
        assert!(!strict(None, list(&["a"])) && !strict(list(&["a", "c"]), list(&["a", "b"])));
    }

    #[test]
    fn optional_and_report_only_are_less_strict() {
        let plain = Requirements::default();
        for loose in [
            Requirements { optional: true, ..Requirements::default() },
            Requirements { report_only: true, ..Requirements::default() },
        ] {
            assert!(plain.are_as_strict_as(&loose) && !loose.are_as_strict_as(&plain));
            assert!(loose.are_as_strict_as(&loose));
        }
    }
}
