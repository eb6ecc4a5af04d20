//! The cases: a chain and a token pool.

use super::token_files::Pool;
use crate::tokens::ALGORITHMS;

/// A line of the report.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) label: String,
    /// The chain's id.
    pub(crate) chain: &'static str,
    pub(crate) algorithm: &'static str,
    pub(crate) pool: Pool,
    pub(crate) table: Table,
}

/// The tables of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// The whole job.
    Chain,
    /// A single filter.
    Single,
    /// Many tokens in turn.
    Tokens,
}

/// The chain that all cases are compared with.
pub(crate) const BASE: &str = "none";

/// The chain whose added cost over [`BASE`] is the unit A.
pub(crate) const UNIT: &str = "native-four-cache";

const CHAINS: [(&str, &str); 10] = [
    (BASE, "no filter"),
    ("nothing", "a module that does nothing"),
    ("nothing-sdk", "a module of the Rust SDK that does nothing"),
    (UNIT, "native four, token cache"),
    ("native-four", "native four, no token cache"),
    ("gateway-for-all", "gateway, ietf headers, one limit for all"),
    ("gateway-ietf", "gateway, ietf headers"),
    ("gateway-kong", "gateway, kong headers"),
    ("one-vm", "four filters in one VM"),
    ("four-vms", "four filters in four VMs"),
];

const SINGLE: [(&str, &str); 7] = [
    ("native-cors", "native cors"),
    ("cors", "cors"),
    ("native-rate-limit", "native local_ratelimit"),
    ("rate-limit-for-all", "rate-limit, one limit for all"),
    ("rate-limit", "rate-limit, a minute's and an hour's by address"),
    ("native-header-transform", "native header_mutation"),
    ("header-transform", "header-transform"),
];

const TOKENS: [(&str, Pool, &str); 4] = [
    ("native-jwt-auth", Pool::Cold, "native, no cache"),
    ("jwt-auth", Pool::Cold, "jwt-auth, cold"),
    ("native-jwt-auth-cache", Pool::Warm, "native, cached"),
    ("jwt-auth", Pool::Warm, "jwt-auth, warm"),
];

/// All cases, in the order of the report.
pub(crate) fn all() -> Vec<Case> {
    let with = |table| {
        move |(chain, label): (&'static str, &str)| Case {
            label: label.to_owned(),
            chain,
            algorithm: "HS256",
            pool: Pool::Warm,
            table,
        }
    };
    let tokens = ALGORITHMS.into_iter().flat_map(|algorithm| {
        TOKENS.map(|(chain, pool, label)| {
            let label = format!("{algorithm}: {label}");
            Case { label, chain, algorithm, pool, table: Table::Tokens }
        })
    });
    let (chains, single) = (CHAINS.map(with(Table::Chain)), SINGLE.map(with(Table::Single)));
    chains.into_iter().chain(single).chain(tokens).collect()
}

/// The case that measures a chain of the first table.
pub(crate) fn place(cases: &[Case], chain: &str) -> Option<usize> {
    cases.iter().position(|case| case.chain == chain && case.table == Table::Chain)
}
