//! Addresses on this machine.

use std::{
    io::{Error, ErrorKind},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    ops::Range,
    os::{linux::net::SocketAddrExt, unix::net},
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context, Result};

/// Below the ephemeral ports of Linux, so that no client gets one of these as its local port.
const PORTS: Range<u16> = 10_000..32_768;

/// How far apart two processes start in `PORTS`: more ports than most tests need.
const DISTANCE: u32 = 211;

/// Returns a free address, for programs that do not report the port they bind. No other call returns
/// the same address until this process ends, also in other test processes.
///
/// # Errors
/// Fails if no port is free.
pub fn free_address() -> Result<SocketAddr> {
    /// Holds the names of the ports that this process has reserved.
    static NAMES: Mutex<Vec<net::UnixListener>> = Mutex::new(Vec::new());
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = process::id().wrapping_mul(DISTANCE);
    for _ in PORTS {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS.len() as u32;
        let port = PORTS.start + u16::try_from(offset)?;
        let Some(name) = taken(port)? else { continue };
        // A program without this convention may listen there.
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            NAMES.lock().unwrap_or_else(PoisonError::into_inner).push(name);
            return Ok(listener.local_addr()?);
        }
    }
    Err(Error::from(ErrorKind::AddrNotAvailable)).context("no port is free")
}

/// Takes a port's abstract socket name, which the kernel frees when the process ends. None if a
/// process has it. `deploy/check/envoy_start.py` uses the same names.
fn taken(port: u16) -> Result<Option<net::UnixListener>> {
    let name = net::SocketAddr::from_abstract_name(format!("novasphere-port-{port}"))?;
    match net::UnixListener::bind_addr(&name) {
        Ok(name) => Ok(Some(name)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error).context("cannot take a port's name"),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use super::*;

    #[test]
    fn an_address_is_given_once() {
        let threads: Vec<_> = (0..4)
            .map(|_| thread::spawn(|| (0..200).map(|_| free_address().unwrap()).collect()))
            .collect();
        let given: Vec<Vec<SocketAddr>> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        let different: HashSet<_> = given.iter().flatten().collect();
        assert_eq!(different.len(), 800);
    }

    #[test]
    fn reserved_port_cannot_be_reserved_again() {
        let addr = free_address().unwrap();
        assert!(taken(addr.port()).unwrap().is_none());
    }
}
