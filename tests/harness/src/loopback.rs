//! Addresses on this machine.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Result;

/// A free one, for programs that do not tell which port they got.
///
/// # Errors
/// When there is none.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
