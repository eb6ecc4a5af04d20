//! [`HeaderMutation`]: one change to the head of a request or a response.

use std::borrow::Cow;

use crate::{HeaderName, http::name_tag::NameTag};

/// One change to the head of a request or a response. The filter guarantees that names and values
/// are valid: external values pass [`header_value`](crate::header_value) first.
///
/// ```
/// use novasphere_core::{HeaderMutation, HeaderName, Headers};
/// let user = HeaderName::from_static("x-user-id");
/// let mut headers = Headers::borrowed([(&b"X-User-Id"[..], &b"forged"[..]), (b"accept", b"*/*")]);
/// let mutations = [HeaderMutation::Set(&user, b"u-1".into())];
/// headers.apply(&mutations);
/// assert_eq!(headers.get_all("x-user-id").collect::<Vec<_>>(), [b"u-1"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderMutation<'f> {
    /// Replaces all lines of that name with one line.
    Set(&'f HeaderName, Cow<'f, [u8]>),
    /// Adds a line.
    Add(&'f HeaderName, Cow<'f, [u8]>),
    /// Removes all lines of that name. The name is `Cow::Owned` if it comes from the message.
    Remove(Cow<'f, HeaderName>),
    /// Replaces the request target (path and query). Requests only.
    Target(Vec<u8>),
}

impl<'f> HeaderMutation<'f> {
    /// Removes all lines of a name the filter owns.
    pub const fn remove(name: &'f HeaderName) -> Self {
        Self::Remove(Cow::Borrowed(name))
    }

    /// The name of the header it changes.
    pub fn name(&self) -> &str {
        match self {
            Self::Set(name, _) | Self::Add(name, _) => name.as_str(),
            Self::Remove(name) => name.as_str(),
            Self::Target(_) => ":path",
        }
    }

    /// The tag of the header it changes.
    pub(crate) fn tag(&self) -> NameTag {
        match self {
            Self::Set(name, _) | Self::Add(name, _) => name.tag(),
            Self::Remove(name) => name.tag(),
            Self::Target(_) => const { NameTag::of(b":path") },
        }
    }
}
