//! The format of a case file.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IntoDeserializer},
};
use serde_json::Value;

use super::{Lines, TokenSpec, expand::Expansion};

/// A file of cases.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The file name without `.yaml`.
    pub topic: String,
    /// The path from the repository root, for messages.
    pub path: String,
    /// The cases in the file.
    pub cases: Vec<Case>,
}

/// A configuration and a list of exchanges with their expected results.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The behaviour the case shows.
    pub name: String,
    /// The filter's configuration.
    pub config: Value,
    /// Tokens, signed again for each run.
    #[serde(default)]
    pub tokens: BTreeMap<String, TokenSpec>,
    /// Closed response header names. A final `*` matches every name with that start. In every exchange, the
    /// client receives exactly the lines of these names that `headers` lists.
    #[serde(default)]
    pub closed: Vec<String>,
    /// The exchanges, in order.
    pub exchanges: Vec<Exchange>,
}

/// A request, the upstream's response, and the expected result.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exchange {
    /// The client's request.
    pub request: Sent,
    /// The upstream's response, if it is called.
    pub upstream: Upstream,
    /// The expected result.
    pub expect: Expectation,
}

/// A request.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// The request target.
    pub path: String,
    /// The header lines.
    pub headers: Lines,
}

impl Default for Sent {
    fn default() -> Self {
        let (method, path) = ("GET".to_owned(), "/api/v1/wukongs".to_owned());
        Self { method, path, headers: Lines::default() }
    }
}

/// The upstream's response.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// The status.
    pub status: u16,
    /// The header lines.
    pub headers: Lines,
}

impl Default for Upstream {
    fn default() -> Self {
        Self { status: 200, headers: Lines::default() }
    }
}

/// The expected result for client and upstream.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expectation {
    /// The status.
    pub status: u16,
    /// Exactly these lines of these names.
    pub headers: Lines,
    /// No lines of these names.
    pub absent: Vec<String>,
    /// No lines of these names except the lines in `headers`. Copied from the case.
    #[serde(skip)]
    pub closed: Vec<String>,
    /// The body.
    pub body: Option<String>,
    /// The request the upstream receives.
    pub upstream: Option<UpstreamExpectation>,
}

impl Default for Expectation {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Lines::default(),
            absent: Vec::new(),
            closed: Vec::new(),
            body: None,
            upstream: None,
        }
    }
}

/// The expected upstream call.
#[derive(Clone, Debug)]
pub enum UpstreamExpectation {
    /// No call.
    NotCalled,
    /// A call with this request.
    Called(Received),
}

/// The request the upstream must receive.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Received {
    /// The method.
    pub method: Option<String>,
    /// The request target.
    pub path: Option<String>,
    /// Exactly these lines of these names.
    pub headers: Lines,
    /// No lines of these names.
    pub absent: Vec<String>,
}

impl<'de> Deserialize<'de> for UpstreamExpectation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text == "none" => Ok(Self::NotCalled),
            value @ Value::Object(_) => Received::deserialize(value.into_deserializer())
                .map(Self::Called)
                .map_err(D::Error::custom),
            _ => Err(D::Error::custom("expect.upstream is a mapping or `none`")),
        }
    }
}

impl Case {
    /// The exchanges with fresh tokens.
    ///
    /// # Errors
    /// If a token cannot be signed or is not defined.
    pub fn prepared(&self, environment: &BTreeMap<String, String>) -> Result<Vec<Exchange>> {
        ensure!(!self.exchanges.is_empty(), "exchanges is empty");
        let expansion = Expansion::new(&self.tokens, environment)?;
        let mut exchanges: Vec<Exchange> =
            self.exchanges.iter().map(|e| expansion.exchange(e)).collect::<Result<_>>()?;
        for exchange in &mut exchanges {
            exchange.expect.closed.clone_from(&self.closed);
        }
        Ok(exchanges)
    }
}

/// The case files of a filter, in alphabetical order.
///
/// # Errors
/// If no file exists, or a file is malformed.
pub fn files(filter: &str) -> Result<Vec<CaseFile>> {
    let name = format!("tests/cases/{filter}");
    let dir = repository().join(&name);
    let entries = fs::read_dir(&dir).with_context(|| format!("{name}: no cases"))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    ensure!(!paths.is_empty(), "{name}: no cases");
    paths.iter().map(|path| read(path, &name)).collect()
}

fn read(path: &std::path::Path, dir: &str) -> Result<CaseFile> {
    let topic = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{dir}/{topic}.yaml");
    let text = fs::read_to_string(path).with_context(|| name.clone())?;
    let cases: Vec<Case> = serde_yaml_ng::from_str(&text).with_context(|| name.clone())?;
    ensure!(!cases.is_empty(), "{name}: no cases");
    for (i, case) in cases.iter().enumerate() {
        let earlier = cases.iter().take(i).any(|other| other.name == case.name);
        ensure!(!earlier, "{name}: duplicate case name {:?}", case.name);
    }
    Ok(CaseFile { topic, path: name, cases })
}
