//! A run: requests of changing clients, each followed by the checks.

use std::{
    collections::{BTreeMap, VecDeque},
    net::{IpAddr, Ipv4Addr},
};

use anyhow::{Result, bail, ensure};

use crate::{
    gateway::{Gateway, Running, Size},
    generate::Generator,
    head::{Head, Version},
    http1::Http1,
    http2::Http2,
    identities::Identities,
    invariants::{HEALTH, check_record, check_response},
    minimise::minimise,
    outcome::Outcome,
    upstream::Record,
};

/// The requests of one client. With a limit of 100, some are refused.
const REQUESTS_OF_A_CLIENT: u64 = 1000;

/// A request that must pass follows this many requests.
const BETWEEN_GOOD_REQUESTS: u64 = 50;

/// Sent requests that the upstream may still receive.
const REMEMBERED: usize = 256;

/// How much the proxy's memory may grow after the first quarter of a run, in bytes. The longer a run,
/// the less a request may leave behind.
const GROWTH: u64 = 48 << 20;

/// How many statistics the requests may add after the first quarter of a run.
const MORE_STATISTICS: usize = 40;

/// Which requests to send.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Selects the requests.
    pub seed: u64,
    /// The number of the first request.
    pub first: u64,
    /// The number of requests.
    pub requests: u64,
}

/// Responses by protocol and status, such as `HTTP/2 401`.
pub type Outcomes = BTreeMap<String, u64>;

/// Sends the requests of a plan to a gateway, and checks each of them.
///
/// # Errors
/// If a promise is broken, with the request in its smallest form, or if the proxy does not start.
pub fn run(gateway: Gateway, plan: Plan) -> Result<Outcomes> {
    let running = Running::start(gateway)?;
    let mut run = Run {
        generator: Generator::new(plan.seed, running.has_http2())?,
        identities: Identities::new()?,
        client: Client::new(&running, 0),
        clients: 0,
        sent: VecDeque::new(),
        outcomes: Outcomes::new(),
        running,
    };
    let mut quarter = None;
    for number in 0..plan.requests {
        let head = run.generator.head(plan.first.saturating_add(number), &run.identities);
        if number % REQUESTS_OF_A_CLIENT == 0 {
            run.change_client();
        }
        if let Err(violation) = run.check(&head) {
            bail!(run.report(plan.seed, plan.first.saturating_add(number), head, &violation));
        }
        if number % BETWEEN_GOOD_REQUESTS == 0 {
            run.ensure_good_request_passes()?;
        }
        if number == plan.requests / 4 {
            quarter = Some(run.running.size()?);
        }
    }
    run.ensure_good_request_passes()?;
    run.running.ensure_no_trap()?;
    if let Some(quarter) = quarter {
        ensure_bounded(quarter, run.running.size()?)?;
    }
    Ok(run.outcomes)
}

fn ensure_bounded(quarter: Size, end: Size) -> Result<()> {
    ensure!(
        end.memory <= quarter.memory.saturating_add(GROWTH),
        "memory grew: {quarter:?}, {end:?}"
    );
    let statistics = quarter.statistics.saturating_add(MORE_STATISTICS);
    ensure!(end.statistics <= statistics, "statistics grew: {quarter:?}, {end:?}");
    Ok(())
}

struct Run {
    running: Running,
    generator: Generator,
    identities: Identities,
    client: Client,
    /// The number of clients so far.
    clients: u32,
    sent: VecDeque<Sent>,
    outcomes: Outcomes,
}

/// A request that was sent.
struct Sent {
    marker: u64,
    client: u32,
    head: Head,
}

/// A client with one address: its connections, and its requests that passed.
struct Client {
    number: u32,
    http1: Http1,
    http2: Http2,
    /// Requests that reached the upstream, by their limit.
    admitted: BTreeMap<u64, u64>,
}

impl Client {
    fn new(running: &Running, number: u32) -> Self {
        let [_, a, b, c] = number.to_be_bytes();
        let address = IpAddr::from(Ipv4Addr::new(10, a, b, c));
        Self {
            number,
            http1: Http1::new(running.addr, address),
            http2: Http2::new(running.addr, address),
            admitted: BTreeMap::new(),
        }
    }

