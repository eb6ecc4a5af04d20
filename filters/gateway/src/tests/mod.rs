//! Behaviour of the chain as a whole.

use std::{any::Any, rc::Rc};

use novasphere_core::{
    Callout, CalloutResult, Decision, Env, FetchResponse, Filter, HeaderMutation, Headers,
    LocalResponse, RequestHead, ResponseHead, testing::TestHost,
};

use crate::{Gateway, chain::ChainCarry, entry::States};

mod chain;
mod claims;
mod config;
mod equivalence;
mod waiting;

const SECRET: &str = "a secret of more than thirty-two bytes";

fn configured(config: &str) -> Gateway {
    Gateway::from_json(config.as_bytes(), &TestHost::default()).unwrap()
}

fn faults(config: &str) -> String {
    Gateway::from_json(config.as_bytes(), &TestHost::default()).unwrap_err().to_string()
}

fn decide<'f>(
    host: &TestHost,
    gateway: &'f Gateway,
    states: &mut States,
    lines: &[(&str, &str)],
) -> Decision<'f, ChainCarry> {
    let lines = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
    let head = RequestHead { headers: Headers::borrowed(lines) };
    gateway.on_request(&head, states, &host.env())
}

fn response<'f>(decision: Decision<'f, ChainCarry>) -> (LocalResponse<'f>, &'static str) {
    match decision {
        Decision::Respond { response, reason, .. } => (*response, reason),
        Decision::Continue { .. } => panic!("continues"),
        Decision::Pause { .. } | Decision::Call(_) => panic!("waits"),
    }
}

fn value<'r>(response: &'r LocalResponse<'_>, name: &str) -> Option<&'r str> {
    let line = response.headers.iter().find(|(known, _)| known.as_str() == name);
    line.map(|(_, value)| str::from_utf8(value).unwrap())
}

/// The names of the recorded metrics.
fn recorded(host: &TestHost, gateway: &Gateway) -> Vec<String> {
    let metrics = gateway.metric_definitions();
    let records = host.records.borrow();
    let name = |(index, _): &(usize, u32)| {
        format!("{}.{}.{}", metrics[*index].filter, metrics[*index].labels, metrics[*index].name)
    };
    records.iter().map(name).collect()
}
