//! Cases as data: `tests/cases/README.md` describes the files.

pub mod emulated;
pub mod explained;
mod format;
pub mod invalid;
mod known;
mod module;
pub mod native;
mod private_key;
pub mod proxied;
mod token;
pub mod traefik;

pub use format::{CaseFile, files, files_for};
pub use known::is_rejected;
pub use module::Module;
pub use novasphere_cases::{
    Case, Exchange, Expectation, Key, Lines, Observed, Place, PrivateKey, PrivateKeyFile, Sent,
    TokenSpec, Upstream, UpstreamExpectation,
};
pub use private_key::SigningKey;
pub use token::{Prepare, mint};

/// All failures of a filter's cases as one error.
fn all_well(failures: &[String]) -> anyhow::Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    anyhow::bail!("{} failures:\n{}\n", failures.len(), failures.join("\n"))
}
