//! Which headers a filter reads, and which mutations it can observe.

use std::ops::Deref;

use crate::{
    HeaderMutation, Headers,
    http::name_tag::{NameTag, TagSet},
};

/// The part of a head a filter reads. Names are in lower case.
///
/// ```
/// use novasphere_core::HeaderInterest;
/// let cors = HeaderInterest::named(["origin", ":method"]);
/// let jwt_auth = HeaderInterest::named(["authorization", ":method"]);
/// let chain = HeaderInterest::union([&cors, &jwt_auth]);
/// assert_eq!(chain, HeaderInterest::named(["origin", ":method", "authorization"]));
/// assert_eq!(HeaderInterest::union([&cors, &HeaderInterest::All]), HeaderInterest::All);
/// let rate_limit = HeaderInterest::every_line(["x-forwarded-for"]);
/// let chain = HeaderInterest::union([&cors, &rate_limit]);
/// assert_eq!(chain, HeaderInterest::every_line(["origin", ":method", "x-forwarded-for"]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HeaderInterest {
    /// Nothing. The filter gets an empty head.
    #[default]
    None,
    /// The first line of each of these names. The head may contain other lines. Cheaper than
    /// [`All`](Self::All) for one or two names.
    Named(Names),
    /// Every line of each of these names. The head may contain other lines.
    EveryLine(Names),
    /// All lines if the head has a line of one of these names, otherwise nothing. For rare headers.
    AllIfAny(Names),
    /// All lines, in one read.
    All,
}

/// Distinct header names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    names: Vec<String>,
    tags: TagSet,
}

impl Deref for Names {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.names
    }
}

impl<'n> FromIterator<&'n str> for Names {
    fn from_iter<I: IntoIterator<Item = &'n str>>(all: I) -> Self {
        let mut distinct = Self::default();
        for name in all {
            // Lists are short: a scan needs less code than a set.
            let tag = NameTag::of(name.as_bytes());
            if !distinct.have(tag, name) {
                distinct.tags.insert(tag);
                distinct.names.push(name.to_owned());
            }
        }
        distinct
    }
}

impl Names {
    fn have(&self, tag: NameTag, name: &str) -> bool {
        self.tags.may_contain(tag) && self.names.iter().any(|known| known == name)
    }

    /// Whether one of `mutations` changes a header of these names.
    fn are_changed(&self, mutations: &[HeaderMutation<'_>]) -> bool {
        mutations.iter().any(|mutation| self.have(mutation.tag(), mutation.name()))
    }

    fn merged(&self, others: &Self) -> Self {
        self.iter().chain(others.iter()).map(String::as_str).collect()
    }
}

impl HeaderInterest {
    /// Interest in the first lines of `names`: [`None`](Self::None) if `names` is empty.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self::of(names, Self::Named)
    }

    /// Interest in every line of `names`: [`None`](Self::None) if `names` is empty.
    pub fn every_line<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self::of(names, Self::EveryLine)
    }

    /// Interest in all lines of a head that has one of `names`: [`None`](Self::None) if `names` is
    /// empty.
    pub fn all_if_any<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self::of(names, Self::AllIfAny)
    }

    fn of<'n>(names: impl IntoIterator<Item = &'n str>, interest: fn(Names) -> Self) -> Self {
        let names: Names = names.into_iter().collect();
        if names.is_empty() { Self::None } else { interest(names) }
    }

    /// The smallest interest that covers all of `interests`.
    pub fn union<'i>(interests: impl IntoIterator<Item = &'i HeaderInterest>) -> Self {
        interests.into_iter().fold(Self::None, |union, interest| match (union, interest) {
            (union, Self::None) => union,
            (Self::None, interest) => interest.clone(),
            (Self::Named(known), Self::Named(names)) => Self::Named(known.merged(names)),
            (Self::AllIfAny(known), Self::AllIfAny(names)) => Self::AllIfAny(known.merged(names)),
            (
                Self::Named(known) | Self::EveryLine(known),
                Self::Named(names) | Self::EveryLine(names),
            ) => Self::EveryLine(known.merged(names)),
            _ => Self::All,
        })
    }

    /// Whether a filter with this interest can observe `mutations` of a head with these `headers`.
    pub fn observes(&self, mutations: &[HeaderMutation<'_>], headers: &Headers<'_>) -> bool {
        !mutations.is_empty()
            && match self {
                Self::None => false,
                Self::Named(names) | Self::EveryLine(names) => names.are_changed(mutations),
                Self::AllIfAny(names) => {
                    names.are_changed(mutations) || names.iter().any(|name| headers.contains(name))
                }
                Self::All => true,
            }
    }
}
