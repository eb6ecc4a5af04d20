//! An independent model of `origins`. It splits an origin into scheme, labels and port, fills in
//! default ports, and compares the parts.

use std::fmt;

use proptest::prelude::*;

/// An entry of `origins`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// `*`, sent as `*`.
    Any,
    /// `*`, sent as the request's origin.
    Reflected,
    /// `null`
    Null,
    /// Scheme, labels before the domain, domain, port.
    Named { scheme: &'static str, depth: Depth, domain: &'static str, port: Port },
    /// `~scheme://[a-z0-9]+\.domain`
    Pattern { scheme: &'static str, domain: &'static str },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    Nothing,
    One,
    OneOrMore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    Default,
    Any,
    Is(u16),
}

const SCHEMES: [&str; 3] = ["https", "http", "app"];
const DOMAINS: [&str; 4] = ["novasphere.io", "app.novasphere.io", "a.test", "localhost"];
const PORTS: [u16; 4] = [443, 80, 8443, 1];

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Any | Entry::Reflected => f.write_str("*"),
            Entry::Null => f.write_str("null"),
            Entry::Pattern { scheme, domain } => {
                write!(f, "~{scheme}://[a-z0-9]+\\.{}", domain.replace('.', "\\."))
            }
            Entry::Named { scheme, depth, domain, port } => {
                let wildcard = match depth {
                    Depth::Nothing => "",
                    Depth::One => "*.",
                    Depth::OneOrMore => "**.",
                };
                write!(f, "{scheme}://{wildcard}{domain}")?;
                match port {
                    Port::Default => Ok(()),
                    Port::Any => f.write_str(":*"),
                    Port::Is(port) => write!(f, ":{port}"),
                }
            }
        }
    }
}

impl Entry {
    pub(super) fn allows(&self, origin: &[u8]) -> bool {
        if *self == Entry::Null {
            return origin == b"null";
        }
        let Some(Parts { scheme, labels, port }) = Parts::of(origin) else { return false };
        match self {
            Entry::Any | Entry::Reflected => true,
            Entry::Null => false,
            Entry::Pattern { scheme: wanted, domain } => {
                let Some((first, rest)) = labels.split_first() else { return false };
                scheme == *wanted
                    && port == default_port(&scheme)
                    && rest.join(".") == *domain
                    && first.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            }
            Entry::Named { scheme: wanted, depth, domain, port: wanted_port } => {
                let domain: Vec<&str> = domain.split('.').collect();
                let extra = labels.len().checked_sub(domain.len());
                let is_port = match wanted_port {
                    Port::Any => true,
                    Port::Default => port == default_port(wanted),
                    Port::Is(wanted) => port == Some(*wanted),
                };
                let is_depth = match (depth, extra) {
                    (Depth::Nothing, extra) => extra == Some(0),
                    (Depth::One, extra) => extra == Some(1),
                    (Depth::OneOrMore, extra) => extra.is_some_and(|extra| extra > 0),
                };
                scheme == *wanted
                    && is_port
                    && is_depth
                    && labels.iter().rev().zip(domain.iter().rev()).all(|(a, b)| a == b)
            }
        }
    }
}

/// The parts of an origin, in lower case.
struct Parts {
    scheme: String,
    labels: Vec<String>,
    port: Option<u16>,
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    }
}

impl Parts {
    fn of(origin: &[u8]) -> Option<Self> {
        let text = String::from_utf8(origin.to_vec()).ok()?.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_owned();
        let mut letters = scheme.chars();
        let starts = letters.next()?.is_ascii_lowercase();
        if !starts || !letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            return None;
        }
        let parts: Vec<&str> = rest.split(':').collect();
        let (host, port) = match parts.as_slice() {
            [host] => (*host, default_port(&scheme)),
            [host, digits] => {
                let number = digits.parse::<u16>().ok()?;
                // Numbers have one canonical form.
                if number == 0 || number.to_string() != *digits {
                    return None;
                }
                (*host, Some(number))
            }
            _ => return None,
        };
        let labels: Vec<String> = host.split('.').map(str::to_owned).collect();
        let is_valid = |label: &String| {
            !label.is_empty()
                && label
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
        };
        let is_well_formed = labels.iter().all(is_valid)
            && (default_port(&scheme).is_none() || !is_broken_address(&labels));
        (is_well_formed && text.len() <= 300).then_some(Self { scheme, labels, port })
    }
}

