//! Tokens in every place of a request.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use novasphere_core::{
    Decision, Filter, HeaderMutation, Headers, RequestHead, header_value, testing::TestHost,
};
use novasphere_jwt_auth::JwtAuth;
use sha2::{Sha256, Sha384, Sha512};

const NOW: u64 = 1_800_000_000;

/// A configuration that uses all parts of a token.
const CONFIG: &str = r#"{
    "credentials": [
        {"key": "fuzz", "algorithm": "HS256", "secret": {"env": "HS256"},
            "consumer": {"id": "1", "username": "fuzz"}},
        {"key": "fuzz", "algorithm": "HS384", "secret": {"env": "HS384"}, "kid": "384"},
        {"key": "fuzz", "algorithm": "HS512", "secret": {"env": "HS512"}, "kid": "512"}
    ],
    "header_names": ["authorization", "x-token"],
    "cookie_names": ["session"],
    "uri_param_names": ["jwt"],
    "claims_to_verify": ["exp"],
    "leeway": 10,
    "maximum_expiration": 31536000,
    "claims_to_headers": [
        {"claim": "sub", "header": "X-User-Id"},
        {"claim": "a.b", "header": "X-Nested"},
        {"claim": "client", "header": "X-Client-Type", "keep_inbound": true}
    ]
}"#;

thread_local! {
    static FILTER: Result<JwtAuth, String> = {
        let variable = |algorithm: &Algorithm| (algorithm.name().to_owned(), algorithm.secret());
        let variables = ALGORITHMS.iter().map(variable).collect();
        let host = TestHost { variables, ..TestHost::default() };
        JwtAuth::from_json(CONFIG.as_bytes(), &host).map_err(|faults| faults.to_string())
    };
}

/// The first byte of an input selects the kind of the rest.
pub(crate) fn check(input: &[u8]) -> bool {
    match input {
        [b'a', rest @ ..] => check_unsigned(rest),
        [b's', rest @ ..] => return check_signed(rest),
        [] => {}
        rest => check_changed(rest),
    }
    false
}

/// Arbitrary bytes in every token source do not pass.
fn check_unsigned(bytes: &[u8]) {
    let bearer = [b"Bearer ", bytes].concat();
    let cookie = [b"session=", bytes].concat();
    let target = [b"/?jwt=", bytes].concat();
    let lines: [(&[u8], &[u8]); 8] = [
        (b"authorization", bytes),
        (b"authorization", &bearer),
        (b"x-token", bytes),
        (b"cookie", bytes),
        (b"cookie", &cookie),
        (b":path", bytes),
        (b":path", &target),
        (bytes, bytes),
    ];
    for line in lines {
        assert!(!passes(line), "passed without a signature");
    }
}

/// An arbitrary JOSE header and payload with a valid signature do not panic. Returns whether one of the
/// tokens passes.
fn check_signed(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (header, payload) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let tokens = ALGORITHMS.iter().map(|algorithm| signed(*algorithm, header, payload));
    tokens.filter(|token| passes((b"authorization", &bearer(token)))).count() > 0
}

/// A changed token does not pass.
fn check_changed(changes: &[u8]) {
    for algorithm in ALGORITHMS {
        let good = good_token(*algorithm);
        assert!(passes((b"authorization", &bearer(&good))), "a good token was refused");
        let mut changed = good.clone();
        changes.chunks_exact(4).for_each(|change| apply(&mut changed, change));
        // White space around a token does not belong to it.
        if changed.trim_ascii() != good {
            assert!(!passes((b"authorization", &bearer(&changed))), "a changed token passed");
        }
    }
}

fn apply(token: &mut Vec<u8>, change: &[u8]) {
    let &[kind, high, low, byte] = change else { return };
    let at = usize::from(u16::from_be_bytes([high, low])).checked_rem(token.len());
    let Some(at) = at else { return };
    match kind % 6 {
        0 => token.insert(at, byte),
        1 => drop(token.remove(at)),
        2 => token.truncate(at),
        3 => token.rotate_left(at),
        4 => token.iter_mut().skip(at).take(1).for_each(|b| *b = byte),
        _ => token.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << (byte % 8)),
    }
}

