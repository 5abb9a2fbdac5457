//! A host and a port as people write them. In: text. Out: [`Address`], or what is allowed instead.

use std::fmt;

/// A host (name, IPv4 or IPv6 without brackets; empty: every interface) and a port (0: any free one).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// An address with the name of its listener, when one was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// In capitals, as Kafka keeps it.
    pub name: Option<String>,
    /// Where.
    pub address: Address,
}

impl Address {
    /// Reads `HOST:PORT`, `[V6]:PORT` or `:PORT`; the error says what is allowed.
    pub fn parse(text: &str) -> Result<Address, String> {
        let allowed = || {
            "expected HOST:PORT, for example 127.0.0.1:9092 or [::1]:9092, with a port from 0 to 65535".to_owned()
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(allowed)?;
        let port = port.parse().map_err(|_| allowed())?;
        let host = match host.strip_prefix('[') {
            Some(v6) => v6.strip_suffix(']').filter(|v6| v6.contains(':')),
            None => (!host.contains(':')).then_some(host),
        };
        let host = host
            .filter(|host| !host.contains(['/', ' ', ',', '[', ']']))
            .ok_or_else(allowed)?;
        Ok(Address {
            host: host.to_owned(),
            port,
        })
    }

    /// Whether this means every interface, which no client can connect to.
    pub fn is_wildcard(&self) -> bool {
        matches!(self.host.as_str(), "" | "0.0.0.0" | "::")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Named {
    /// Reads a list of `HOST:PORT` or `NAME://HOST:PORT`, with commas between them.
    pub fn parse_list(text: &str) -> Result<Vec<Named>, String> {
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(Named::parse)
            .collect()
    }

    fn parse(text: &str) -> Result<Named, String> {
        match text.split_once("://") {
            None => Ok(Named {
                name: None,
                address: Address::parse(text)?,
            }),
            Some((name, _)) if !is_listener_name(name) => Err(format!(
                "{name:?} is no listener name: expected letters, digits, - and _"
            )),
            Some((name, address)) => Ok(Named {
                name: Some(name.to_ascii_uppercase()),
                address: Address::parse(address)?,
            }),
        }
    }
}

fn is_listener_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read_and_written() {
        for text in [
            "127.0.0.1:9092",
            "localhost:0",
            "[::1]:65535",
            ":9092",
            "a-b.example:1",
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Address::parse("[::1]:1").unwrap().host, "::1");
        for text in [
            "",
            "localhost",
            "localhost:",
            "a:65536",
            "a:-1",
            "::1:9092",
            "[a]:1",
            "http://a:1",
            "a b:1",
            "[::1]",
            "a:1:2",
        ] {
            let why = Address::parse(text).unwrap_err();
            assert!(why.starts_with("expected HOST:PORT"), "{text}: {why}");
        }
    }

    #[test]
    fn a_listener_may_have_a_name() {
        let list = Named::parse_list("plaintext://:9092, a:1,,IN-2://[::]:0").unwrap();
        let names: Vec<_> = list
            .iter()
            .map(|n| (n.name.as_deref(), n.address.to_string()))
            .collect();
        let expected = [
            (Some("PLAINTEXT"), ":9092"),
            (None, "a:1"),
            (Some("IN-2"), "[::]:0"),
        ];
        assert_eq!(
            names,
            expected.map(|(name, address)| (name, address.to_owned()))
        );
        assert!(
            Named::parse_list("a b://c:1")
                .unwrap_err()
                .contains("\"a b\" is no listener name")
        );
        assert!(Named::parse_list("://c:1").is_err());
    }
}
