//! Thousands of random requests: none passes without a valid token, all with one do, and Traefik
//! keeps running in bounded memory.

use std::thread;

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    client::{Connection, Request, Response},
};

use crate::Gateway;

const CLIENTS: u64 = 64;
const REQUESTS: u64 = 250;

/// Pseudo-random numbers with a fixed seed, so that every run is the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, max: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % max.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }

    fn bytes(&mut self, max: usize) -> Vec<u8> {
        (0..self.below(max)).map(|_| (self.below(224) as u8).saturating_add(32)).collect()
    }
}

/// A request that must pass: a valid token and unusual but allowed headers.
fn valid_request(numbers: &mut Numbers, token: &str) -> Request {
    let target = numbers.pick(&["/echo", "/echo/a?b=c&d", "/echo/%2e%2e%2f", "/echo?a=;"]);
    let mut request = Request::new(numbers.pick(&["GET", "POST", "DELETE", "OPTIONS"]), target);
    for _ in 0..numbers.below(20) {
        let name =
            numbers.pick(&["x-a", "x_b", "X.C", "cookie", "x-user-id", "X-Consumer-ID", "accept"]);
        let max = if numbers.below(10) == 0 { 12_000 } else { 40 };
        let mut value = numbers.bytes(max);
        value.retain(|byte| *byte != 0x7f);
        request = request.header(name, value);
    }
    request.header("authorization", format!("Bearer {token}"))
}

/// A request that must be rejected: its token is damaged or missing.
fn invalid_request(numbers: &mut Numbers, token: &str) -> Request {
    let mut damaged = token.as_bytes().to_vec();
    match numbers.below(5) {
        0 => damaged.truncate(numbers.below(token.len())),
        1 => {
            let index = numbers.below(damaged.len());
            if let Some(byte) = damaged.get_mut(index) {
                *byte = if *byte == b'A' { b'B' } else { b'A' };
            }
        }
        2 => damaged = numbers.bytes(200),
        3 => damaged.extend(numbers.bytes(20).into_iter().chain([b'.'])),
        _ => {
            let index = numbers.below(damaged.len());
            damaged.insert(index, b'.');
        }
    }
    let target = [b"/echo?".to_vec(), numbers.bytes(100)].concat();
    let mut request = Request::new(numbers.pick(&["GET", "PUT", "HEAD", "FOO", "get"]), target);
    for _ in 0..numbers.below(10) {
        let (name, value) = (numbers.bytes(12), numbers.bytes(300));
        request = request.header(name, value);
    }
    match numbers.below(4) {
        0 => request,
        1 => request.header("authorization", [b"Bearer ", &damaged[..]].concat()),
        2 => Request { target: [b"/echo?token=", &damaged[..]].concat(), ..request },
        _ => request.header("authorization", damaged),
    }
}

/// One client's connection. It reconnects after the other side has closed it.
struct Client<'g> {
    gateway: &'g Gateway,
    connection: Option<Connection>,
}

impl Client<'_> {
    fn send(&mut self, request: &Request) -> Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.gateway.traefik.addr)?,
        };
        let response = connection.exchange(request)?;
        let closes = response.head.first("connection").is_some_and(|value| value == "close");
        if !closes && response.head.status != 400 {
            self.connection = Some(connection);
        }
        Ok(response)
    }
}

/// Sends random requests and returns how many invalid ones got a response.
fn flood(gateway: &Gateway, seed: u64, token: &str) -> Result<u64> {
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut client = Client { gateway, connection: None };
    let mut responses = 0;
    for n in 0..REQUESTS {
        if n % 4 == 0 {
            let request = valid_request(&mut numbers, token);
            let response = client.send(&request)?;
            ensure!(response.head.status == 200, "{}: {}", response.head.status, display(&request));
        } else {
            let request = invalid_request(&mut numbers, token);
            // Traefik may close the connection on a malformed head.
            let Ok(response) = client.send(&request) else { continue };
            responses += 1;
            let is_refused = (400..500).contains(&response.head.status);
            ensure!(is_refused, "{}: {}", response.head.status, display(&request));
        }
    }
    Ok(responses)
}

fn display(request: &Request) -> String {
    String::from_utf8_lossy(&request.to_bytes()).chars().take(2_000).collect()
}

#[test]
fn sixteen_thousand_random_requests_pass_only_with_a_valid_token() -> Result<()> {
    let mut gateway = Gateway::start(chain::plugins()?)?;
    let token = chain::good_token()?;
    let responses = thread::scope(|scope| {
        let clients: Vec<_> = (1..=CLIENTS)
            .map(|seed| {
                scope.spawn({
                    let (gateway, token) = (&gateway, &token);
                    move || flood(gateway, seed, token)
                })
            })
            .collect();
        clients.into_iter().try_fold(0, |sum, client| {
            Ok::<_, anyhow::Error>(sum + client.join().expect("a client panicked")?)
        })
    })?;
    ensure!(responses > 10_000, "only {responses} of 12000 got a response");
    ensure!(gateway.send(&chain::good_request()?)?.head.status == 200);
    let memory = gateway.traefik.memory()?;
    ensure!(memory < 1024 * 1024 * 1024, "Traefik uses {memory} bytes");
    gateway.traefik.ensure_no_trap()
}
