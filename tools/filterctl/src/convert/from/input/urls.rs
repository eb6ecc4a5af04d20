//! URLs of upstream services.

use crate::convert::model::{Scheme, Service};

/// The parts of a URL. User information, which is a credential, is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The protocol.
    pub scheme: Scheme,
    /// The host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path without a slash at its end.
    pub path: String,
}

impl Url {
    /// Parses a URL. `None` if it is not HTTP.
    pub fn parse(url: &str) -> Option<Self> {
        let (protocol, rest) = url.split_once("://")?;
        let scheme = scheme(protocol)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = rest.get(..end)?.rsplit('@').next()?;
        let path = rest.get(end..)?.split(['?', '#']).next()?;
        let (host, port) = split_port(authority, scheme.default_port())?;
        let path = path.trim_end_matches('/').to_owned();
        (!host.is_empty()).then_some(Self { scheme, host, port, path })
    }

    /// The service at this URL.
    pub fn service(&self, name: &str) -> Service {
        let mut service = Service::new(name, self.scheme, &self.host, self.port);
        service.base_path.clone_from(&self.path);
        service
    }
}

/// The protocol by its name in Kong and Traefik.
pub fn scheme(protocol: &str) -> Option<Scheme> {
    Some(match protocol {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        "grpc" | "h2c" => Scheme::H2c,
        "grpcs" => Scheme::H2,
        _ => return None,
    })
}

/// `host:port`, with brackets around an IPv6 address.
pub fn split_port(text: &str, default: u16) -> Option<(String, u16)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        let port = rest.strip_prefix(':').map_or(Some(default), |port| port.parse().ok())?;
        return Some((host.to_owned(), port));
    }
    match text.split_once(':') {
        Some((host, port)) => Some((host.to_owned(), port.parse().ok()?)),
        None => Some((text.to_owned(), default)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_urls() {
        let url = Url::parse("https://user:password@api.io/base/?x=1").unwrap();
        let expected = ("api.io", 443, "/base");
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), expected);
        assert_eq!(Url::parse("http://[::1]:8080").unwrap().host, "::1");
        assert_eq!(Url::parse("tcp://a"), None);
    }
}
