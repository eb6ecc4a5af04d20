//! Requests from a grammar and from the corpus. Each one depends on the seed and its number only.

use anyhow::Result;
use fastrand::Rng;
use novasphere_harness::latin1;

use crate::{
    corpus, dictionary,
    head::{Head, Version},
    identities::Identities,
    mutate::mutate,
};

/// The source of requests.
pub(crate) struct Generator {
    seed: u64,
    corpus: Vec<Head>,
    /// Whether the proxy accepts HTTP/2 without TLS.
    http2: bool,
}

impl Generator {
    pub(crate) fn new(seed: u64, http2: bool) -> Result<Self> {
        Ok(Self { seed, corpus: corpus::load()?, http2 })
    }

    /// The request with this number.
    pub(crate) fn head(&self, number: u64, identities: &Identities) -> Head {
        let mut rng = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let rng = &mut rng;
        let mut head = if rng.u8(..10) < 4 { self.of_corpus(rng) } else { of_grammar(rng) };
        if self.http2 && rng.u8(..5) < 2 {
            head.version = Version::Http2;
        }
        place_token(&mut head, rng, identities);
        fill_placeholders(&mut head, rng, identities);
        for _ in 0..rng.u8(..6).saturating_sub(3) {
            mutate(&mut head, rng);
        }
        if head.version == Version::Http2 {
            as_http2(&mut head, rng);
        }
        head
    }

    fn of_corpus(&self, rng: &mut Rng) -> Head {
        let mut head = pick(rng, &self.corpus).unwrap_or_else(|| of_grammar(rng));
        // Lines of another request.
        if rng.u8(..4) == 0 {
            let other = pick(rng, &self.corpus).into_iter().flat_map(|other| other.lines);
            head.lines.extend(other.take(3));
        }
        // Most cases are for other routes.
        if rng.bool() {
            head.target = text(rng, dictionary::TARGETS);
        }
        head
    }
}

fn of_grammar(rng: &mut Rng) -> Head {
    let mut head = Head::get(Version::Http1, "/api/v1/wukongs");
    if rng.u8(..3) == 0 {
        head.method = text(rng, dictionary::METHODS);
    }
    if rng.bool() {
        head.target = text(rng, dictionary::TARGETS);
    }
    if rng.u8(..5) < 2 {
        head.line("origin", text(rng, dictionary::ORIGINS));
    }
    if rng.u8(..8) == 0 {
        head.method = b"OPTIONS".to_vec();
        head.line("access-control-request-method", text(rng, &["GET", "PUT", "PATCH", "put", ""]));
    }
    for _ in 0..rng.u8(..5) {
        let names = if rng.bool() { dictionary::IDENTITIES } else { dictionary::NAMES };
        head.line(text(rng, names), text(rng, dictionary::VALUES));
    }
    if matches!(&head.method[..], b"POST" | b"PUT") {
        head.body = b"{\"name\": \"sun\"}".to_vec();
    }
    head
}

/// Adds valid and invalid tokens where the gateways accept them, and where they do not.
fn place_token(head: &mut Head, rng: &mut Rng, identities: &Identities) {
    let bearer = |token: &str| format!("Bearer {token}");
    match rng.u8(..20) {
        0..=8 => head.line("authorization", bearer(&good(rng, identities))),
        9..=11 => head.line("authorization", bearer(&bad(rng, identities))),
        12 => add_parameter(head, &good(rng, identities)),
        13 => add_parameter(head, &bad(rng, identities)),
        14 => {
            head.line("authorization", bearer(&good(rng, identities)));
            head.line("authorization", bearer(&bad(rng, identities)));
        }
        15 => {
            let name = text(rng, &["cookie", "x-authorization", "proxy-authorization", "token"]);
            let prefix = text(rng, &["", "token=", "jwt=", "Bearer "]);
            head.line(name, [&prefix[..], good(rng, identities).as_bytes()].concat());
        }
        16 => head.line(text(rng, &["Authorization", "AUTHORIZATION"]), good(rng, identities)),
        _ => {}
    }
}

fn add_parameter(head: &mut Head, token: &str) {
    let separator = if head.target.contains(&b'?') { "&" } else { "?" };
    head.target.extend_from_slice(format!("{separator}token={token}").as_bytes());
}

/// Replaces `${name}` in requests of the corpus.
fn fill_placeholders(head: &mut Head, rng: &mut Rng, identities: &Identities) {
    let values = head.lines.iter_mut().map(|(_, value)| value);
    for bytes in values.chain([&mut head.target]) {
        let mut text = latin1::text(bytes);
        while let Some((before, (_, after))) =
            text.split_once("${").and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            let token = if rng.bool() { good(rng, identities) } else { bad(rng, identities) };
            text = [before, &token, after].concat();
        }
        if let Ok(filled) = latin1::bytes(&text) {
            *bytes = filled;
        }
    }
}

/// HTTP/2 needs names in lower case and has other framing. A few requests keep the old form.
fn as_http2(head: &mut Head, rng: &mut Rng) {
    if rng.u8(..16) > 0 {
        for (name, _) in &mut head.lines {
            name.make_ascii_lowercase();
        }
        let connection: [&[u8]; 5] =
            [b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"proxy-connection"];
        head.lines.retain(|(name, _)| !connection.contains(&&name[..]));
    }
    for (name, _) in &mut head.lines {
        if name == b"host" && rng.bool() {
            *name = b":authority".to_vec();
        }
    }
    // Pseudo-headers are valid only in front.
    if rng.u8(..8) > 0 {
        head.lines.sort_by_key(|(name, _)| name.first() != Some(&b':'));
    }
    if rng.u8(..16) == 0 {
        let name = text(rng, dictionary::IDENTITIES);
        head.trailers.push((name.to_ascii_lowercase(), text(rng, dictionary::VALUES)));
    }
}

fn good(rng: &mut Rng, identities: &Identities) -> String {
    pick(rng, &identities.good).map(|identity| identity.token).unwrap_or_default()
}

/// An invalid token, or a valid one with a changed byte.
fn bad(rng: &mut Rng, identities: &Identities) -> String {
    if rng.bool() {
        return pick(rng, &identities.bad).unwrap_or_default();
    }
    let mut token = good(rng, identities).into_bytes();
    let at = rng.usize(..token.len().max(1));
    if let Some(byte) = token.get_mut(at) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    latin1::text(&token)
}

fn text(rng: &mut Rng, from: &[&str]) -> Vec<u8> {
    let text = pick(rng, from).unwrap_or_default();
    latin1::bytes(text).unwrap_or_else(|_| text.as_bytes().to_vec())
}

pub(crate) fn pick<T: Clone>(rng: &mut Rng, from: &[T]) -> Option<T> {
    from.get(rng.usize(..from.len().max(1))).cloned()
}
