//! The command line.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{check, convert, explain_code};

/// Checks, explains and converts configurations of the Novasphere gateway filters. Works offline.
///
/// Exit codes: 0 success, 1 findings or a failed test, 2 wrong usage or an unreadable file,
/// 3 converted, but something was left out.
#[derive(Debug, Parser)]
#[command(name = "filterctl", version, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Convert(convert::Args),
    ExplainCode(explain_code::Args),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to complain about.
    Success,
    /// There are findings, or a test failed.
    Findings,
    /// The output leaves out a part of the input.
    Incomplete,
}

/// The exit code for wrong usage, which clap also uses, and for files that cannot be read.
const USAGE: u8 = 2;

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::SUCCESS,
            Outcome::Findings => Self::from(1),
            Outcome::Incomplete => Self::from(3),
        }
    }
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command, &mut io::stdout().lock()) {
        Ok(outcome) => outcome.into(),
        // The reader of a pipe has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(USAGE)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn run(command: Command, out: &mut dyn Write) -> Result<Outcome> {
    match command {
        Command::Check(args) => check::run(&args, out),
        Command::Convert(args) => convert::run(&args, out),
        Command::ExplainCode(args) => explain_code::run(&args, out),
        Command::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            clap_complete::generate(shell, &mut command, "filterctl", &mut &mut *out);
            Ok(Outcome::Success)
        }
    }
}
