//! Addresses on this machine.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Result;

/// Returns a free address, for programs that do not report the port they bind.
///
/// # Errors
/// Fails if no port is free.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
