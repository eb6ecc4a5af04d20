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

    /// Checks the name of an upstream as the host knows it: a cluster name, or `host:port`.
    ///
    /// # Errors
    /// The fault of the field. It does not quote the name, because users put a URL here by mistake.
    pub fn check_upstream(name: &str) -> Result<(), &'static str> {
        if name.is_empty() {
            return Err("must not be empty");
        }
        if looks_like_url(name) {
            return Err("must be the name of an upstream, such as a cluster or host:port, not a \
                        URL: a URL belongs in uri");
        }
        Ok(())
    }

    /// Checks an issuer. Messages quote issuers, so they must not contain secrets.
    ///
    /// # Errors
    /// The fault of the field, if the issuer is a URL with user information, a query or a fragment,
    /// which OpenID Connect Discovery 1.0 section 3 forbids. It does not quote the issuer. An
    /// issuer that is not a URL, such as the address of a service account, may contain any
    /// character.
    pub fn check_issuer(issuer: &str) -> Result<(), &'static str> {
        if issuer.split_once("://").is_some_and(|(_, rest)| rest.contains(['@', '?', '#'])) {
            return Err("must not have user information, a query or a fragment: write it \
                        exactly as in the iss of its tokens, such as https://issuer.example");
        }
        Ok(())
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

/// Whether a string may be a URL, or the authority of one with user information.
fn looks_like_url(text: &str) -> bool {
    text.contains("://") || text.contains('@')
}

/// Whether a string may have user information or a query. Messages do not quote it.
pub fn may_have_secrets(text: &str) -> bool {
    let query = text.split_once("://").is_some_and(|(_, rest)| rest.contains(['?', '#']));
    query || text.contains('@')
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
    fn upstream_is_not_a_url() {
        for name in ["redis", "redis.test:8379", "outbound|443||id.example", "route/a/rule/0"] {
            assert_eq!(Endpoint::check_upstream(name), Ok(()), "{name}");
        }
        for url in ["", "https://id.example/keys", "user:password@redis:8379"] {
            assert!(Endpoint::check_upstream(url).is_err(), "{url}");
        }
    }

    #[test]
    fn issuer_has_no_user_information() {
        for issuer in ["https://id.example/a", "accounts.google.com", "robot@project.example"] {
            assert_eq!(Endpoint::check_issuer(issuer), Ok(()), "{issuer}");
        }
        for url in ["https://u:p@id.example", "https://id.example?a", "https://id.example/#a"] {
            assert!(Endpoint::check_issuer(url).is_err(), "{url}");
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
