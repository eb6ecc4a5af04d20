//! The requests that are sent to every source.

use std::net::IpAddr;

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub host: &'static str,
    pub path: &'static str,
    pub method: &'static str,
    /// The consumer whose token it has.
    pub token: Option<&'static str>,
    pub address: &'static str,
}

/// How many times each request is sent, to reach limits.
pub const SENT: usize = 4;

pub const HOSTS: [&str; 4] = ["a.io", "x.a.io", "z.a.io", "z.io"];
pub const PATHS: [&str; 5] = ["/", "/a", "/a/b", "/ab", "/a/1"];
pub const METHODS: [&str; 2] = ["GET", "POST"];
pub const CONSUMERS: [&str; 3] = ["anna", "otto", "eva"];
pub const ADDRESSES: [&str; 2] = ["10.0.0.1", "192.0.2.1"];

/// All combinations.
pub fn all() -> impl Iterator<Item = Sent> {
    let tokens = [None, Some("anna"), Some("otto"), Some("eva")];
    HOSTS.into_iter().flat_map(move |host| {
        PATHS.into_iter().flat_map(move |path| {
            METHODS.into_iter().flat_map(move |method| {
                tokens.into_iter().flat_map(move |token| {
                    let sent = move |address| Sent { host, path, method, token, address };
                    ADDRESSES.into_iter().map(sent)
                })
            })
        })
    })
}

impl Sent {
    pub fn ip(&self) -> IpAddr {
        self.address.parse().unwrap()
    }

    /// Whether the address is in `10.0.0.0/8`.
    pub fn is_internal(&self) -> bool {
        self.address.starts_with("10.")
    }
}

/// Whether a host name, `*.a.io` or `z.*` covers a host.
pub fn covers(pattern: &str, host: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => host.ends_with(end),
        (_, Some(start)) => host.starts_with(start),
        _ => pattern == host,
    }
}
