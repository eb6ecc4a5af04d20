//! Cases as data: `tests/cases/README.md` describes the files.

mod check;
pub mod emulated;
mod expand;
pub mod explained;
mod format;
pub mod invalid;
mod known;
mod lines;
mod module;
pub mod native;
mod private_key;
pub mod proxied;
mod token;
pub mod traefik;

pub use check::Observed;
pub use format::{
    Case, CaseFile, Exchange, Expectation, Sent, Upstream, UpstreamExpectation, files,
};
pub use known::is_rejected;
pub use lines::Lines;
pub use module::Module;
pub use private_key::{PrivateKey, PrivateKeyFile};
pub use token::{Key, TokenSpec, mint};

/// All failures of a filter's cases as one error.
fn all_well(failures: &[String]) -> anyhow::Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    anyhow::bail!("{} failures:\n{}\n", failures.len(), failures.join("\n"))
}
