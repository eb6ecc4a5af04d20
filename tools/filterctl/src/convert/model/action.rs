//! [`Action`]: what a route does with its requests.

/// What a route does with its requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// Forwards them to the service.
    #[default]
    Forward,
    /// Rejects them: the route of the input cannot be converted. Without this route, a wider one
    /// would match its requests.
    Block,
    /// Sends a fixed response.
    Respond(Response),
    /// Redirects the client.
    Redirect(Redirect),
}

/// A fixed response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: i64,
    /// The body. Often empty.
    pub body: String,
}

impl Response {
    /// The response to a blocked request.
    pub fn blocked() -> Self {
        Self { status: 503, body: "This route is blocked.\n".to_owned() }
    }
}

/// A redirect. A part that is `None` is that of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// `http` or `https`.
    pub scheme: Option<String>,
    /// The host name.
    pub host: Option<String>,
    /// The port.
    pub port: Option<i64>,
    /// The path.
    pub path: Option<NewPath>,
    /// The status code.
    pub status: i64,
    /// Whether the location has no query.
    pub strip_query: bool,
}

/// The path of a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPath {
    /// This path.
    Full(String),
    /// The path of the request, with this text instead of the part that the route matches.
    Prefix(String),
}
