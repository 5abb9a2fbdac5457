//! From listeners to bound sockets. In: [`Listeners`]. Out: sockets in the same order, and what clients are told, with true ports.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use crate::address::Address;
use crate::listeners::{Listener, Listeners};

/// What clients are told of one listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The listener's name.
    pub name: String,
    /// Where clients connect to.
    pub address: Address,
    /// Where it is bound, for the operator.
    pub bound: Address,
}

/// Binds all listeners for clients, or says in a sentence which cannot be bound.
pub fn bind(listeners: &Listeners) -> Result<(Vec<ottla_io::Listener>, Vec<Told>), String> {
    let mut sockets = Vec::new();
    let mut told = Vec::new();
    for listener in &listeners.client {
        let socket = open(&listener.bind).map_err(|error| sentence(&listener.bind, &error))?;
        told.push(told_of(listener, socket.address()));
        sockets.push(socket);
    }
    Ok((sockets, told))
}

/// Why an address cannot be listened at, for the operator.
pub fn sentence(address: &Address, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => {
            format!(
                "cannot listen at {address}: another program does; stop it, or choose another port (0 takes a free one)"
            )
        }
        ErrorKind::AddrNotAvailable => {
            format!(
                "cannot listen at {address}: this machine has no such address; name one that it has"
            )
        }
        ErrorKind::PermissionDenied => {
            format!(
                "cannot listen at {address}: not allowed to this user; choose a port from 1024 on"
            )
        }
        _ => format!("cannot listen at {address}: {error}"),
    }
}

fn open(address: &Address) -> io::Result<ottla_io::Listener> {
    if !address.host.is_empty() {
        return ottla_io::bind(&address.to_string());
    }
    // Every interface: of both families where there are two.
    let port = address.port;
    match ottla_io::bind(&format!("[::]:{port}")) {
        Err(error) if error.kind() != ErrorKind::AddrInUse => {
            ottla_io::bind(&format!("0.0.0.0:{port}"))
        }
        bound => bound,
    }
}

fn told_of(listener: &Listener, at: SocketAddr) -> Told {
    let bound = Address {
        host: if listener.bind.host.is_empty() {
            at.ip().to_string()
        } else {
            listener.bind.host.clone()
        },
        port: at.port(),
    };
    let mut address = listener.advertised.clone().unwrap_or_else(|| Address {
        port: 0,
        ..listener.bind.clone()
    });
    if address.host.is_empty() {
        address.host = host_name();
    }
    if address.port == 0 {
        address.port = at.port();
    }
    Told {
        name: listener.name.clone(),
        address,
        bound,
    }
}

/// What this machine is called; clients elsewhere hopefully know it by that.
fn host_name() -> String {
    let name = rustix::system::uname();
    match name.nodename().to_str() {
        Ok(name) if !name.is_empty() => name.to_owned(),
        _ => "localhost".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(bind: &str, advertised: Option<&str>) -> Listener {
        Listener {
            name: "PLAINTEXT".to_owned(),
            bind: Address::parse(bind).unwrap(),
            advertised: advertised.map(|text| Address::parse(text).unwrap()),
        }
    }

    fn told(bind: &str, advertised: Option<&str>) -> String {
        told_of(&listener(bind, advertised), "[::]:5".parse().unwrap())
            .address
            .to_string()
    }

    #[test]
    fn clients_are_told_the_true_port() {
        assert_eq!(told("localhost:0", None), "localhost:5");
        assert_eq!(told("127.0.0.1:0", Some("out:0")), "out:5");
        assert_eq!(told("0.0.0.0:0", Some("out:7")), "out:7");
        assert_eq!(told(":0", None), format!("{}:5", host_name()));
    }

    #[test]
    fn a_taken_port_is_said_in_words() {
        let (sockets, told) = bind(&listeners("127.0.0.1:0")).unwrap();
        let port = sockets[0].address().port();
        assert_eq!(
            told[0].address,
            Address {
                host: "127.0.0.1".to_owned(),
                port
            }
        );
        let why = bind(&listeners(&format!("127.0.0.1:{port}"))).unwrap_err();
        assert!(
            why.contains(&format!("127.0.0.1:{port}: another program does")),
            "{why}"
        );
    }

    #[test]
    fn every_interface_is_there_for_both_families() {
        let (sockets, _) = bind(&listeners(":0")).unwrap();
        let port = sockets[0].address().port();
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    }

    fn listeners(bind: &str) -> Listeners {
        Listeners {
            client: vec![listener(bind, None)],
            controller_name: "CONTROLLER".to_owned(),
            controller: Address::parse("localhost:9093").unwrap(),
            secured: Vec::new(),
        }
    }
}
