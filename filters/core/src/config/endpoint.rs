//! Where something is that a policy has its host call.

/// A URL, taken apart.
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
    /// Takes apart `http(s)://authority/path`.
    pub fn parse(uri: &str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at_checked(at)?,
            None => (rest, "/"),
        };
        let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
        let fits = !authority.is_empty()
            && !authority.contains(['@', '?', '#'])
            && is_plain(authority)
            && is_plain(path)
            && !path.contains('#');
        fits.then(|| Self { https, authority: authority.to_owned(), path: path.to_owned() })
    }

    /// `host:port`, as one host's dispatch takes it.
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
    fn urls_are_taken_apart() {
        let parsed = |uri: &str| {
            let Endpoint { https, authority, path } = Endpoint::parse(uri)?;
            Some((https, authority, path))
        };
        let parts =
            |https, authority: &str, path: &str| Some((https, authority.into(), path.into()));
        assert_eq!(parsed("https://a.test"), parts(true, "a.test", "/"));
        assert_eq!(parsed("HTTP://a.test:8080/x?y"), parts(false, "a.test:8080", "/x?y"));
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
            assert_eq!(parsed(bad), None, "{bad}");
        }
        assert_eq!(Endpoint::parse("https://a.test").unwrap().host_and_port(), "a.test:443");
        assert_eq!(Endpoint::parse("http://a.test").unwrap().host_and_port(), "a.test:80");
        assert_eq!(Endpoint::parse("http://[::1]:81/").unwrap().host_and_port(), "[::1]:81");
        assert_eq!(Endpoint::parse("http://[::1]/").unwrap().host_and_port(), "[::1]:80");
    }
}
