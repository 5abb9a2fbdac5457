//! From what was said to what is done. In: [`Settings`]. Out: a [`Configuration`] that can be served, or [`Misuse`].
//!
//! F1: every value that is kept passed the catalogue's check.
//! F2: a key that does nothing yet is named in one warning; none is dropped silently.

use std::path::PathBuf;

use ottla_metadata::config::{Scope, StaticConfig, lookup, nearest};
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::address::Address;
use crate::listeners::{self, Listeners};
use crate::security;
use crate::settings::{Misuse, OWN, Setting, Settings, Source};

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// In this directory.
    Directory(PathBuf),
    /// Nowhere but in memory.
    Memory,
}

/// What is to be served.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// This node's id.
    pub node: i32,
    /// Where its data is.
    pub data: Data,
    /// Where it listens.
    pub listeners: Listeners,
    /// Where metrics are served.
    pub metrics: Option<Address>,
    /// What is logged.
    pub log: Targets,
    /// Kafka's settings.
    pub statics: StaticConfig,
    /// Whether `--override authorizer.class.name=` gave protection up.
    pub unprotected: bool,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// Keys that do nothing in the catalogue's sense, but are understood here.
const UNDERSTOOD: [&str; 4] = [
    "broker.id",
    "controller.quorum.bootstrap.servers",
    "controller.quorum.voters",
    "metadata.log.dir",
];

impl Configuration {
    /// Judges what was said.
    pub fn of(settings: &Settings) -> Result<Configuration, Misuse> {
        let mut warnings = Vec::new();
        let statics = check_keys(settings, &mut warnings)?;
        let listeners = listeners::read(settings)?;
        let unprotected = check_security(settings, &listeners, &mut warnings)?;
        check_alone(settings)?;
        let data = data(settings)?;
        let mut configuration = Configuration {
            node: node(settings)?,
            data,
            listeners,
            metrics: metrics(settings)?,
            log: log(settings)?,
            statics,
            unprotected,
            warnings,
        };
        configuration.complete();
        Ok(configuration)
    }

    /// What Kafka demands in a file and we know ourselves.
    fn complete(&mut self) {
        let controller = self.listeners.controller_name.clone();
        self.keep("node.id", &self.node.to_string());
        self.keep("process.roles", "broker,controller");
        self.keep("controller.listener.names", &controller);
        if let Data::Directory(dir) = &self.data {
            let dir = dir.display().to_string();
            self.keep("log.dirs", &dir);
        }
    }

    /// Shows a value that holds as if it had been configured.
    pub fn keep(&mut self, key: &str, value: &str) {
        let kept = self.statics.set(key, value);
        assert!(kept.is_ok(), "F1: {key}={value} passes the check: {kept:?}");
    }
}

/// F1, F2.
fn check_keys(settings: &Settings, warnings: &mut Vec<String>) -> Result<StaticConfig, Misuse> {
    let mut statics = StaticConfig::new();
    let mut wrong = Vec::new();
    let mut strangers = Vec::new();
    let mut idle = Vec::new();
    for (key, setting) in settings.iter().filter(|(key, _)| !OWN.contains(key)) {
        let name = security::listener_key(key).unwrap_or(key);
        let Some(definition) = lookup(Scope::Broker, name) else {
            match (security::asks(key, &setting.value), &setting.source) {
                (true, _) => {}
                // The environment is shared with others, who may have named theirs OTTLA_ too.
                (false, Source::Environment(_)) => strangers.push(unknown(key, setting)),
                (false, _) => wrong.push(unknown(key, setting)),
            }
            continue;
        };
        if let Err(bad) = definition.check(&setting.value) {
            wrong.push(format!(
                "{key}={} ({}): allowed is {}",
                bad.value, setting.source, bad.allowed
            ));
        } else if name != key {
            idle.push(key);
        } else if key == security::AUTHORIZER && !security::is_given_up(settings) {
            // Kept only where it gives protection up: that is how the broker hears of it.
        } else {
            let kept = statics.set(key, &setting.value);
            assert!(kept.is_ok(), "F1: {key} was checked: {kept:?}");
        }
    }
    if !wrong.is_empty() {
        return Err(Misuse(wrong.join("\n")));
    }
    idle.extend(
        statics
            .unserved()
            .into_iter()
            .filter(|key| !UNDERSTOOD.contains(key)),
    );
    idle.retain(|key| {
        settings
            .find(key)
            .is_none_or(|setting| !security::asks(key, &setting.value))
    });
    if !idle.is_empty() {
        warnings.push(format!(
            "settings of Kafka that this version does not act on yet: {}",
            idle.join(", ")
        ));
    }
    warnings.extend(
        strangers
            .into_iter()
            .map(|sentence| format!("{sentence}; ignored")),
    );
    Ok(statics)
}

fn unknown(key: &str, setting: &Setting) -> String {
    let own = key.replace('_', "-").to_ascii_lowercase();
    let meant = OWN
        .iter()
        .find(|name| **name == own)
        .copied()
        .or_else(|| nearest(Scope::Broker, key));
    let meant = meant
        .map(|name| format!(": the nearest is {name}"))
        .unwrap_or_default();
    format!(
        "{key} ({}) is no setting of Kafka's nor of ottla's{meant}",
        setting.source
    )
}

