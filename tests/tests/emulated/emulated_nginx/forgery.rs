//! Forged identities do not reach the upstream, and no input traps an instance.

use std::sync::Arc;

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Kind, Outcome, Plugin, Proxy, Worker};
use novasphere_harness::{chain, client::Request};

use super::naive::ensure_sound;

const CONFIG: &str = r#"{
    "credentials": [{
        "key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"},
        "consumer": {"id": "c-1"}
    }],
    "credential_header": true, "uri_param_names": ["token"], "cookie_names": ["session"],
    "claims_to_headers": [
        {"claim": "sub", "header": "X-User-Id"}, {"claim": "absent", "header": "X-Absent"}
    ]
}"#;

/// The identity headers that the upstream may receive with a valid token.
const IDENTITY: [(&str, &[&str]); 7] = [
    ("x-user-id", &["alice"]),
    ("x-absent", &[]),
    ("x-consumer-id", &["c-1"]),
    ("x-consumer-username", &[]),
    ("x-consumer-custom-id", &[]),
    ("x-credential-identifier", &["novasphere-user"]),
    ("x-anonymous-consumer", &[]),
];

/// Pseudo-random numbers with a fixed seed, so that every run is the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    fn of<T: Copy + Default>(&mut self, items: &[T]) -> T {
        items.get(self.below(items.len())).copied().unwrap_or_default()
    }

    fn bytes(&mut self) -> Vec<u8> {
        let len = self.below(20);
        // nginx rejects NUL and line breaks.
        (0..len).map(|_| self.below(256) as u8).filter(|b| ![0, b'\r', b'\n'].contains(b)).collect()
    }

    /// The name of an identity header in a random spelling.
    fn forged(&mut self) -> Vec<u8> {
        let (name, _) = self.of(&IDENTITY);
        let letter = |b: u8, n: usize| match (b, n) {
            (b'-', 0) => b'_',
            (_, 1) => b.to_ascii_uppercase(),
            _ => b,
        };
        name.bytes().map(|b| letter(b, self.below(3))).collect()
    }
}

/// A request, and whether its token is valid.
fn request(numbers: &mut Numbers, token: &str) -> (Request, bool) {
    let good = numbers.below(2) == 0;
    let in_query = numbers.below(3) == 0;
    let target = if good && in_query { format!("/a?x&token={token}") } else { "/a?x".to_owned() };
    let mut request = Request::get(target);
    if good && !in_query {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let many = [0, 1, 2, 3, 90, 95, 200];
    let count = numbers.of(&many);
    for n in 0..count {
        let (name, value) = match numbers.below(if count > 3 { 20 } else { 4 }) {
            0 => (numbers.forged(), b"root".to_vec()),
            1 => (numbers.forged(), numbers.bytes()),
            2 => (b"cookie".to_vec(), numbers.bytes()),
            _ => (format!("x-{}", n % 150).into_bytes(), numbers.bytes()),
        };
        request = request.header(name, value);
    }
    (request, good)
}

fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn ensure_honest(answer: &Outcome, good: bool) -> Result<()> {
    let Some(seen) = &answer.upstream else {
        ensure!([400, 401, 431].contains(&answer.status), "{answer:?}");
        return Ok(());
    };
    ensure!(good && answer.status == 200, "{answer:?}");
    ensure!(seen.path == "/a?x", "{answer:?}");
    for (name, expected) in IDENTITY {
        let lines = seen.headers.iter().filter(|(line, _)| folded(line) == name);
        let got: Vec<&str> = lines.map(|(_, value)| value.as_str()).collect();
        // An emptied header must be the only line: a join with other lines gives another value.
        let emptied = expected.is_empty() && got == [""];
        ensure!(got == expected || emptied, "{name}: {got:?}");
    }
    Ok(())
}

fn check(kind: Kind) -> Result<()> {
    let mut proxy = Proxy::new(kind);
    proxy.environment = chain::environment()?;
    let proxy = Arc::new(proxy);
    let mut worker = Worker::start(&proxy, &[Plugin::wasm("jwt-auth", CONFIG)])?;
    let (token, mut numbers) = (chain::good_token()?, Numbers(0x9e37_79b9_7f4a_7c15));
    let mut passed = 0;
    for n in 0..3_000 {
        let (request, good) = request(&mut numbers, &token);
        let answer = worker.send(&request)?;
        if let Err(error) = ensure_honest(&answer, good) {
            return Err(error.context(format!("request {n}: {request:?}")));
        }
        passed += usize::from(answer.upstream.is_some());
    }
    ensure!(passed > 200, "too few requests pass: {passed}");
    ensure!(proxy.overflows() == 0);
    ensure_sound(&worker)
}

#[test]
fn no_forged_identity_reaches_the_upstream_on_nginx() -> Result<()> {
    check(Kind::Nginx)
}

#[test]
fn no_forged_identity_reaches_the_upstream_on_envoy() -> Result<()> {
    check(Kind::Envoy)
}

/// Random requests through all filters.
#[test]
fn random_requests_never_trap_the_chain() -> Result<()> {
    let mut proxy = Proxy::new(Kind::Nginx);
    proxy.environment = chain::environment()?;
    let chain: Vec<Plugin> =
        chain::FILTERS.iter().map(|(name, config)| Plugin::wasm(name, *config)).collect();
    let mut worker = Worker::start(&Arc::new(proxy), &chain)?;
    let (token, mut numbers) = (chain::good_token()?, Numbers(7));
    for n in 0..1_000 {
        let (mut request, _) = request(&mut numbers, &token);
        if n % 3 == 0 {
            request.target = [b"/".to_vec(), numbers.bytes()].concat();
            request.target.retain(|b| *b > b' ' && *b != 0x7f);
        }
        let names = ["origin", "access-control-request-method", "x-client", "content-type"];
        request = request.header(numbers.of(&names), numbers.bytes());
        worker.send(&request)?;
    }
    ensure!(worker.trapped().is_none() && worker.crashed().is_none(), "{:?}", worker.trapped());
    Ok(())
}
