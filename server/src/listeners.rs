//! Where clients connect, what they are told, and where the controller is recorded to listen. In: [`Settings`], in our words (`listen`,
//! `advertise`) or Kafka's (`listeners`, `advertised.listeners`, ..). Out: [`Listeners`].
//!
//! L1: a listener of the controller is recorded, never served to clients.
//! L2: names are unique, and every advertised name is a listener's.

use std::collections::BTreeMap;

use crate::address::{Address, Named};
use crate::settings::{Misuse, Setting, Settings};

/// A listener for clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name, in capitals.
    pub name: String,
    /// Where to listen.
    pub bind: Address,
    /// What clients are told; `None`: where it listens.
    pub advertised: Option<Address>,
}

/// All listeners of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listeners {
    /// Those for clients, at least one.
    pub client: Vec<Listener>,
    /// The name of the controller's listener.
    pub controller_name: String,
    /// Where the controller is recorded to listen.
    pub controller: Address,
    /// Listeners that another protocol than PLAINTEXT was asked for: name, protocol, and what asked for it.
    pub secured: Vec<(String, String, String)>,
}

const DEFAULT_LISTEN: &str = "127.0.0.1:9092";
const DEFAULT_CONTROLLER: &str = "CONTROLLER";
const CONTROLLER_PORT: u16 = 9093;
const PROTOCOLS: [&str; 4] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];
const MAP: &str = "listener.security.protocol.map";

/// Reads the listeners.
pub fn read(settings: &Settings) -> Result<Listeners, Misuse> {
    let controller_names = names(settings, "controller.listener.names");
    let controller_name = controller_names
        .first()
        .cloned()
        .unwrap_or_else(|| DEFAULT_CONTROLLER.to_owned());
    let is_controller =
        |name: &str| name == controller_name || controller_names.iter().any(|n| n == name);
    let bound = bound(settings)?;
    let advertised = advertised(settings)?;
    let mut client = Vec::new();
    let mut controller = None;
    for (name, bind) in &bound {
        if is_controller(name) {
            controller = controller.or(Some(bind.clone()));
        } else {
            client.push(Listener {
                name: name.clone(),
                bind: bind.clone(),
                advertised: None,
            });
        }
    }
    if client.is_empty() {
        return Err(Misuse(format!(
            "{}: no listener is for clients: add one, for example PLAINTEXT://127.0.0.1:9092",
            said(settings, "listeners")
        )));
    }
    let mut unnamed = 0;
    for told in advertised {
        let slot = match &told.name {
            Some(name) if is_controller(name) => {
                controller = Some(told.address);
                continue;
            }
            Some(name) => client.iter_mut().find(|listener| listener.name == *name),
            None => {
                unnamed += 1;
                client.get_mut(unnamed - 1)
            }
        };
        let Some(listener) = slot else {
            return Err(Misuse(format!(
                "{}: {} belongs to no listener; there are {}",
                said_either(settings, "advertise", "advertised.listeners"),
                told.name.unwrap_or_else(|| told.address.to_string()),
                client_names(&client),
            )));
        };
        listener.advertised = Some(told.address);
    }
    reachable(settings, &client)?;
    inter_broker(settings, &client)?;
    let controller = recorded(controller);
    let secured = secured(settings, &bound, &controller_name)?;
    Ok(Listeners {
        client,
        controller_name,
        controller,
        secured,
    })
}

/// Names and addresses to listen at, the controller's among them.
fn bound(settings: &Settings) -> Result<Vec<(String, Address)>, Misuse> {
    let default = Setting {
        value: DEFAULT_LISTEN.to_owned(),
        source: crate::settings::Source::Default,
    };
    let (key, setting) = settings
        .stronger("listen", "listeners")?
        .unwrap_or(("listen", &default));
    let list = Named::parse_list(&setting.value).map_err(|why| wrong(key, setting, &why))?;
    let mut bound: Vec<(String, Address)> = Vec::new();
    for (at, named) in list.into_iter().enumerate() {
        let name = match named.name {
            Some(name) => name,
            None if key == "listeners" => {
                return Err(wrong(key, setting, "expected NAME://HOST:PORT,.."));
            }
            None if at == 0 => "PLAINTEXT".to_owned(),
            None => format!("PLAINTEXT_{}", at + 1),
        };
        if bound.iter().any(|(other, _)| *other == name) {
            return Err(wrong(
                key,
                setting,
                &format!("two listeners are called {name}: each needs a name of its own"),
            ));
        }
        bound.push((name, named.address));
    }
    if bound.is_empty() {
        return Err(wrong(
            key,
            setting,
            "expected at least one address to listen at",
        ));
    }
    Ok(bound)
}

fn advertised(settings: &Settings) -> Result<Vec<Named>, Misuse> {
    let Some((key, setting)) = settings.stronger("advertise", "advertised.listeners")? else {
        return Ok(Vec::new());
    };
    let list = Named::parse_list(&setting.value).map_err(|why| wrong(key, setting, &why))?;
    if key == "advertised.listeners" && list.iter().any(|named| named.name.is_none()) {
        return Err(wrong(key, setting, "expected NAME://HOST:PORT,.."));
    }
    if list.iter().any(|named| named.address.is_wildcard()) {
        return Err(wrong(
            key,
            setting,
            "clients cannot connect to every interface: name the host they can reach",
        ));
    }
    Ok(list)
}

