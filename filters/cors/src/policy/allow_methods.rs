//! `Access-Control-Allow-Methods`.

use super::name_list::NameList;

/// The methods a page may use.
#[derive(Clone, Debug)]
pub(crate) struct AllowMethods(NameList);

impl AllowMethods {
    pub(crate) fn new(methods: NameList) -> Self {
        Self(methods)
    }

    /// The field value.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether a page may use this method. Browsers always allow GET, HEAD and POST (Fetch standard,
    /// "CORS-safelisted method").
    pub(crate) fn allows(&self, method: &[u8]) -> bool {
        self.0.is_wild()
            || matches!(method, b"GET" | b"HEAD" | b"POST")
            || self.0.names().any(|name| name == method)
    }
}
