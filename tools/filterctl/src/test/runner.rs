//! Runs cases.

use anyhow::{Context, Result, bail};
use novasphere_cases::{Case, Exchange, HOST, Observed, Seen, TokenSpec, latin1};
use novasphere_explain::{
    Chain, Configured, Environment, Explanation, Facts, FilterKind, Input, KeySets, Line,
    ProxyKind, Request, Response, Setup,
};

use super::{case_file::CaseFile, outcome::CaseOutcome, sign};
use crate::{
    check::Host,
    explain::{self, Mask, Routed},
    found::{Found, Project},
};

/// The configuration that cases without their own are for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configuration<'p> {
    pub(super) project: &'p Project,
    /// The name of the route.
    pub(super) route: Option<&'p str>,
    pub(super) host: Option<Host>,
}

/// Runs cases.
#[derive(Debug)]
pub(super) struct Runner<'p> {
    pub(super) configuration: Option<Configuration<'p>>,
    /// The filter that the cases' own configurations are for.
    pub(super) filter: Option<FilterKind>,
    pub(super) host: Option<Host>,
    pub(super) environment: Environment,
    pub(super) keys: KeySets,
    pub(super) redis: bool,
    /// The time, in milliseconds since the epoch.
    pub(super) millis: u64,
}

/// The chains of one case. Routes with the same filters share one, with its counts and keys.
type Chains = Vec<(Vec<usize>, Chain)>;

impl Runner<'_> {
    /// Runs a case. A case that cannot run has failed.
    pub(super) fn run(&self, file: &CaseFile, case: &Case) -> CaseOutcome {
        let mut outcome = CaseOutcome {
            file: file.path.clone(),
            name: case.name.clone(),
            ..CaseOutcome::default()
        };
        if let Err(error) = self.run_exchanges(file, case, &mut outcome) {
            outcome.failures.push(format!("{error:#}"));
        }
        outcome
    }

    fn run_exchanges(&self, file: &CaseFile, case: &Case, outcome: &mut CaseOutcome) -> Result<()> {
        let now = self.millis / 1_000;
        let sign = |spec: &TokenSpec| sign::token(spec, &file.path, &self.environment, now);
        let exchanges = case.prepared_with(&sign)?;
        let mut chains = Chains::new();
        for (n, exchange) in exchanges.iter().enumerate() {
            let number = n.saturating_add(1);
            let mut input = self.input(exchange)?;
            let explanation = self
                .send(file, case, &mut input, &exchanges, &mut chains)
                .with_context(|| format!("exchange {number}"))?;
            let differences = observed(&explanation).differences(&exchange.expect);
            let has_failed = !differences.is_empty();
            // A difference may quote the headers of a request.
            let mask = self.mask(case, &input);
            let lines = differences.iter().map(|line| mask.text(line));
            let lines = lines.map(|line| format!("exchange {number}: {line}"));
            outcome.failures.extend(lines);
            if has_failed {
                let decision = decision(&explanation);
                outcome.failures.push(format!("exchange {number}: decided by {decision}"));
            }
            outcome.remarks.extend(explanation.remarks);
        }
        Ok(())
    }

    fn send(
        &self,
        file: &CaseFile,
        case: &Case,
        input: &mut Input,
        all: &[Exchange],
        chains: &mut Chains,
    ) -> Result<Explanation> {
        let Some(routed) = self.routed(case, &mut input.request)? else {
            let configuration = self.configuration.context("no configuration")?;
            return Ok(explain::without_route(configuration.project, &input.request));
        };
        let index = match chains.iter().position(|(filters, _)| *filters == routed.filters) {
            Some(index) => index,
            None => {
                let mut chain = self.chain(file, case, &routed)?;
                for exchange in all {
                    chain.expect(&self.input(exchange)?.request);
                }
                chains.push((routed.filters.clone(), chain));
                chains.len().saturating_sub(1)
            }
        };
        let chain = chains.get_mut(index).context("no chain")?;
        Ok(routed.send(&mut chain.1, input))
    }

    /// The mask for the credentials of a request.
    fn mask(&self, case: &Case, input: &Input) -> Mask {
        match self.configuration.filter(|_| case.config.is_null()) {
            Some(Configuration { project, .. }) => explain::mask(project, input),
            None => Mask::new(input, [&case.config]),
        }
    }

    /// The route of a request. `None` if no route matches.
    fn routed(&self, case: &Case, request: &mut Request) -> Result<Option<Routed>> {
        match self.configuration.filter(|_| case.config.is_null()) {
            Some(Configuration { project, route, .. }) => {
                explain::find_route(project, route, request)
            }
            None => {
                if request.authority.is_empty() {
                    request.authority = HOST.into();
                }
                Ok(Some(Routed::default()))
            }
        }
    }

    fn chain(&self, file: &CaseFile, case: &Case, routed: &Routed) -> Result<Chain> {
        let (proxy, filters, found) = match (&self.configuration, case.config.is_null()) {
            (Some(Configuration { project, host, .. }), true) => {
                let found = routed.filters.iter().filter_map(|index| project.filters.get(*index));
                let found: Vec<&Found> = found.collect();
                (explain::proxy(&found, *host), explain::configured(&found), found)
            }
            (None, true) => bail!("no configuration: give the case a config, or use --config"),
            (_, false) => {
                let kind = self.filter.or(file.filter).unwrap_or(FilterKind::Gateway);
                let json = case.config.to_string().into_bytes();
                let configured =
                    Configured { kind, json, values_are_text: false, guesses_types: false };
                let proxy = self.host.map_or(ProxyKind::Envoy, ProxyKind::from);
                (proxy, vec![configured], Vec::new())
            }
        };
        let setup = Setup {
            proxy,
            filters,
            environment: self.environment.clone(),
            keys: self.keys.clone(),
            redis: self.redis,
        };
        match Chain::new(setup) {
            Ok(chain) => Ok(chain),
            Err(rejected) => bail!(explain::rejection(&rejected, &found)),
        }
    }

    fn input(&self, exchange: &Exchange) -> Result<Input> {
        let sent = &exchange.request;
        let mut headers = lines(&sent.headers.0)?;
        let host = headers.iter().find(|(name, _)| name == b"host").map(|(_, v)| v.clone());
        headers.retain(|(name, _)| name != b"host");
        let mut request = Request::new("", "", "");
        request.method = latin1::bytes(&sent.method)?;
        request.target = latin1::bytes(&sent.path)?;
        request.authority = host.unwrap_or_default();
        request.headers = headers;
        let upstream = Response {
            status: exchange.upstream.status,
            headers: lines(&exchange.upstream.headers.0)?,
            body: Vec::new(),
        };
        let facts = Facts {
            millis: sent.time.map_or(self.millis, |time| time.millis(self.millis)),
            client_address: sent.client_address.or(Some(std::net::Ipv4Addr::LOCALHOST.into())),
            route: None,
            service: None,
        };
        Ok(Input { request, upstream, facts, used: Vec::new() })
    }
}

