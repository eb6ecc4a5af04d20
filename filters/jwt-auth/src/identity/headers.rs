//! Headers that tell the upstream who sends a request: owned by this filter, so a client's own are
//! taken away before anything else is decided.

use std::borrow::Cow;

use novasphere_core::{BuildContext, HeaderMutation, HeaderName, Json, RequestHead};

use crate::{
    config::{ClaimToHeader, Config, required},
    decision::Refusal,
    identity::consumer::Consumer,
    token::claim_path::ClaimPath,
    token::header_text,
};

/// Kong's headers, in the order of [`IdentityHeaders::of`].
const CONSUMER_HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("x-consumer-id"),
    HeaderName::from_static("x-consumer-custom-id"),
    HeaderName::from_static("x-consumer-username"),
    HeaderName::from_static("x-credential-identifier"),
    // Says that nobody was authenticated, which no request here may say of itself.
    HeaderName::from_static("x-anonymous-consumer"),
];

/// Headers of the connection, the message's framing and its routing (RFC 9110 sections 7.2 and
/// 7.6.1, RFC 9112 section 6, RFC 7239), and those that hold credentials: no claim may set them, nor
/// may their inbound copies be removed. Envoy answers requests without `X-Forwarded-Proto` with 404.
const RESERVED: [&str; 21] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
];

/// More than this many `-` and `_` would be too many spellings.
const MAX_SEPARATORS: usize = 8;

/// All headers this filter owns.
#[derive(Debug)]
pub(crate) struct IdentityHeaders {
    /// Kong's, then those of `claims`.
    owned: Vec<OwnedHeader>,
    /// The lengths of their names, a bit for each: most lines of a head are of none.
    lengths: u64,
    claims: Vec<ClaimSource>,
    /// Whom a request without a good token is from.
    anonymous: Option<Consumer>,
}

#[derive(Debug)]
struct OwnedHeader {
    name: HeaderName,
    /// The names with `-` and `_` that a CGI-like upstream takes for this one, itself among them.
    spellings: Vec<HeaderName>,
}

#[derive(Debug)]
struct ClaimSource {
    path: ClaimPath,
    keep_inbound: bool,
}

impl Fate<'_> {
    /// The same, to be kept.
    pub fn owned(self) -> Fate<'static> {
        match self {
            Fate::Set(value) => Fate::Set(Cow::Owned(value.into_owned())),
            Fate::Remove => Fate::Remove,
            Fate::Keep => Fate::Keep,
        }
    }
}

/// What becomes of one owned header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate<'f> {
    /// It gets this value.
    Set(Cow<'f, [u8]>),
    /// It is absent.
    Remove,
    /// The client's own stays.
    Keep,
}

impl IdentityHeaders {
    pub fn new(config: &Config, cx: &mut BuildContext<'_>) -> Self {
        let mut owned: Vec<_> = CONSUMER_HEADERS.into_iter().map(OwnedHeader::new).collect();
        let mut claims = Vec::new();
        for (i, wire) in config.claims_to_headers.iter().enumerate() {
            let at = format!("claims_to_headers[{i}]");
            let claim = ClaimPath::new(wire.claim.as_deref(), &at, cx)
                .map(|path| ClaimSource { path, keep_inbound: wire.keep_inbound });
            let header = header_for_claim(wire, &at, &owned, cx);
            if let (Some(claim), Some(name)) = (claim, header) {
                claims.push(claim);
                owned.push(OwnedHeader::new(name));
            }
        }
        let anonymous = config.anonymous.as_ref().map(|wire| Consumer::new(wire, "anonymous", cx));
        let lengths =
            owned.iter().fold(0, |bits, header| bits | length_bit(header.name.as_str().as_bytes()));
        Self { owned, lengths, claims, anonymous }
    }

    /// Whether `Connection` names one of these headers. On upgrades proxies pass it on, and the next
    /// hop would drop what this filter says of the sender.
    pub fn is_named_by_connection(&self, head: &RequestHead<'_>) -> bool {
        let is_owned = |name: &[u8]| self.owned.iter().any(|own| own.name.matches_loosely(name));
        let names_it =
            |line: &[u8]| line.split(|b| *b == b',').any(|name| is_owned(name.trim_ascii()));
        head.headers.get_all("connection").any(names_it)
    }

