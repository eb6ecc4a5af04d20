//! Latency at a fixed request rate.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use novasphere_harness::clock::instant;

use super::load::CONNECTIONS;
use crate::traffic::{PATH, REQUEST};

/// Requests a second, well below the capacity of one worker.
pub(crate) const RATE: usize = 2_000;

/// Median and 99th percentile, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// Sends requests at [`RATE`] for `seconds` seconds.
///
/// Each connection has a schedule. If a request is late because the previous one was slow, its latency
/// counts from the scheduled time, since the proxy caused the delay. If it is late because this process
/// woke up late, its latency counts from the time it was sent.
///
/// # Errors
/// If any request fails.
pub(crate) fn measure(addr: SocketAddr, tokens: &Path, seconds: usize) -> Result<Latency> {
    let tokens = fs::read_to_string(tokens)?;
    let requests: Vec<_> = tokens.lines().map(request).collect();
    let each = RATE * seconds / CONNECTIONS;
    let gap = Duration::from_secs_f64(per_second(RATE).recip());
    let start = instant() + Duration::from_millis(50);
    let mut took = thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                let requests = &requests;
                let due = move |turn: usize| {
                    let place = turn * CONNECTIONS + number;
                    start + gap * u32::try_from(place).unwrap_or(u32::MAX)
                };
                scope.spawn(move || client(addr, requests, each, due))
            })
            .collect();
        let times = clients
            .into_iter()
            .map(|client| client.join().map_err(|_| anyhow!("a client panicked")).flatten());
        times.collect::<Result<Vec<_>>>().map(|times| times.concat())
    })?;
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).map(Duration::as_secs_f64);
    let micros = |percent| at(percent).map(|seconds| seconds * 1e6).context("no requests");
    Ok(Latency { p50: micros(50)?, p99: micros(99)? })
}

fn client(
    addr: SocketAddr,
    requests: &[Vec<u8>],
    count: usize,
    due: impl Fn(usize) -> Instant,
) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut took = Vec::with_capacity(count);
    for (turn, request) in requests.iter().cycle().take(count).enumerate() {
        let due = due(turn);
        let late = instant() > due;
        thread::sleep(due.saturating_duration_since(instant()));
        let from = if late { due } else { instant() };
        stream.write_all(request)?;
        read_answer(&mut answers)?;
        took.push(from.elapsed());
    }
    Ok(took)
}

/// The bytes of a request with a token.
pub(crate) fn request(token: &str) -> Vec<u8> {
    let lines = REQUEST.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
    format!("GET {PATH} HTTP/1.1\r\n{lines}Authorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// Reads a response.
///
/// # Errors
/// If its status is not 200.
pub(crate) fn read_answer(answers: &mut impl BufRead) -> Result<()> {
    let mut length = 0;
    let mut line = String::new();
    answers.read_line(&mut line)?;
    ensure!(line.starts_with("HTTP/1.1 200 "), "the answer is {line:?}");
    while line != "\r\n" {
        line.clear();
        answers.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let read = std::io::copy(&mut answers.take(length), &mut std::io::sink())?;
    ensure!(read == length, "the answer is cut off");
    Ok(())
}

#[allow(clippy::cast_precision_loss)] // far below 2^52
fn per_second(rate: usize) -> f64 {
    rate as f64
}
