//! Which headers a filter reads, and which mutations it can observe.

use crate::{HeaderMutation, Headers};

/// The part of a head a filter reads. Names are in lower case.
///
/// ```
/// use novasphere_core::HeaderInterest;
/// let cors = HeaderInterest::named(["origin", ":method"]);
/// let jwt_auth = HeaderInterest::named(["authorization", ":method"]);
/// let chain = HeaderInterest::union([&cors, &jwt_auth]);
/// assert_eq!(chain, HeaderInterest::named(["origin", ":method", "authorization"]));
/// assert_eq!(HeaderInterest::union([&cors, &HeaderInterest::All]), HeaderInterest::All);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HeaderInterest {
    /// Nothing. The filter gets an empty head.
    #[default]
    None,
    /// The first line of each of these distinct names. The head may contain other lines. Cheaper
    /// than [`All`](Self::All) for one or two names.
    Named(Vec<String>),
    /// All lines if the head has a line of one of these names, otherwise nothing. For rare headers.
    AllIfAny(Vec<String>),
    /// All lines, in one read.
    All,
}

impl HeaderInterest {
    /// Interest in `names`, without duplicates: [`None`](Self::None) if `names` is empty.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        match distinct(names) {
            names if names.is_empty() => Self::None,
            names => Self::Named(names),
        }
    }

    /// Interest in all lines of a head that has one of `names`: [`None`](Self::None) if `names` is
    /// empty.
    pub fn all_if_any<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        match distinct(names) {
            names if names.is_empty() => Self::None,
            names => Self::AllIfAny(names),
        }
    }

    /// The smallest interest that covers all of `interests`.
    pub fn union<'i>(interests: impl IntoIterator<Item = &'i HeaderInterest>) -> Self {
        interests.into_iter().fold(Self::None, |union, interest| match (union, interest) {
            (union, Self::None) => union,
            (Self::None, interest) => interest.clone(),
            (Self::Named(known), Self::Named(names)) => Self::Named(merged(known, names)),
            (Self::AllIfAny(known), Self::AllIfAny(names)) => Self::AllIfAny(merged(known, names)),
            _ => Self::All,
        })
    }

    /// Whether a filter with this interest can observe `mutations` of a head with these `headers`.
    pub fn observes(&self, mutations: &[HeaderMutation<'_>], headers: &Headers<'_>) -> bool {
        let changed = |names: &[String]| {
            mutations.iter().any(|mutation| names.iter().any(|name| name == mutation.name()))
        };
        !mutations.is_empty()
            && match self {
                Self::None => false,
                Self::Named(names) => changed(names),
                Self::AllIfAny(names) => {
                    changed(names) || names.iter().any(|name| headers.contains(name))
                }
                Self::All => true,
            }
    }
}

fn distinct<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    // Lists are short: a scan needs less code than a set.
    for name in names {
        if !distinct.iter().any(|known| known == name) {
            distinct.push(name.to_owned());
        }
    }
    distinct
}

fn merged(known: Vec<String>, names: &[String]) -> Vec<String> {
    distinct(known.iter().chain(names).map(String::as_str))
}
