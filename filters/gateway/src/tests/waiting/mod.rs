//! Requests that wait for keys or for a callout resume at the filter that made them wait.

use super::*;

mod keys;
mod redis;

const ISSUER: &str = r#"{"issuer": "https://id.example", "cluster": "id", "path": "/keys"}"#;

/// The key of RFC 7515 appendix A.3.1.
const KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "a",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// An ES256 token of that issuer and `kid`, with a wrong signature.
fn token() -> String {
    let signature = "A".repeat(86);
    format!(
        "eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.\
         eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJleHAiOjQwMDAwMDAwMDB9.{signature}"
    )
}

/// A host on which requests can wait, and a worker's memory.
fn worker() -> (TestHost, States) {
    let host = TestHost::default();
    host.can_pause.set(true);
    (host, States::default())
}

/// Decides about a request. If it `waits`, the keys arrive only after it paused.
fn pass<'f>(
    host: &TestHost,
    gateway: &'f Gateway,
    states: &mut States,
    lines: &[(&str, &str)],
    waits: bool,
) -> Decision<'f, ChainCarry> {
    if !waits {
        fetch_keys(host, gateway, states);
        return decide(host, gateway, states, lines);
    }
    let ticket = ticket(decide(host, gateway, states, lines));
    fetch_keys(host, gateway, states);
    decide_again(host, gateway, states, lines, &ticket)
}

/// The recorded metrics without the events of jwt-auth, which looks for the token each time.
fn counted(host: &TestHost, gateway: &Gateway) -> Vec<String> {
    let mut counted = recorded(host, gateway);
    counted.retain(|name| !name.starts_with("jwt-auth.event="));
    counted
}

fn ticket(decision: Decision<'_, ChainCarry>) -> Rc<dyn Any> {
    let Decision::Pause { ticket, .. } = decision else { panic!("does not pause") };
    ticket
}

fn fetch_keys(host: &TestHost, gateway: &Gateway, states: &mut States) {
    let actions = gateway.on_timer(states, &host.env());
    let [fetch] = actions.fetches.as_slice() else { panic!("{actions:?}") };
    let body = KEYS.as_bytes();
    let response = FetchResponse { status: 200, headers: Headers::default(), body };
    assert!(gateway.on_fetch(fetch.purpose, Ok(response), states, &host.env()).wake);
}

fn decide_again<'f>(
    host: &TestHost,
    gateway: &'f Gateway,
    states: &mut States,
    lines: &[(&str, &str)],
    ticket: &Rc<dyn Any>,
) -> Decision<'f, ChainCarry> {
    let lines = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
    let head = RequestHead { headers: Headers::borrowed(lines) };
    gateway.on_request(&head, states, &Env { ticket: Some(ticket), ..host.env() })
}