/// An explicit wildcard without an advertised address would send clients nowhere. The empty host means this machine's name, as in Kafka.
fn reachable(settings: &Settings, client: &[Listener]) -> Result<(), Misuse> {
    match client
        .iter()
        .find(|l| l.advertised.is_none() && l.bind.is_wildcard() && !l.bind.host.is_empty())
    {
        None => Ok(()),
        Some(listener) => Err(Misuse(format!(
            "{}: clients cannot be told to connect to {}: add --advertise HOST:PORT (advertised.listeners={}://HOST:PORT) with the host they can reach",
            said_either(settings, "listen", "listeners"),
            listener.bind,
            listener.name,
        ))),
    }
}

fn inter_broker(settings: &Settings, client: &[Listener]) -> Result<(), Misuse> {
    let key = "inter.broker.listener.name";
    let Some(setting) = settings.find(key) else {
        return Ok(());
    };
    let name = setting.value.to_ascii_uppercase();
    if client.iter().any(|listener| listener.name == name) {
        return Ok(());
    }
    Err(wrong(
        key,
        setting,
        &format!(
            "expected the name of a listener; there are {}",
            client_names(client)
        ),
    ))
}

/// What is written into the quorum's voter set. Nothing listens there while there is one node, but it must be an address.
fn recorded(said: Option<Address>) -> Address {
    let mut address = said.unwrap_or(Address {
        host: String::new(),
        port: 0,
    });
    if address.is_wildcard() {
        address.host = "localhost".to_owned();
    }
    if address.port == 0 {
        address.port = CONTROLLER_PORT;
    }
    address
}

fn secured(
    settings: &Settings,
    bound: &[(String, Address)],
    controller_name: &str,
) -> Result<Vec<(String, String, String)>, Misuse> {
    let map = protocol_map(settings)?;
    let ours = settings
        .stronger("listen", "listeners")?
        .is_none_or(|(key, _)| key == "listen");
    let mut secured = Vec::new();
    for (name, _) in bound {
        let implied = || (name == controller_name || ours).then(|| "PLAINTEXT".to_owned());
        let itself = || PROTOCOLS.contains(&name.as_str()).then(|| name.clone());
        let protocol = match &map {
            Some(map) => map.get(name).cloned().or_else(implied),
            None => itself().or_else(implied),
        };
        let Some(protocol) = protocol else {
            return Err(Misuse(format!(
                "{}: the listener {name} has no security protocol: add {name}:PLAINTEXT to {MAP}",
                said(settings, "listeners")
            )));
        };
        if protocol != "PLAINTEXT" {
            let by = if map.is_some() {
                said(settings, MAP)
            } else {
                said_either(settings, "listen", "listeners")
            };
            secured.push((name.clone(), protocol, by));
        }
    }
    if let Some(setting) = settings.find("security.inter.broker.protocol")
        && setting.value != "PLAINTEXT"
    {
        let by = said(settings, "security.inter.broker.protocol");
        secured.push(("between brokers".to_owned(), setting.value.clone(), by));
    }
    Ok(secured)
}

fn protocol_map(settings: &Settings) -> Result<Option<BTreeMap<String, String>>, Misuse> {
    let Some(setting) = settings.find(MAP) else {
        return Ok(None);
    };
    let mut map = BTreeMap::new();
    for pair in setting
        .value
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let parts = pair.split_once(':').map(|(name, p)| {
            (
                name.trim().to_ascii_uppercase(),
                p.trim().to_ascii_uppercase(),
            )
        });
        match parts {
            Some((name, protocol)) if PROTOCOLS.contains(&protocol.as_str()) => {
                map.insert(name, protocol)
            }
            _ => {
                let allowed = format!(
                    "{pair:?} is not NAME:PROTOCOL with one of {}",
                    PROTOCOLS.join(", ")
                );
                return Err(wrong(MAP, setting, &allowed));
            }
        };
    }
    Ok(Some(map))
}

fn names(settings: &Settings, key: &str) -> Vec<String> {
    let list = settings.value(key).unwrap_or_default();
    list.split(',')
        .map(|name| name.trim().to_ascii_uppercase())
        .filter(|name| !name.is_empty())
        .collect()
}

fn client_names(client: &[Listener]) -> String {
    client
        .iter()
        .map(|listener| listener.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn wrong(key: &str, setting: &Setting, why: &str) -> Misuse {
    Misuse(format!(
        "{key}={} ({}): {why}",
        setting.value, setting.source
    ))
}

fn said(settings: &Settings, key: &str) -> String {
    match settings.find(key) {
        Some(setting) => format!("{key}={} ({})", setting.value, setting.source),
        None => format!("{key} (not set)"),
    }
}

fn said_either(settings: &Settings, ours: &str, kafkas: &str) -> String {
    match settings.stronger(ours, kafkas) {
        Ok(Some((key, _))) => said(settings, key),
        _ => said(settings, kafkas),
    }
}

#[cfg(test)]
mod tests;
