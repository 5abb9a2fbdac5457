//! Listeners: bound before a machine starts, so that ports are known.

use std::io;
use std::net::{SocketAddr, TcpListener};

/// How many connections may wait to be accepted: a storm of reconnecting clients is not turned away.
const BACKLOG: i32 = 1024;

/// A bound listener. Dropping it frees the port.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

/// Binds `host:port`, or `[v6]:port`; port 0 takes a free one. The address may be used again at once after its
/// last owner went.
pub fn bind(address: &str) -> io::Result<Listener> {
    // The standard library sets SO_REUSEADDR and close-on-exec.
    let socket = TcpListener::bind(address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    socket.set_nonblocking(true)?;
    let address = socket.local_addr()?;
    Ok(Listener { socket, address })
}

impl Listener {
    /// Where it listens, with the true port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn into_std(self) -> TcpListener {
        self.socket
    }
}
