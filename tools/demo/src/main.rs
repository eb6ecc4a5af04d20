//! The demo: `tour` walks through the story in one of the proxies, `up` and `down` keep a gateway running for curl,
//! `token` prints a token it accepts.

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
        other => bail!("{other:?} is none of tour, up, down, token"),
    }
}

/// A token of alice's, with `claims` besides.
fn token(claims: serde_json::Value) -> Result<String> {
    let mut all = json!({"iss": "novasphere-user", "sub": "alice", "name": "Alice"});
    if let (Some(all), serde_json::Value::Object(claims)) = (all.as_object_mut(), claims) {
        all.extend(claims);
    }
    chain::token(all)
}

/// Prints a line.
#[allow(clippy::print_stdout)] // this program's output is its purpose
fn say(line: &str) {
    println!("{line}");
}
