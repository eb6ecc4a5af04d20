//! The responses to rejected requests.

use std::borrow::Cow;

use novasphere_core::{ErrorBody, HeaderName, LocalResponse, ProblemDetails};

use crate::headers::{Lines, retry_after_line};

static CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// The gRPC status of a request over a limit, whatever `error_code` is. Clients retry on others.
const RESOURCE_EXHAUSTED: u8 = 8;

/// The size of the longest message in bytes, except that for a request over a limit.
pub(crate) const MAX_TITLE_BYTES: usize = "Internal Server Error".len();

/// The configured form of local responses.
#[derive(Debug)]
pub(crate) struct LocalResponses {
    /// The status of a request over a limit.
    pub(crate) error_code: u16,
    /// The text of that response.
    pub(crate) error_message: String,
    /// The text, escaped for a JSON string.
    pub(crate) escaped_message: String,
    pub(crate) body: ErrorBody,
}

impl LocalResponses {
    /// For a request over a limit. `policies` are the names of the exhausted policies.
    pub(crate) fn limited<'f>(
        &'f self,
        lines: Lines<'f>,
        policies: &[String],
    ) -> Box<LocalResponse<'f>> {
        let quoted: Vec<String> = policies.iter().map(|name| format!("\"{name}\"")).collect();
        let mut response = self.response(
            lines,
            &ProblemDetails {
                status: self.error_code,
                // The type and title that draft-ietf-httpapi-ratelimit-headers registers.
                kind: "https://iana.org/assignments/http-problem-types#quota-exceeded",
                title: "Request cannot be satisfied as assigned quota has been exceeded",
                detail: Some(&self.escaped_message),
                members: &format!(",\"violated-policies\":[{}]", quoted.join(",")),
            },
            &self.error_message,
        );
        response.grpc_status = Some(RESOURCE_EXHAUSTED);
        response.rate_limited = true;
        response
    }

    /// For a client on the deny list, and for an unknown client with `on_unresolved: deny`.
    pub(crate) fn forbidden(&self) -> Box<LocalResponse<'_>> {
        self.plain(403, "Forbidden")
    }

    /// For a path, or lines of a header, that servers could match to different rules.
    pub(crate) fn ambiguous(&self) -> Box<LocalResponse<'_>> {
        self.plain(400, "Bad Request")
    }

    /// For a failure of the proxy's shared data.
    pub(crate) fn shared_data_failed(&self) -> Box<LocalResponse<'_>> {
        self.plain(500, "Internal Server Error")
    }

    /// For a failure of Redis with `on_error: deny`. Calls resume after `seconds`.
    pub(crate) fn redis_unavailable(&self, seconds: u32) -> Box<LocalResponse<'_>> {
        let (title, kind) = ("Service Unavailable", "about:blank");
        let problem = ProblemDetails { status: 503, kind, title, detail: None, members: "" };
        self.response(vec![retry_after_line(seconds)], &problem, title)
    }

    fn plain(&self, status: u16, title: &'static str) -> Box<LocalResponse<'_>> {
        let problem =
            ProblemDetails { status, kind: "about:blank", title, detail: None, members: "" };
        self.response(Vec::new(), &problem, title)
    }

    fn response<'f>(
        &'f self,
        mut lines: Lines<'f>,
        problem: &ProblemDetails<'_>,
        message: &'f str,
    ) -> Box<LocalResponse<'f>> {
        let (content_type, body) = self.body.render(problem);
        lines.push((&CONTENT_TYPE, Cow::Borrowed(content_type)));
        Box::new(LocalResponse {
            status: problem.status,
            headers: lines,
            body: Cow::Owned(body.into_bytes()),
            grpc_status: None,
            message: Cow::Borrowed(message),
            rate_limited: false,
        })
    }
}
