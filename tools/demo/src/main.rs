//! The demo. `tour` shows each filter at work in a proxy. `up` and `down` start and stop a gateway for
//! curl, and `token` prints a token that it accepts.

mod background;
mod story;
mod tour;
mod traefik;

use std::{env, process::ExitCode};

use anyhow::{Result, bail};
use novasphere_harness::chain;
use serde_json::json;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let command = env::args().nth(1).unwrap_or_default();
    match command.as_str() {
        "tour" => tour::run(&env::args().nth(2).unwrap_or_else(|| "envoy".to_owned())),
        "up" => background::up(),
        "down" => background::down(),
        "serve" => background::serve(),
        "token" => {
            say(&token(json!({"exp": "now+3600"}))?);
            Ok(())
        }
        other => bail!("expected tour, up, down or token, got {other:?}"),
    }
}

/// Returns a token of alice with additional claims.
fn token(claims: serde_json::Value) -> Result<String> {
    let mut all = json!({"iss": "novasphere-user", "sub": "alice", "name": "Alice"});
    if let (Some(all), serde_json::Value::Object(claims)) = (all.as_object_mut(), claims) {
        all.extend(claims);
    }
    chain::token(all)
}

/// Prints a line.
#[allow(clippy::print_stdout)] // the output is the purpose of this program
fn say(line: &str) {
    println!("{line}");
}
