//! Runs the stand-in for novasphere-api: `novasphere-api [--port 8080] [--address 127.0.0.1]`.

use std::{env, io::Write, net::SocketAddr, thread};

use anyhow::{Context, Result, bail};
use novasphere_harness::standin::Standin;

fn main() -> Result<()> {
    let standin = Standin::start_at(address(env::args().skip(1))?)?;
    writeln!(std::io::stdout(), "novasphere-api stand-in at http://{}", standin.addr)?;
    loop {
        thread::park();
    }
}

fn address(mut args: impl Iterator<Item = String>) -> Result<SocketAddr> {
    let (mut address, mut port) = ("127.0.0.1".to_owned(), "8080".to_owned());
    while let Some(name) = args.next() {
        let value = args.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--port" => port = value,
            "--address" => address = value,
            _ => bail!("expected --port or --address, got {name}"),
        }
    }
    Ok(SocketAddr::new(address.parse()?, port.parse()?))
}
