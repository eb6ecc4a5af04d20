//! [`RequestHandling`]: the changes that a proxy makes to a request before it selects a route.

use super::{
    canonical_path::{canonical, with_merged_slashes, with_unescaped_slashes},
    matched_path::passed_on_by_traefik,
};

/// The settings of a connection manager of Envoy, or of Traefik, about paths, hosts and addresses. The
/// default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHandling {
    /// `path_with_escaped_slashes_action`.
    pub escaped_slashes: EscapedSlashes,
    /// `normalize_path`.
    pub normalizes_path: bool,
    /// `merge_slashes`.
    pub merges_slashes: bool,
    /// `strip_any_host_port` and `strip_matching_host_port`.
    pub strips_port: StripsPort,
    /// `strip_trailing_host_dot`.
    pub strips_dot: bool,
    /// Whether a path with a fragment is rejected.
    pub rejects_fragment: bool,
    /// Whether the proxy appends the peer's address to X-Forwarded-For: `use_remote_address` without
    /// `skip_xff_append`.
    pub appends_peer: bool,
    /// The changes of Traefik. `None` on other hosts.
    pub traefik: Option<TraefikPath>,
}

/// The changes that Traefik makes to paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraefikPath {
    /// `sanitizePath`.
    pub sanitizes: bool,
}

/// The action for a path with `%2F` or `%5C`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EscapedSlashes {
    /// Keeps them.
    #[default]
    Keep,
    /// The response is 400.
    Reject,
    /// The response is a redirect to the path without them.
    UnescapeAndRedirect,
    /// The request continues without them.
    Unescape,
}

/// The ports that Envoy removes from Host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StripsPort {
    /// None.
    #[default]
    No,
    /// Every port.
    Any,
    /// The port of the listener. `None` if it is not in the files.
    Of(Option<u16>),
}

/// The response of a proxy to a request that it accepts for no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400.
    BadPath,
    /// 307 to this path.
    Redirect(String),
}

impl RequestHandling {
    /// The request target that the proxy matches with its routes.
    ///
    /// # Errors
    /// If the proxy responds itself.
    pub(super) fn target(&self, target: &str) -> Result<String, Refusal> {
        if self.rejects_fragment && target.contains('#') {
            return Err(Refusal::BadPath);
        }
        let end = target.find('?').unwrap_or(target.len());
        let (path, query) = target.split_at(end);
        if let Some(traefik) = self.traefik {
            let path = passed_on_by_traefik(path, traefik.sanitizes).ok_or(Refusal::BadPath)?;
            return Ok(format!("{path}{query}"));
        }
        let mut path = path.as_bytes().to_vec();
        let mut redirects = false;
        let unescaped = with_unescaped_slashes(&path);
        if let Some(unescaped) = unescaped.filter(|_| self.escaped_slashes != EscapedSlashes::Keep)
        {
            if self.escaped_slashes == EscapedSlashes::Reject {
                return Err(Refusal::BadPath);
            }
            redirects = self.escaped_slashes == EscapedSlashes::UnescapeAndRedirect;
            path = unescaped;
        }
        if self.normalizes_path {
            path = canonical(&path).ok_or(Refusal::BadPath)?;
        }
        if self.merges_slashes {
            path = with_merged_slashes(&path);
        }
        let target = format!("{}{query}", String::from_utf8_lossy(&path));
        if redirects { Err(Refusal::Redirect(target)) } else { Ok(target) }
    }

    /// The host that the proxy matches with its domains.
    pub(super) fn host<'h>(&self, host: &'h str) -> &'h str {
        let (name, port) = split_port(host);
        let strips = match (self.strips_port, port) {
            (StripsPort::No, _) | (_, None) => false,
            (StripsPort::Any | StripsPort::Of(None), Some(_)) => true,
            (StripsPort::Of(Some(own)), Some(port)) => port.parse() == Ok(own),
        };
        let host = if strips { name } else { host };
        if self.strips_dot { host.strip_suffix('.').unwrap_or(host) } else { host }
    }
}

/// A host without its port, and the port.
pub(super) fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, Some(port))
        }
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> RequestHandling {
        RequestHandling {
            normalizes_path: true,
            merges_slashes: true,
            rejects_fragment: true,
            ..RequestHandling::default()
        }
    }

    #[test]
    fn settings_change_the_path_but_not_the_query() {
        assert_eq!(all().target("//a/../b//c?x=/../y"), Ok("/b/c?x=/../y".to_owned()));
        assert_eq!(RequestHandling::default().target("//a/../b"), Ok("//a/../b".to_owned()));
        assert_eq!(all().target("/a#b"), Err(Refusal::BadPath));
        assert_eq!(all().target("/a%00"), Err(Refusal::BadPath));
    }

    #[test]
    fn escaped_slashes_have_four_actions() {
        for (escaped_slashes, expected) in [
            (EscapedSlashes::Keep, Ok("/a%2f..%2fb".to_owned())),
            (EscapedSlashes::Reject, Err(Refusal::BadPath)),
            (EscapedSlashes::UnescapeAndRedirect, Err(Refusal::Redirect("/b".to_owned()))),
            (EscapedSlashes::Unescape, Ok("/b".to_owned())),
        ] {
            let handling = RequestHandling { escaped_slashes, ..all() };
            assert_eq!(handling.target("/a%2f..%2fb"), expected, "{escaped_slashes:?}");
        }
    }

    #[test]
    fn host_loses_its_port() {
        for (strips_port, host, expected) in [
            (StripsPort::No, "a.test:80", "a.test:80"),
            (StripsPort::Any, "a.test:80", "a.test"),
            (StripsPort::Any, "[::1]", "[::1]"),
            (StripsPort::Of(Some(80)), "a.test:80", "a.test"),
            (StripsPort::Of(Some(80)), "a.test:81", "a.test:81"),
        ] {
            let handling = RequestHandling { strips_port, ..RequestHandling::default() };
            assert_eq!(handling.host(host), expected);
        }
        let handling = RequestHandling { strips_dot: true, ..RequestHandling::default() };
        assert_eq!(handling.host("a.test."), "a.test");
    }
}