#[derive(Clone, Copy)]
enum Algorithm {
    Hs256,
    Hs384,
    Hs512,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// A secret that is long enough for every algorithm.
    fn secret(self) -> String {
        self.name().repeat(13)
    }
}

const ALGORITHMS: &[Algorithm] = &[Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];

fn good_token(algorithm: Algorithm) -> Vec<u8> {
    let header: &[u8] = match algorithm {
        Algorithm::Hs256 => br#"{"alg":"HS256","typ":"JWT"}"#,
        Algorithm::Hs384 => br#"{"alg":"HS384","kid":"384"}"#,
        Algorithm::Hs512 => br#"{"kid":"512","alg":"HS512"}"#,
    };
    let payload = format!(r#"{{"iss":"fuzz","sub":"alice","exp":{}}}"#, NOW.saturating_add(60));
    signed(algorithm, header, payload.as_bytes())
}

fn signed(algorithm: Algorithm, header: &[u8], payload: &[u8]) -> Vec<u8> {
    let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let message = format!("{}.{}", part(header), part(payload));
    let signature = match algorithm {
        Algorithm::Hs256 => mac::<Hmac<Sha256>>(algorithm, &message),
        Algorithm::Hs384 => mac::<Hmac<Sha384>>(algorithm, &message),
        Algorithm::Hs512 => mac::<Hmac<Sha512>>(algorithm, &message),
    };
    format!("{message}.{}", part(&signature)).into_bytes()
}

fn mac<M: Mac + hmac::digest::KeyInit>(algorithm: Algorithm, message: &str) -> Vec<u8> {
    let secret = algorithm.secret();
    // HMAC accepts keys of any length.
    let Ok(mut mac) = <M as Mac>::new_from_slice(secret.as_bytes()) else { return Vec::new() };
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn bearer(token: &[u8]) -> Vec<u8> {
    [b"Bearer ", token].concat()
}

/// Whether a request with this line passes. Checks that every set header value is valid.
fn passes((name, value): (&[u8], &[u8])) -> bool {
    let lines: [(&[u8], &[u8]); 4] = [
        (b":method", b"GET"),
        (b"x-user-id", b"mallory"),
        (b"x-client-type", b"web"),
        (name, value),
    ];
    let head = RequestHead { headers: Headers::borrowed(lines) };
    FILTER.with(|filter| {
        assert!(filter.is_ok(), "configuration refused: {:?}", filter.as_ref().err());
        filter.as_ref().is_ok_and(|filter| reason(filter, &head) == "allowed")
    })
}

fn reason(filter: &JwtAuth, head: &RequestHead<'_>) -> &'static str {
    let host = TestHost::at(NOW);
    let decision = filter.on_request(head, &mut Default::default(), &host.env());
    check_detail(host.attributes.borrow().get("jwt_auth_detail"));
    match decision {
        Decision::Pause { .. } | Decision::Call(_) => "pending",
        Decision::Continue { mutations, reason, .. } => {
            check_mutations(&mutations);
            reason
        }
        Decision::Respond { mutations, reason, .. } => {
            check_mutations(&mutations);
            reason
        }
    }
}

/// A detail can be part of a quoted string, of a log line and of a JSON text as it is.
fn check_detail(detail: Option<&Vec<u8>>) {
    let is_plain = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
    let detail = detail.map(Vec::as_slice).unwrap_or_default();
    assert!(detail.len() <= 256 && detail.iter().all(is_plain), "{}", detail.escape_ascii());
}

fn check_mutations(mutations: &[HeaderMutation<'_>]) {
    for mutation in mutations {
        if let HeaderMutation::Set(name, value) = mutation {
            assert_eq!(header_value(value), Ok(&**value), "{name}");
        }
    }
}
