//! [`Endpoint`]: the URL of a request that the host makes for a filter.

/// The parts of an `http` or `https` URL.
///
/// ```
/// use novasphere_core::Endpoint;
/// let endpoint = Endpoint::parse("https://id.example/keys?v=1").unwrap();
/// assert_eq!(endpoint.authority, "id.example");
/// assert_eq!(endpoint.path, "/keys?v=1");
/// assert_eq!(endpoint.host_and_port(), "id.example:443");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether to use TLS.
    pub https: bool,
    /// `host` or `host:port`.
    pub authority: String,
    /// Path and query.
    pub path: String,
}

impl Endpoint {
    /// Parses `http(s)://authority/path`. Rejects user information and fragments.
    pub fn parse(uri: &str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at_checked(slash)?,
            None => (rest, "/"),
        };
        let is_visible = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
        let is_valid = !authority.is_empty()
            && !authority.contains(['@', '?', '#'])
            && is_visible(authority)
            && is_visible(path)
            && !path.contains('#');
        is_valid.then(|| Self { https, authority: authority.to_owned(), path: path.to_owned() })
    }

    /// The fault of a field whose text [`parse`](Self::parse) rejects. It does not quote the text,
    /// which may contain a password.
    pub fn fault(example: &str) -> String {
        format!("expected a URL such as {example}, without user information or a fragment")
    }

    /// `host:port`, with the scheme's default port if the URL has none.
    pub fn host_and_port(&self) -> String {
        let has_port = self
            .authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
        match has_port {
            true => self.authority.clone(),
            false => format!("{}:{}", self.authority, if self.https { 443 } else { 80 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_urls() {
        let parsed = |uri: &str| {
            let Endpoint { https, authority, path } = Endpoint::parse(uri)?;
            Some((https, authority, path))
        };
        let parts =
            |https, authority: &str, path: &str| Some((https, authority.into(), path.into()));
        assert_eq!(parsed("https://a.test"), parts(true, "a.test", "/"));
        assert_eq!(parsed("HTTP://a.test:8080/x?y"), parts(false, "a.test:8080", "/x?y"));
    }

    #[test]
    fn rejects_other_urls() {
        for bad in [
            "",
            "a.test/x",
            "ftp://a.test/",
            "https:///x",
            "https://u@a/",
            "https://a/x#f",
            "https://a/ b",
            "https://a?x",
        ] {
            assert_eq!(Endpoint::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn adds_the_default_port() {
        let host_and_port = |uri: &str| Endpoint::parse(uri).unwrap().host_and_port();
        assert_eq!(host_and_port("https://a.test"), "a.test:443");
        assert_eq!(host_and_port("http://a.test"), "a.test:80");
        assert_eq!(host_and_port("http://[::1]:81/"), "[::1]:81");
        assert_eq!(host_and_port("http://[::1]/"), "[::1]:80");
    }
}
