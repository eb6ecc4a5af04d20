//! Lists of methods or header names, ready to send.

/// Names, and the field value that lists them.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    members: Vec<String>,
    text: String,
    /// Whether a `*` among them stands for all names.
    wild: bool,
}

impl Names {
    /// With credentials a `*` is a name like any other (Fetch standard, "CORS protocol and
    /// credentials").
    pub(crate) fn new(members: Vec<String>, credentials: bool) -> Self {
        let text = members.join(", ");
        let wild = !credentials && members.iter().any(|member| member == "*");
        Self { members, text, wild }
    }

    /// The field value; empty for no names.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Whether a page may use this method; browsers let it use the first three anyway (Fetch
    /// standard, "CORS-safelisted method").
    pub(crate) fn allow_method(&self, method: &[u8]) -> bool {
        self.wild
            || matches!(method, b"GET" | b"HEAD" | b"POST")
            || self.members.iter().any(|member| member.as_bytes() == method)
    }

    /// Whether a page may send this header. `*` leaves out one (Fetch standard, "CORS
    /// non-wildcard request-header name").
    pub(crate) fn allow_header(&self, name: &[u8]) -> bool {
        (self.wild && !name.eq_ignore_ascii_case(b"authorization"))
            || self.members.iter().any(|member| member.as_bytes().eq_ignore_ascii_case(name))
    }
}