    /// Counts a request that reached the upstream.
    fn admit(&mut self, gateway: Gateway, record: &Record) -> Result<(), String> {
        let limit = gateway.limit(record);
        let admitted = self.admitted.entry(limit).or_default();
        *admitted = admitted.saturating_add(1);
        match *admitted > limit {
            true => Err(format!("{admitted} requests passed a limit of {limit}")),
            false => Ok(()),
        }
    }
}

impl Run {
    fn change_client(&mut self) {
        self.clients = self.clients.saturating_add(1);
        self.client = Client::new(&self.running, self.clients);
    }

    /// Sends a request and checks its effects.
    fn check(&mut self, head: &Head) -> Result<(), String> {
        let marker = self.sent.back().map_or(0, |last| last.marker.saturating_add(1));
        self.sent.push_back(Sent { marker, client: self.client.number, head: head.clone() });
        if self.sent.len() > REMEMBERED {
            self.sent.pop_front();
        }
        let outcome = match head.version {
            Version::Http1 => self.client.http1.send(head, marker),
            Version::Http2 => self.client.http2.send(head, marker),
        };
        let outcome = outcome.map_err(|error| format!("no connection: {error:#}"))?;
        let kind = format!("{} {}", head.version, outcome.kind());
        let count = self.outcomes.entry(kind).or_default();
        *count = count.saturating_add(1);
        for record in self.running.upstream.records() {
            self.check_record(head, &record)?;
        }
        match &outcome {
            Outcome::Response(response) => {
                check_response(self.running.gateway, head, marker, response)
            }
            Outcome::Broken if head.is_clean() && head.version == Version::Http1 => {
                Err("no response to a well-formed request".to_owned())
            }
            Outcome::Broken => Ok(()),
        }
    }

    fn check_record(&mut self, last: &Head, record: &Record) -> Result<(), String> {
        let gateway = self.running.gateway;
        let of = |marker| self.sent.iter().find(|sent| sent.marker == marker);
        let sent = record.marker().and_then(of);
        let is_late = sent.is_some_and(|sent| sent.client != self.client.number);
        let sent = sent.map_or(last, |sent| &sent.head);
        check_record(gateway, &self.identities, sent, record)
            .map_err(|violation| format!("{violation}\n  at the upstream: {record:?}"))?;
        let is_limited = gateway.is_complete() && record.path() != HEALTH && !is_late;
        if is_limited { self.client.admit(gateway, record) } else { Ok(()) }
    }

    /// Checks that a good request of a new client passes.
    fn ensure_good_request_passes(&mut self) -> Result<()> {
        let mut head = Head::get(Version::Http1, "/api/v1/wukongs");
        let token = self.identities.good.first().map(|identity| identity.token.clone());
        head.line("authorization", format!("Bearer {}", token.unwrap_or_default()));
        let number = self.clients.saturating_add(0x80_0000);
        let good = std::mem::replace(&mut self.client, Client::new(&self.running, number));
        let passed = |outcomes: &Outcomes| outcomes.get("HTTP/1.1 200").copied();
        let before = passed(&self.outcomes);
        let checked = self.check(&head);
        self.client = good;
        if let Err(violation) = checked {
            bail!("a good request: {violation}");
        }
        ensure!(
            passed(&self.outcomes) > before,
            "a good request does not pass: {:?}",
            self.outcomes
        );
        Ok(())
    }

    /// Describes a violation, with the smallest request that shows it.
    fn report(&mut self, seed: u64, number: u64, head: Head, violation: &str) -> String {
        let again = format!(
            "make fuzz GATEWAY={} SEED={seed} FIRST={number} REQUESTS=1",
            self.running.gateway.name()
        );
        let mut last = None;
        let small = minimise(head.clone(), |candidate| {
            self.change_client();
            let found = self.check(candidate).err();
            last = found.clone().or(last.take());
            found.is_some()
        });
        match last {
            Some(violation) => format!("{violation}\n{small}Repeat it with: {again}"),
            None => {
                format!("{violation}\nIt depends on earlier requests. The last one:\n{head}{again}")
            }
        }
    }
}