    /// The fates when nobody is known to send the request.
    pub fn nobody(&self) -> Vec<Fate<'_>> {
        let claims = self.claims.iter().map(ClaimSource::fate_without);
        CONSUMER_HEADERS.iter().map(|_| Fate::Remove).chain(claims).collect()
    }

    /// The fates when the request passes as the anonymous consumer, if there is one.
    pub fn anonymous(&self) -> Option<Vec<Fate<'_>>> {
        let consumer = consumer_fates(self.anonymous.as_ref()?, Fate::Set(Cow::Borrowed(b"true")));
        let claims = self.claims.iter().map(ClaimSource::fate_without);
        Some(consumer.into_iter().chain(claims).collect())
    }

    /// The fates when the claims are `consumer`'s.
    pub fn of<'f>(
        &'f self,
        consumer: &'f Consumer,
        claims: &Json,
    ) -> Result<Vec<Fate<'f>>, Refusal> {
        let mut fates = Vec::with_capacity(self.owned.len());
        fates.extend(consumer_fates(consumer, Fate::Remove));
        for source in &self.claims {
            fates.push(source.fate(claims)?);
        }
        Ok(fates)
    }

    /// Adds the mutations that bring `fates` about: every edit costs a host call, so only what `head` has
    /// is removed.
    pub fn add_edits<'f>(
        &'f self,
        head: &RequestHead<'_>,
        fates: &[Fate<'f>],
        mutations: &mut Vec<HeaderMutation<'f>>,
    ) {
        let start = mutations.len();
        for (line, _) in head.headers.lines() {
            if self.lengths & length_bit(line) == 0 {
                continue;
            }
            for (header, fate) in self.owned.iter().zip(fates) {
                if !header.name.matches_loosely(line) || *fate == Fate::Keep {
                    continue;
                }
                // Setting a header replaces it in its own spelling only.
                let replaced = matches!(fate, Fate::Set(_)) && header.name.matches(line);
                if !replaced
                    && let Some(remove) = header.removal(line)
                    && !mutations.iter().skip(start).any(|edit| *edit == remove)
                {
                    mutations.push(remove);
                }
            }
        }
        for (header, fate) in self.owned.iter().zip(fates) {
            if let Fate::Set(value) = fate {
                mutations.push(HeaderMutation::Set(&header.name, value.clone()));
            }
        }
    }
}

/// The bit that stands for the length of a name; the last one for all that are longer.
fn length_bit(name: &[u8]) -> u64 {
    1 << name.len().min(63)
}

/// In the order of [`CONSUMER_HEADERS`].
fn consumer_fates<'f>(consumer: &'f Consumer, anonymous: Fate<'f>) -> [Fate<'f>; 5] {
    let Consumer { id, custom_id, username, identifier } = consumer;
    let fate = |value: &'f Option<Vec<u8>>| {
        value.as_deref().map_or(Fate::Remove, |value| Fate::Set(Cow::Borrowed(value)))
    };
    [fate(id), fate(custom_id), fate(username), fate(identifier), anonymous]
}

/// In the order of [`CONSUMER_HEADERS`].
impl OwnedHeader {
    fn new(name: HeaderName) -> Self {
        let mut spellings = vec![String::new()];
        for c in name.as_str().chars() {
            let forms: &[char] = if is_separator(c) { &['-', '_'] } else { &[c] };
            spellings = spellings
                .iter()
                .flat_map(|start| forms.iter().map(move |form| format!("{start}{form}")))
                .collect();
        }
        let spellings = spellings.iter().filter_map(|text| HeaderName::parse(text).ok()).collect();
        Self { name, spellings }
    }

    /// Takes away a line that is taken for this header. Few are spelled with more than `-` and `_`.
    fn removal(&self, line: &[u8]) -> Option<HeaderMutation<'_>> {
        if let Some(spelling) = self.spellings.iter().find(|spelling| spelling.matches(line)) {
            return Some(HeaderMutation::remove(spelling));
        }
        let found = HeaderName::parse(str::from_utf8(line).ok()?).ok()?;
        Some(HeaderMutation::Remove(Cow::Owned(found)))
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_')
}

impl ClaimSource {
    fn fate_without<'f>(&self) -> Fate<'f> {
        if self.keep_inbound { Fate::Keep } else { Fate::Remove }
    }

    /// The fate of the header. An empty text has no header: on some hosts setting one to nothing
    /// removes it.
    fn fate<'f>(&self, claims: &Json) -> Result<Fate<'f>, Refusal> {
        match self.path.find(claims) {
            None => Ok(self.fate_without()),
            Some(claim) => match header_text::from_claim(claim) {
                Ok(value) if value.is_empty() => Ok(Fate::Remove),
                Ok(value) => Ok(Fate::Set(Cow::Owned(value))),
                Err(header_text::UnusableText) => Err(Refusal::UnusableClaim),
            },
        }
    }
}

fn header_for_claim(
    wire: &ClaimToHeader,
    at: &str,
    owned: &[OwnedHeader],
    cx: &mut BuildContext<'_>,
) -> Option<HeaderName> {
    let at = format!("{at}.header");
    let text = required(wire.header.as_deref(), &at, cx)?;
    let name = match HeaderName::parse(text) {
        Ok(name) => name,
        Err(error) => {
            cx.fault(at, error.to_string());
            return None;
        }
    };
    if RESERVED.iter().any(|reserved| name.matches_loosely(reserved.as_bytes())) {
        cx.fault(at, format!("{text:?} is not a header that a claim may set"));
    } else if owned.iter().any(|header| header.name.matches_loosely(name.as_str().as_bytes())) {
        cx.fault(at, format!("{text:?} is set already"));
    } else if name.as_str().chars().filter(|c| is_separator(*c)).count() > MAX_SEPARATORS {
        cx.fault(at, format!("{text:?} has more than {MAX_SEPARATORS} of - and _"));
    } else {
        return Some(name);
    }
    None
}