fn lines(lines: &[(String, String)]) -> Result<Vec<Line>> {
    let line = |(name, value): &(String, String)| {
        Ok((name.to_ascii_lowercase().into_bytes(), latin1::bytes(value)?))
    };
    lines.iter().map(line).collect()
}

fn observed(explanation: &Explanation) -> Observed {
    let text = |lines: &[Line]| -> Vec<(String, String)> {
        lines.iter().map(|(name, value)| (latin1::text(name), latin1::text(value))).collect()
    };
    let upstream = explanation.upstream.iter().map(|request| Seen {
        method: latin1::text(&request.method),
        path: latin1::text(&request.target),
        headers: text(&request.headers),
    });
    let response = &explanation.response;
    Observed {
        status: response.status,
        headers: text(&response.headers),
        body: String::from_utf8_lossy(&response.body).into_owned(),
        upstream: upstream.collect(),
        decisions: Some(explanation.decisions()),
    }
}

/// The decision behind a response, and the comparison that it results from.
fn decision(explanation: &Explanation) -> String {
    let Some((filter, name)) = explanation.decided_by else {
        return "the upstream".to_owned();
    };
    let mut notes = explanation.steps.last().into_iter().flat_map(|step| &step.notes);
    match notes.rfind(|note| note.decides) {
        Some(note) if note.expected.is_empty() => {
            format!("{filter}: {name} ({}: {})", note.subject, note.found)
        }
        Some(note) => format!(
            "{filter}: {name} ({}: {}; expected {})",
            note.subject, note.found, note.expected
        ),
        None => format!("{filter}: {name}"),
    }
}
