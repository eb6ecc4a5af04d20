//! The settings for a group of origins, one file per response header.

mod allow_headers;
mod allow_methods;
mod allow_origin;
mod name_list;

use novasphere_core::trace::{Label, Note};

use crate::origin::RequestOrigin;

pub(crate) use self::{
    allow_headers::{AllowHeaders, requested_headers},
    allow_methods::AllowMethods,
    allow_origin::{AllowOrigin, AllowOriginValue, AllowedOrigin},
    name_list::NameList,
};

/// The settings for a group of origins. The fields are named after the response headers.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) allow_origin: AllowOrigin,
    pub(crate) allow_credentials: bool,
    /// The field value. Empty for the safelisted headers only.
    pub(crate) expose_headers: String,
    pub(crate) allow_methods: AllowMethods,
    pub(crate) allow_headers: AllowHeaders,
    /// The field value, in seconds.
    pub(crate) max_age: Option<String>,
    pub(crate) allow_private_network: bool,
    /// The policy in the configuration, for notes: `policies[0].origins`.
    pub(crate) place: Label,
    /// The configured origins, for notes.
    pub(crate) origins: Label,
}

impl Policy {
    /// The note about the origin of a request. None for a request without one.
    pub(crate) fn notes(&self, origin: &RequestOrigin<'_>, is_allowed: bool) -> Vec<Note> {
        if matches!(origin, RequestOrigin::Absent) {
            return Vec::new();
        }
        let note = Note::new(self.place.as_str()).expected(self.origins.as_str());
        vec![note.found(origin.to_string()).matches(is_allowed).decides(is_allowed)]
    }
}
