//! `filterctl token`: tokens for a configuration.
//!
//! - `config`: the configurations of jwt-auth in the files of all hosts;
//! - `decode`: the content of a token, and which key of a configuration signed it;
//! - `mint`: valid and invalid tokens.

mod config;
mod decode;
mod mint;

use std::io::Write;

use anyhow::Result;

pub use self::{
    decode::json_value as decoded,
    mint::{TokenKey, token_keys},
};
use crate::cli::Outcome;

/// Mint and decode tokens.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Mint(mint::Args),
    Decode(decode::Args),
}

/// Runs the command.
///
/// # Errors
/// If an option or a file is invalid.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    match &args.command {
        Command::Mint(args) => mint::run(args, out),
        Command::Decode(args) => decode::run(args, out),
    }
}
