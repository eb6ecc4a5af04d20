//! What the sender of a refused request gets.

use std::borrow::Cow;

use novasphere_core::{ErrorBody, HeaderName, LocalResponse, ProblemDetails};

use crate::headers::{Lines, decimal};

static CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");
pub(crate) static RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

/// Of gRPC's status codes, what a client over its limit gets whatever `error_code` says: it retries
/// others.
const RESOURCE_EXHAUSTED: u8 = 8;

/// Makes the answers.
#[derive(Debug)]
pub(crate) struct Answers {
    /// Of a request over a limit.
    pub(crate) error_code: u16,
    /// The inside of a JSON string.
    pub(crate) error_message: String,
    pub(crate) body: ErrorBody,
}

impl Answers {
    /// To a request over a limit; `policies` are the names of those without room.
    pub(crate) fn limited<'f>(
        &'f self,
        lines: Lines<'f>,
        policies: &[String],
    ) -> LocalResponse<'f> {
        let quoted: Vec<String> = policies.iter().map(|name| format!("\"{name}\"")).collect();
        let response = self.response(
            lines,
            &ProblemDetails {
                status: self.error_code,
                // The type and title that draft-ietf-httpapi-ratelimit-headers registers.
                kind: "https://iana.org/assignments/http-problem-types#quota-exceeded",
                title: "Request cannot be satisfied as assigned quota has been exceeded",
                detail: Some(&self.error_message),
                members: &format!(",\"violated-policies\":[{}]", quoted.join(",")),
            },
        );
        LocalResponse { grpc_status: Some(RESOURCE_EXHAUSTED), ..response }
    }

    /// To a client that may not come at all.
    pub(crate) fn forbidden(&self) -> LocalResponse<'_> {
        self.plain(403, "Forbidden")
    }

    /// To a path that is one rule's to some servers and another's to others.
    pub(crate) fn ambiguous(&self) -> LocalResponse<'_> {
        self.plain(400, "Bad Request")
    }

    /// When the proxy's shared data failed.
    pub(crate) fn failed(&self) -> LocalResponse<'_> {
        self.plain(500, "Internal Server Error")
    }

    /// When Redis fails, and nobody may pass uncounted; it is tried again in so many seconds.
    pub(crate) fn unavailable(&self, seconds: u32) -> LocalResponse<'_> {
        let (title, kind) = ("Service Unavailable", "about:blank");
        let problem = ProblemDetails { status: 503, kind, title, detail: None, members: "" };
        self.response(vec![(&RETRY_AFTER, decimal(seconds))], &problem)
    }

    fn plain(&self, status: u16, title: &'static str) -> LocalResponse<'_> {
        let problem =
            ProblemDetails { status, kind: "about:blank", title, detail: None, members: "" };
        self.response(Vec::new(), &problem)
    }

    fn response<'f>(
        &'f self,
        mut lines: Lines<'f>,
        problem: &ProblemDetails<'_>,
    ) -> LocalResponse<'f> {
        let (content_type, body) = self.body.render(problem);
        lines.push((&CONTENT_TYPE, Cow::Borrowed(content_type)));
        LocalResponse {
            status: problem.status,
            headers: lines,
            body: Cow::Owned(body.into_bytes()),
            grpc_status: None,
        }
    }
}
