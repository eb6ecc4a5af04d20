//! Files with the tokens that wrk sends.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::json;

use crate::tokens::{ALGORITHMS, Issuer};

/// A pool of tokens, sent in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pool {
    /// Few enough for the caches to hold all.
    Warm,
    /// More than the 1000 tokens a cache holds, so each is evicted before it is sent again.
    Cold,
}

impl Pool {
    const fn size(self) -> usize {
        match self {
            Pool::Warm => 100,
            Pool::Cold => 2_500,
        }
    }
}

/// The directory of the token files.
pub(crate) struct TokenFiles(BTreeMap<(&'static str, Pool), PathBuf>);

impl TokenFiles {
    /// Writes one file an algorithm and pool, with one token a line.
    pub(crate) fn write(issuer: &Issuer, dir: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        let expiry = json!("now+36000");
        for algorithm in ALGORITHMS {
            let numbers = 0..Pool::Cold.size();
            let tokens = numbers.map(|number| issuer.token(algorithm, number, &expiry));
            let tokens = tokens.collect::<Result<Vec<_>>>()?;
            for pool in [Pool::Warm, Pool::Cold] {
                let path = dir.join(format!("{algorithm}-{pool:?}"));
                let some: Vec<_> = tokens.iter().take(pool.size()).map(String::as_str).collect();
                fs::write(&path, some.join("\n"))?;
                files.insert((algorithm, pool), path);
            }
        }
        Ok(Self(files))
    }

    pub(crate) fn file(&self, algorithm: &str, pool: Pool) -> Result<&Path> {
        let found = self.0.iter().find(|((a, p), _)| *a == algorithm && *p == pool);
        let (_, path) = found.with_context(|| format!("no tokens for {algorithm}"))?;
        Ok(path)
    }
}
