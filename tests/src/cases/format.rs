//! The format of a case file.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IntoDeserializer},
};
use serde_json::Value;

use super::{Lines, TokenSpec, expand::Expansion};
use novasphere_harness::paths::repository;

/// A file of cases.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// Its name without `.yaml`.
    pub topic: String,
    /// Its path from the repository's root, for messages.
    pub path: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// A configuration and some exchanges with what must come of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The filter's configuration.
    pub config: Value,
    /// Tokens, minted anew for every run.
    #[serde(default)]
    pub tokens: BTreeMap<String, TokenSpec>,
    /// Names of response headers, those of all that start so with a `*` at the end: what the client
    /// sees of them is what `headers` says, and nothing else, in every exchange.
    #[serde(default)]
    pub closed: Vec<String>,
    /// What happens, one after another.
    pub exchanges: Vec<Exchange>,
}

/// A request, the upstream's answer, and what is expected.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exchange {
    /// What the client sends.
    pub request: Sent,
    /// What the upstream answers, if it is asked.
    pub upstream: Upstream,
    /// What must come of it.
    pub expect: Expectation,
}

/// A request.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sent {
    /// Its method.
    pub method: String,
    /// Its target.
    pub path: String,
    /// Its header lines.
    pub headers: Lines,
}

impl Default for Sent {
    fn default() -> Self {
        let (method, path) = ("GET".to_owned(), "/api/v1/wukongs".to_owned());
        Self { method, path, headers: Lines::default() }
    }
}

/// The upstream's answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// Its status.
    pub status: u16,
    /// Its header lines.
    pub headers: Lines,
}

impl Default for Upstream {
    fn default() -> Self {
        Self { status: 200, headers: Lines::default() }
    }
}

/// What the client and the upstream must see.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expectation {
    /// The status.
    pub status: u16,
    /// Exactly these lines of these names.
    pub headers: Lines,
    /// No lines of these names.
    pub absent: Vec<String>,
    /// No lines of these names but those in `headers`: from the case.
    #[serde(skip)]
    pub closed: Vec<String>,
    /// The body.
    pub body: Option<String>,
    /// What reaches the upstream.
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

/// What the upstream must see.
#[derive(Clone, Debug)]
pub enum UpstreamExpectation {
    /// Nothing: it is not called.
    NotCalled,
    /// A request.
    Called(Received),
}

/// A request as the upstream must see it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Received {
    /// Its method.
    pub method: Option<String>,
    /// Its target.
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
    /// Its exchanges with fresh tokens in them.
    ///
    /// # Errors
    /// When a token cannot be minted or is not defined.
    pub fn prepared(&self, environment: &BTreeMap<String, String>) -> Result<Vec<Exchange>> {
        ensure!(!self.exchanges.is_empty(), "there are no exchanges");
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
/// When there are none, or one of them is malformed.
pub fn files(filter: &str) -> Result<Vec<CaseFile>> {
    let name = format!("tests/cases/{filter}");
    let dir = repository().join(&name);
    let entries = fs::read_dir(&dir).with_context(|| format!("{name}: there are no cases"))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    ensure!(!paths.is_empty(), "{name}: there are no cases");
    paths.iter().map(|path| read(path, &name)).collect()
}

fn read(path: &std::path::Path, dir: &str) -> Result<CaseFile> {
    let topic = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{dir}/{topic}.yaml");
    let text = fs::read_to_string(path).with_context(|| name.clone())?;
    let cases: Vec<Case> = serde_yaml_ng::from_str(&text).with_context(|| name.clone())?;
    ensure!(!cases.is_empty(), "{name}: there are no cases");
    for (i, case) in cases.iter().enumerate() {
        let earlier = cases.iter().take(i).any(|other| other.name == case.name);
        ensure!(!earlier, "{name}: two cases are called {:?}", case.name);
    }
    Ok(CaseFile { topic, path: name, cases })
}
