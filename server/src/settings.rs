//! What was said, by whom, and who wins. In: flags, environment variables, the text of a configuration file. Out: [`Settings`]: one value
//! per key, with its source.
//!
//! S1: every value knows where it was said, so that a wrong one can be named with its place.
//! S2: flags and overrides win over the environment, the environment over the file, the file over the defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ottla_metadata::config::SHIPPED;

use crate::arguments::Serve;
use crate::{properties, toml_file};

/// The names of our own flags, as a file may say them. Kafka's keys have dots; none of these does.
pub const OWN: [&str; 6] = [
    "data-dir",
    "listen",
    "advertise",
    "in-memory",
    "metrics",
    "log",
];

/// What the operator asked for and cannot be had: sentences that say what, where and what to do, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse(pub String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Misuse {}

/// Who said a value. Later ones win.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody: what a single node is shipped with.
    Default,
    /// A file, at a line.
    File(Arc<str>, usize),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
    /// `--override`.
    Override,
}

impl Source {
    fn rank(&self) -> u8 {
        match self {
            Source::Default => 0,
            Source::File(..) => 1,
            Source::Environment(_) => 2,
            Source::Flag(_) | Source::Override => 3,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("the default"),
            Source::File(name, line) => write!(f, "{name} line {line}"),
            Source::Environment(name) => write!(f, "environment variable {name}"),
            Source::Flag(name) => f.write_str(name),
            Source::Override => f.write_str("--override"),
        }
    }
}

/// A value and who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: String,
    /// Who said it.
    pub source: Source,
}

/// A configuration file that was read.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Its name as the operator gave it.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// One value per key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    by_key: BTreeMap<String, Setting>,
}

impl Settings {
    /// All layers, one over the other.
    pub fn gather(
        flags: &Serve,
        environment: &[(String, String)],
        file: Option<&ConfigFile>,
    ) -> Result<Settings, Misuse> {
        let mut settings = Settings::default();
        for (key, value) in SHIPPED {
            settings.set(key, (*value).to_owned(), Source::Default);
        }
        if let Some(file) = file {
            settings.add_file(file)?;
        }
        settings.add_environment(environment);
        settings.add_flags(flags)?;
        Ok(settings)
    }

    /// What is set for a key.
    pub fn find(&self, key: &str) -> Option<&Setting> {
        self.by_key.get(key)
    }

    /// The value set for a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.find(key).map(|setting| setting.value.as_str())
    }

    /// All that is set, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.by_key
            .iter()
            .map(|(key, setting)| (key.as_str(), setting))
    }

    /// Of two names for one thing the one that was said last; misuse when both were said in one place.
    pub fn stronger<'a>(
        &'a self,
        one: &'a str,
        other: &'a str,
    ) -> Result<Option<(&'a str, &'a Setting)>, Misuse> {
        let (a, b) = match (self.find(one), self.find(other)) {
            (Some(a), Some(b)) => (a, b),
            (Some(a), None) => return Ok(Some((one, a))),
            (None, b) => return Ok(b.map(|b| (other, b))),
        };
        match a.source.rank().cmp(&b.source.rank()) {
            std::cmp::Ordering::Greater => Ok(Some((one, a))),
            std::cmp::Ordering::Less => Ok(Some((other, b))),
            std::cmp::Ordering::Equal => Err(Misuse(format!(
                "{one}={} ({}) and {other}={} ({}) exclude each other: keep one of them",
                a.value, a.source, b.value, b.source
            ))),
        }
    }

    /// Sets a key over what was said before.
    pub fn set(&mut self, key: &str, value: String, source: Source) {
        self.by_key
            .insert(key.to_owned(), Setting { value, source });
    }

    fn add_file(&mut self, file: &ConfigFile) -> Result<(), Misuse> {
        let parsed = if is_toml(&file.name) {
            toml_file::parse(&file.bytes)
        } else {
            properties::parse(&file.bytes)
        };
        let pairs =
            parsed.map_err(|(line, why)| Misuse(format!("{} line {line}: {why}", file.name)))?;
        let name: Arc<str> = file.name.as_str().into();
        for pair in pairs {
            self.set(&pair.key, pair.value, Source::File(name.clone(), pair.line));
        }
        Ok(())
    }

    fn add_environment(&mut self, environment: &[(String, String)]) {
        for (name, value) in environment {
            if let Some(key) = environment_key(name) {
                self.set(
                    &key,
                    value.trim().to_owned(),
                    Source::Environment(name.clone()),
                );
            }
        }
    }

    fn add_flags(&mut self, flags: &Serve) -> Result<(), Misuse> {
        let list = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
        let said = [
            ("data-dir", "--data-dir", flags.data_dir.clone()),
            ("listen", "--listen", list(&flags.listen)),
            ("advertise", "--advertise", list(&flags.advertise)),
            (
                "in-memory",
                "--in-memory",
                flags.in_memory.then(|| "true".to_owned()),
            ),
            ("metrics", "--metrics", flags.metrics.clone()),
            ("log", "--log", flags.log.clone()),
        ];
        for (key, flag, value) in said {
            if let Some(value) = value {
                self.set(key, value, Source::Flag(flag));
            }
        }
        for pair in &flags.overrides {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(Misuse(format!(
                    "--override {pair}: expected KEY=VALUE, for example --override num.partitions=3"
                )));
            };
            self.set(key.trim(), value.trim().to_owned(), Source::Override);
        }
        Ok(())
    }
}