/// Whether browsers treat the host as an IPv4 address, but never send it in this form.
fn is_broken_address(labels: &[String]) -> bool {
    let last = labels.last().map_or("", |label| label);
    let is_octet = |label: &String| label.parse::<u8>().is_ok_and(|n| n.to_string() == *label);
    let is_number = last.chars().all(|c| c.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()));
    is_number && !(labels.len() == 4 && labels.iter().all(is_octet))
}

/// An entry other than `*`.
pub(super) fn entry() -> impl Strategy<Value = Entry> {
    let scheme = || prop::sample::select(SCHEMES.to_vec());
    let domain = || prop::sample::select(DOMAINS.to_vec());
    let depth = prop::sample::select(vec![Depth::Nothing, Depth::One, Depth::OneOrMore]);
    let port = prop_oneof![
        3 => Just(Port::Default),
        1 => Just(Port::Any),
        1 => prop::sample::select(PORTS.to_vec()).prop_map(Port::Is),
    ];
    prop_oneof![
        6 => (scheme(), depth, domain(), port)
            .prop_map(|(scheme, depth, domain, port)| Entry::Named { scheme, depth, domain, port }),
        1 => (scheme(), domain()).prop_map(|(scheme, domain)| Entry::Pattern { scheme, domain }),
        1 => Just(Entry::Null),
    ]
}

/// Values of `Origin`, mostly built from parts of the entries and then disturbed.
pub(super) fn origin() -> impl Strategy<Value = Vec<u8>> {
    let scheme = prop_oneof![
        8 => prop::sample::select(SCHEMES.to_vec()).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["HTTPS", "ws", "file", ""]).prop_map(str::to_owned),
    ];
    let label = prop::sample::select(vec!["a", "App", "b-c", "x_y", "evil", "", "*", "xn--p1ai"]);
    let labels = prop::collection::vec(label, 0..3);
    let domain = prop_oneof![
        8 => prop::sample::select(DOMAINS.to_vec()).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["novasphere.io.evil.test", "evilnovasphere.io", "127.1"])
            .prop_map(str::to_owned),
    ];
    let port = prop_oneof![
        4 => Just(String::new()),
        3 => prop::sample::select(PORTS.to_vec()).prop_map(|port| format!(":{port}")),
        1 => prop::sample::select(vec![":", ":0", ":0443", ":65536", ":+1", ":*"])
            .prop_map(str::to_owned),
    ];
    let built = (scheme, labels, domain, port).prop_map(|(scheme, labels, domain, port)| {
        let host = labels.iter().fold(String::new(), |host, label| format!("{host}{label}."));
        format!("{scheme}://{host}{domain}{port}").into_bytes()
    });
    let disturbed = (built.clone(), any::<prop::sample::Index>(), disturbance()).prop_map(
        |(mut origin, index, piece)| {
            let index = index.index(origin.len() + 1);
            origin.splice(index..index, piece);
            origin
        },
    );
    prop_oneof![
        5 => built,
        4 => disturbed,
        1 => Just(b"null".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn disturbance() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 1..3),
        3 => prop::sample::select(vec![
            &b"."[..], b"@", b"/", b"\\", b":", b",", b" ", b"\0", b"%00", b"#", b"?", b"evil.test",
            b"https://", b"\xc3\xa9", b"\x7f",
        ]).prop_map(<[u8]>::to_vec),
        1 => Just(vec![b'a'; 300]),
    ]
}
