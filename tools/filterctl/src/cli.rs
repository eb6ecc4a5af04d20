//! The command line.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use anyhow::{Result, bail};
use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    artifact::{verify, version},
    check, convert, diff, docs, explain, explain_code, init, jwks, key, render, schema, test,
    token,
};

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
    Diff(diff::Args),
    Explain(Box<explain::Args>),
    ExplainCode(explain_code::Args),
    /// Print a man page: of filterctl, or of one command.
    Man {
        /// The command.
        command: Option<String>,
    },
    Docs(docs::Args),
    Init(init::Args),
    Jwks(jwks::Args),
    Key(key::Args),
    Render(render::Args),
    Schema(schema::Args),
    Test(test::Args),
    Token(Box<token::Args>),
    Verify(verify::Args),
    Version(version::Args),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// The outcome of a command.
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
        Command::Diff(args) => diff::run(&args, out),
        Command::Explain(args) => explain::run(&args, out),
        Command::ExplainCode(args) => explain_code::run(&args, out),
        Command::Man { command } => man(command.as_deref(), out),
        Command::Docs(args) => docs::run(&args, out),
        Command::Init(args) => init::run(&args, out),
        Command::Jwks(args) => jwks::run(&args, out),
        Command::Key(args) => key::run(&args, out),
        Command::Render(args) => render::run(&args, out),
        Command::Schema(args) => schema::run(&args, out),
        Command::Test(args) => test::run(&args, out),
        Command::Token(args) => token::run(&args, out),
        Command::Verify(args) => verify::run(&args, out),
        Command::Version(args) => version::run(&args, out),
        Command::Completions { shell } => {
            // The generator panics if the reader of a pipe is gone.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "filterctl", &mut script);
            out.write_all(&script)?;
            Ok(Outcome::Success)
        }
    }
}

fn man(name: Option<&str>, mut out: &mut dyn Write) -> Result<Outcome> {
    let mut all = Cli::command();
    all.build();
    let command = match name {
        None => Some(all),
        Some(name) => all.find_subcommand(name).cloned(),
    };
    let Some(command) = command else {
        bail!("no command {:?}; filterctl --help lists them", name.unwrap_or_default());
    };
    clap_mangen::Man::new(command).render(&mut out)?;
    Ok(Outcome::Success)
}