/// Y1.
fn check_security(
    settings: &Settings,
    listeners: &Listeners,
    warnings: &mut Vec<String>,
) -> Result<bool, Misuse> {
    let asked = security::asked(settings, listeners);
    let given_up = security::is_given_up(settings);
    if asked.is_empty() {
        return Ok(given_up);
    }
    let asked = asked.join("; ");
    if !given_up {
        return Err(Misuse(format!(
            "this version cannot protect a node yet, and was asked to: {asked}: remove these settings, or say --override {}= to serve without protection",
            security::AUTHORIZER
        )));
    }
    warnings.push(format!(
        "serving without protection, as --override {}= says, although there is: {asked}",
        security::AUTHORIZER
    ));
    Ok(true)
}

/// One node, broker and controller in one: anything else in the file was meant for another program.
fn check_alone(settings: &Settings) -> Result<(), Misuse> {
    let list = |key: &str| {
        settings.value(key).map(|v| {
            v.split(',')
                .map(str::trim)
                .filter(|v| !v.is_empty())
                .collect::<Vec<_>>()
        })
    };
    if let (Some(roles), Some(setting)) = (list("process.roles"), settings.find("process.roles"))
        && !(roles.contains(&"broker") && roles.contains(&"controller"))
    {
        return Err(wrong(
            "process.roles",
            setting,
            "this version runs one node that is both: expected broker,controller",
        ));
    }
    for key in [
        "controller.quorum.voters",
        "controller.quorum.bootstrap.servers",
    ] {
        if let (Some(nodes), Some(setting)) = (list(key), settings.find(key))
            && nodes.len() > 1
        {
            return Err(wrong(
                key,
                setting,
                "this version runs one node: expected at most one controller",
            ));
        }
    }
    Ok(())
}

fn node(settings: &Settings) -> Result<i32, Misuse> {
    let said = settings.find("node.id").map(|setting| ("node.id", setting));
    let old = settings
        .find("broker.id")
        .filter(|setting| setting.value != "-1")
        .map(|setting| ("broker.id", setting));
    if let (Some((_, new)), Some((_, old))) = (said, old)
        && new.value != old.value
    {
        return Err(wrong(
            "broker.id",
            old,
            &format!(
                "node.id={} ({}) says otherwise: keep node.id",
                new.value, new.source
            ),
        ));
    }
    let Some((key, setting)) = said.or(old) else {
        return Ok(1);
    };
    let node = setting.value.parse().ok().filter(|node| *node >= 0);
    node.ok_or_else(|| {
        wrong(
            key,
            setting,
            "allowed is a whole number from 0 to 2147483647",
        )
    })
}

fn data(settings: &Settings) -> Result<Data, Misuse> {
    let kafkas = if settings.find("log.dirs").is_some() {
        "log.dirs"
    } else {
        "log.dir"
    };
    let said = settings.stronger("data-dir", kafkas)?;
    if let Some(memory) = settings.find("in-memory")
        && boolean("in-memory", memory)?
    {
        return match said {
            Some((key, _))
                if settings
                    .stronger("in-memory", key)?
                    .is_some_and(|(key, _)| key != "in-memory") =>
            {
                directory(settings, said)
            }
            _ => Ok(Data::Memory),
        };
    }
    directory(settings, said)
}

fn directory(settings: &Settings, said: Option<(&str, &Setting)>) -> Result<Data, Misuse> {
    let Some((key, setting)) = said else {
        return Ok(Data::Directory(PathBuf::from("ottla-data")));
    };
    let dirs: Vec<&str> = match key {
        "data-dir" => vec![setting.value.as_str()],
        _ => setting
            .value
            .split(',')
            .map(str::trim)
            .filter(|dir| !dir.is_empty())
            .collect(),
    };
    let [dir] = dirs[..] else {
        return Err(wrong(
            key,
            setting,
            "this version keeps its data in one directory: name exactly one",
        ));
    };
    if dir.is_empty() {
        return Err(wrong(key, setting, "expected the name of a directory"));
    }
    if let Some(metadata) = settings.find("metadata.log.dir")
        && !metadata.value.is_empty()
        && metadata.value != dir
    {
        return Err(wrong(
            "metadata.log.dir",
            metadata,
            &format!("this version keeps metadata with the rest, in {dir}"),
        ));
    }
    Ok(Data::Directory(PathBuf::from(dir)))
}

fn boolean(key: &str, setting: &Setting) -> Result<bool, Misuse> {
    match setting.value.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        _ => Err(wrong(key, setting, "allowed is true or false")),
    }
}

fn metrics(settings: &Settings) -> Result<Option<Address>, Misuse> {
    let Some(setting) = settings
        .find("metrics")
        .filter(|setting| !setting.value.is_empty())
    else {
        return Ok(None);
    };
    let address = Address::parse(&setting.value).map_err(|why| wrong("metrics", setting, &why))?;
    Ok(Some(address))
}

fn log(settings: &Settings) -> Result<Targets, Misuse> {
    let Some(setting) = settings.find("log") else {
        return Ok(Targets::new().with_default(LevelFilter::WARN));
    };
    let allowed =
        "allowed is off, error, warn, info, debug or trace, or a list of TARGET=LEVEL with commas";
    let is_level = |text: &str| {
        text.parse::<LevelFilter>().is_ok() && !text.bytes().all(|b| b.is_ascii_digit())
    };
    let parts = setting
        .value
        .split(',')
        .map(|part| part.rsplit_once('=').map_or(part, |(_, level)| level));
    if !parts.into_iter().all(is_level) {
        return Err(wrong("log", setting, allowed));
    }
    setting
        .value
        .parse()
        .map_err(|_| wrong("log", setting, allowed))
}

fn wrong(key: &str, setting: &Setting, why: &str) -> Misuse {
    Misuse(format!(
        "{key}={} ({}): {why}",
        setting.value, setting.source
    ))
}

#[cfg(test)]
mod tests;
