//! A set of limits, and whose requests count together under it.

use crate::{client::Identity, headers::Headers, window::Limit};

/// Limits for one kind of request.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// At least one, shortest period first.
    pub(crate) limits: Vec<Limit>,
    pub(crate) identity: Identity,
    pub(crate) headers: Headers,
    /// The prefix of its policies' names. Empty for none.
    pub(crate) name: String,
}

/// The text that separates the counts of different limiters. It covers everything that gives a count
/// its meaning.
///
/// All proxies that share a Redis must derive the same keys, in every release: another text resets
/// all counts while proxies are updated one by one. Hence the fixed form, which is the `Debug` text
/// of older releases.
pub(crate) fn namespace(name: &str, limits: &[Limit], identity: &Identity) -> Vec<u8> {
    // The scope is part of each client's key.
    let Identity { parts, on_unresolved, .. } = identity;
    let identity = format!("Identity {{ parts: {parts:?}, otherwise: {on_unresolved:?} }}");
    format!("{name:?} {limits:?} {identity}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::Part::{Claim, Constant, Consumer, Credential, Header, Host, Ip, Path, Service},
        config::{OnUnresolved, Scope},
        window::Period,
    };

    #[test]
    fn namespace_text_is_the_same_in_every_release() {
        let limits = [(Period::Minute, 5), (Period::Seconds(90), 7), (Period::Month, 9)];
        let limits = limits.map(|(period, requests)| Limit { period, requests });
        let (header, claim) = (Header("x-client".to_owned()), Claim("org".to_owned()));
        let parts = vec![header, claim, Ip, Consumer, Credential, Service, Constant];
        let identity = Identity { parts, on_unresolved: OnUnresolved::Deny, scope: Scope::Global };
        let text = "\"api\" [Limit { period: Minute, requests: 5 }, \
                    Limit { period: Seconds(90), requests: 7 }, \
                    Limit { period: Month, requests: 9 }] \
                    Identity { parts: [Header(\"x-client\"), Claim(\"org\"), Ip, Consumer, \
                    Credential, Service, Constant], otherwise: Deny }";
        assert_eq!(String::from_utf8_lossy(&namespace("api", &limits, &identity)), text);
        let path = Identity {
            parts: vec![Path(b"/a".to_vec())],
            on_unresolved: OnUnresolved::Ip,
            scope: Scope::Global,
        };
        let text = "\"\" [Limit { period: Minute, requests: 5 }] \
                    Identity { parts: [Path([47, 97])], otherwise: Ip }";
        assert_eq!(String::from_utf8_lossy(&namespace("", &limits[..1], &path)), text);
        // Releases before `limit_by: host` counted the host byte for byte, as Header(":authority").
        let host =
            Identity { parts: vec![Host], on_unresolved: OnUnresolved::Ip, scope: Scope::Global };
        let text = "\"\" [Limit { period: Minute, requests: 5 }] \
                    Identity { parts: [Host], otherwise: Ip }";
        assert_eq!(String::from_utf8_lossy(&namespace("", &limits[..1], &host)), text);
    }
}