/// Whether a configuration file's name says that it is TOML.
pub fn is_toml(name: &str) -> bool {
    name.ends_with(".toml")
}

/// The key that an environment variable names, by the convention of Kafka's images: `_` is a dot, `__` is `_`, `___` is `-`.
fn environment_key(name: &str) -> Option<String> {
    let rest = name.strip_prefix("OTTLA_")?.to_ascii_lowercase();
    let own = rest.replace('_', "-");
    if rest == "config" {
        return None; // names the file itself; read before
    }
    if OWN.contains(&own.as_str()) {
        return Some(own);
    }
    let dotted = rest
        .replace("___", "-")
        .replace("__", "\0")
        .replace('_', ".")
        .replace('\0', "_");
    Some(dotted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn file(name: &str, text: &str) -> ConfigFile {
        ConfigFile {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    #[test]
    fn each_layer_wins_over_the_one_below() {
        let key = "offsets.topic.replication.factor";
        let toml = file(
            "c.toml",
            "# a comment\n[offsets.topic]\nreplication.factor = 2\n",
        );
        let variables = environment(&[("OTTLA_OFFSETS_TOPIC_REPLICATION_FACTOR", "3")]);
        let flags = Serve {
            overrides: vec![format!("{key}=4")],
            ..Serve::default()
        };
        let none = Serve::default();
        let says = |flags: &Serve, variables: &[_], file: Option<&ConfigFile>| {
            let settings = Settings::gather(flags, variables, file).unwrap();
            let setting = settings.find(key).cloned();
            setting.map(|s| (s.value, s.source.to_string()))
        };
        let value = |value: &str, source: &str| Some((value.to_owned(), source.to_owned()));
        assert_eq!(says(&none, &[], None), value("1", "the default"));
        assert_eq!(says(&none, &[], Some(&toml)), value("2", "c.toml line 3"));
        let variable = "environment variable OTTLA_OFFSETS_TOPIC_REPLICATION_FACTOR";
        assert_eq!(says(&none, &variables, Some(&toml)), value("3", variable));
        assert_eq!(
            says(&flags, &variables, Some(&toml)),
            value("4", "--override")
        );
    }

    #[test]
    fn flags_win_over_the_variables_of_the_same_name() {
        let flags = Serve {
            listen: vec!["a:1".into(), "b:2".into()],
            ..Serve::default()
        };
        let variables = environment(&[
            ("OTTLA_LISTEN", "c:3"),
            ("OTTLA_DATA_DIR", "there"),
            ("OTTLA_IN_MEMORY", "false"),
            ("OTTLA_CONFIG", "x.toml"),
            ("HOME", "/root"),
        ]);
        let settings = Settings::gather(&flags, &variables, None).unwrap();
        assert_eq!(settings.value("listen"), Some("a:1,b:2"));
        assert_eq!(settings.value("data-dir"), Some("there"));
        assert_eq!(settings.value("in-memory"), Some("false"));
        assert_eq!(settings.value("config"), None);
        assert_eq!(settings.value("home"), None);
    }

    #[test]
    fn underscores_are_dots_as_in_kafkas_images() {
        assert_eq!(
            environment_key("OTTLA_LOG_RETENTION_MS").unwrap(),
            "log.retention.ms"
        );
        assert_eq!(environment_key("OTTLA_LOG").unwrap(), "log");
        assert_eq!(
            environment_key("OTTLA_LISTENER_NAME_A__B_C___D").unwrap(),
            "listener.name.a_b.c-d"
        );
        assert_eq!(environment_key("KAFKA_LOG_DIRS"), None);
    }

    #[test]
    fn the_same_thing_said_twice_in_one_place_is_refused() {
        let flags = Serve {
            data_dir: Some("x".into()),
            overrides: vec!["log.dirs=y".into()],
            ..Serve::default()
        };
        let settings = Settings::gather(&flags, &[], None).unwrap();
        let why = settings.stronger("data-dir", "log.dirs").unwrap_err().0;
        assert!(
            why.contains("data-dir=x (--data-dir)") && why.contains("log.dirs=y (--override)"),
            "{why}"
        );
        let below = file("c.properties", "log.dirs=z");
        let flags = Serve {
            data_dir: Some("x".into()),
            ..Serve::default()
        };
        let settings = Settings::gather(&flags, &[], Some(&below)).unwrap();
        let (name, setting) = settings.stronger("data-dir", "log.dirs").unwrap().unwrap();
        assert_eq!((name, setting.value.as_str()), ("data-dir", "x"));
    }

    #[test]
    fn an_override_without_a_value_is_misuse() {
        let flags = Serve {
            overrides: vec!["num.partitions".into()],
            ..Serve::default()
        };
        let why = Settings::gather(&flags, &[], None).unwrap_err().0;
        assert!(
            why.starts_with("--override num.partitions: expected KEY=VALUE"),
            "{why}"
        );
    }
}
