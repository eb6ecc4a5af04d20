//! The fields that hold for a group of origins.

use novasphere_core::BuildContext;

use super::{
    PolicyConfig,
    names::{self, check_exposed_headers, check_headers, check_methods},
    origins,
};
use crate::{
    group::Group,
    names::Names,
    preflight::{AllowHeaders, Preflight},
};

/// More than any browser keeps the answer to a preflight, in seconds.
const LONGEST_MAX_AGE: u32 = 86_400;

/// Kong's default without TRACE and CONNECT, which no browser sends.
const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"];

impl PolicyConfig {
    /// Checks what is written here, at `at`, and what is taken over from `common`.
    pub(super) fn check(&self, at: &str, common: &PolicyConfig, cx: &mut BuildContext<'_>) {
        let credentials = self.credentials.or(common.credentials).unwrap_or(false);
        let written = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
        if self.methods.as_ref().is_some_and(Vec::is_empty) {
            let fault = "must not be empty: name the methods, or leave it out for all";
            cx.fault(format!("{at}methods"), fault);
        }
        check_methods(&format!("{at}methods"), &written(&self.methods), credentials, cx);
        check_headers(&format!("{at}headers"), &written(&self.headers), credentials, cx);
        let exposed = written(&self.exposed_headers);
        check_exposed_headers(&format!("{at}exposed_headers"), &exposed, credentials, cx);
        if self.credentials == Some(true) && common.credentials != Some(true) {
            self.check_taken_over(at, common, cx);
        }
        if let Some(seconds) = self.max_age.filter(|seconds| *seconds > LONGEST_MAX_AGE) {
            cx.warn(&format!(
                "{at}max_age: no browser keeps an answer for {seconds} seconds: Firefox caps it at \
                 {LONGEST_MAX_AGE}, Chromium at 7200, Safari at 600"
            ));
        }
    }

    /// A wildcard in `common` that stops being one here.
    fn check_taken_over(&self, at: &str, common: &PolicyConfig, cx: &mut BuildContext<'_>) {
        for (field, own, theirs) in [
            ("methods", &self.methods, &common.methods),
            ("headers", &self.headers, &common.headers),
            ("exposed_headers", &self.exposed_headers, &common.exposed_headers),
        ] {
            let is_wild = theirs.as_ref().is_some_and(|names| names.iter().any(|name| name == "*"));
            if own.is_none() && is_wild {
                cx.fault(format!("{at}{field}"), names::LITERAL_WILDCARD);
            }
        }
    }

    /// The fields set that say only what an upstream that answers preflights says itself.
    pub(super) fn preflight_fields(&self) -> impl Iterator<Item = &'static str> {
        [
            (self.methods.is_some(), "methods"),
            (self.headers.is_some(), "headers"),
            (self.max_age.is_some(), "max_age"),
        ]
        .into_iter()
        .filter_map(|(is_set, name)| is_set.then_some(name))
    }

    /// The same with what `common` says where this says nothing.
    pub(super) fn or(self, common: &PolicyConfig) -> Self {
        Self {
            methods: self.methods.or_else(|| common.methods.clone()),
            headers: self.headers.or_else(|| common.headers.clone()),
            exposed_headers: self.exposed_headers.or_else(|| common.exposed_headers.clone()),
            credentials: self.credentials.or(common.credentials),
            max_age: self.max_age.or(common.max_age),
            private_network: self.private_network.or(common.private_network),
            ..self
        }
    }

    /// The group, after those in `earlier`.
    pub(super) fn into_group(
        self,
        at: &str,
        earlier: &[Group],
        cx: &mut BuildContext<'_>,
    ) -> Group {
        let origins = origins::compile(&self, at, earlier, cx);
        let credentials = self.credentials.unwrap_or(false);
        let methods = self.methods.unwrap_or_else(|| METHODS.map(str::to_owned).into());
        Group {
            origins,
            credentials,
            exposed_headers: self.exposed_headers.unwrap_or_default().join(", "),
            preflight: Preflight {
                methods: Names::new(methods, credentials),
                headers: match self.headers {
                    Some(names) => AllowHeaders::Listed(Names::new(names, credentials)),
                    None => AllowHeaders::Requested,
                },
                max_age: self.max_age.map(|seconds| seconds.to_string()),
                private_network: self.private_network.unwrap_or(false),
            },
        }
    }
}
