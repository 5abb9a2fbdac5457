//! The specs: their model, and the reader of their text.
//!
//! Invariants
//! - S1: every struct that a field names is defined once in its message, and structs do not contain themselves.
//! - S2: a tagged field has versions in which the message is flexible.
//! - S3: a struct may be null in all of its versions or in none.

use std::collections::BTreeMap;
use std::fmt;

/// A range of versions, both ends included; empty when `first > last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The first.
    pub first: i16,
    /// The last; `i16::MAX` for "and all later ones".
    pub last: i16,
}

impl Versions {
    /// No version.
    pub const NONE: Versions = Versions { first: 0, last: -1 };

    /// `3+`, `3-7`, `3` or `none`.
    pub fn parse(text: &str) -> Option<Versions> {
        if text == "none" {
            return Some(Versions::NONE);
        }
        if let Some(first) = text.strip_suffix('+') {
            return Some(Versions {
                first: first.parse().ok()?,
                last: i16::MAX,
            });
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some(Versions {
            first: first.parse().ok()?,
            last: last.parse().ok()?,
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first > self.last
    }

    /// Whether it is one of them.
    pub fn contains(&self, version: i16) -> bool {
        (self.first..=self.last).contains(&version)
    }

    /// Those that are in both.
    pub fn and(&self, other: Versions) -> Versions {
        let both = Versions {
            first: self.first.max(other.first),
            last: self.last.min(other.last),
        };
        if both.is_empty() {
            Versions::NONE
        } else {
            both
        }
    }
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asked of a broker or controller.
    Request,
    /// Its answer.
    Response,
    /// A record of the cluster metadata.
    Metadata,
    /// Something else that is stored.
    Data,
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A byte, 0 or 1.
    Bool,
    /// 8 bits.
    Int8,
    /// 16 bits.
    Int16,
    /// 32 bits.
    Int32,
    /// 64 bits.
    Int64,
    /// 16 bits, unsigned.
    Uint16,
    /// 32 bits, unsigned.
    Uint32,
    /// IEEE 754.
    Float64,
    /// Sixteen bytes.
    Uuid,
    /// UTF-8.
    String,
    /// Any bytes.
    Bytes,
    /// Record batches.
    Records,
    /// A struct of that name.
    Struct(String),
    /// Many of something.
    Array(Box<Type>),
}

impl Type {
    /// As a spec writes it.
    pub fn parse(text: &str) -> Option<Type> {
        if let Some(element) = text.strip_prefix("[]") {
            return Some(Type::Array(Box::new(Type::parse(element)?)));
        }
        Some(match text {
            "bool" => Type::Bool,
            "int8" => Type::Int8,
            "int16" => Type::Int16,
            "int32" => Type::Int32,
            "int64" => Type::Int64,
            "uint16" => Type::Uint16,
            "uint32" => Type::Uint32,
            "float64" => Type::Float64,
            "uuid" => Type::Uuid,
            "string" => Type::String,
            "bytes" => Type::Bytes,
            "records" => Type::Records,
            name if name.starts_with(|c: char| c.is_ascii_uppercase()) => {
                Type::Struct(name.to_owned())
            }
            _ => return None,
        })
    }

    /// The struct that it is, or that it is an array of.
    pub fn structure(&self) -> Option<&str> {
        match self {
            Type::Struct(name) => Some(name),
            Type::Array(element) => element.structure(),
            _ => None,
        }
    }
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Kafka's name.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// The versions that have it.
    pub versions: Versions,
    /// The versions in which it may be null.
    pub nullable: Versions,
    /// Its tag.
    pub tag: Option<u32>,
    /// Whether a version without it may lose it silently.
    pub ignorable: bool,
    /// Its value where it is absent, if that is not zero, empty or false.
    pub default: Option<String>,
}

impl Field {
    /// Whether it is null where it is absent.
    pub fn defaults_to_null(&self) -> bool {
        self.default.as_deref() == Some("null") || self.kind == Type::Records
    }
}

/// A struct inside a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struct {
    /// Kafka's name.
    pub name: String,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is for.
    pub kind: Kind,
    /// Kafka's name.
    pub name: String,
    /// The API key, or the type of the record.
    pub key: Option<i16>,
    /// Who listens for it.
    pub listeners: Vec<String>,
    /// The versions that Kafka serves.
    pub versions: Versions,
    /// The version after those, if there is one.
    pub unstable: Option<i16>,
    /// The flexible ones.
    pub flexible: Versions,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    /// The structs in it, each after the one that uses it first.
    pub structs: Vec<Struct>,
}

/// A spec that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSpec {
    /// The line, from 1; 0 for the whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for BadSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for BadSpec {}

impl Message {
    /// Every version for which there is code.
    pub fn coded(&self) -> Versions {
        Versions {
            first: self.versions.first,
            last: self.unstable.unwrap_or(self.versions.last),
        }
    }

    /// The versions in which something holds the struct of that name, and those between.
    pub fn reach(&self, name: &str) -> Versions {
        let whole = (self.coded(), &self.fields);
        let inside = self
            .structs
            .iter()
            .filter(|s| s.name != name)
            .map(|s| (s.name.as_str(), &s.fields));
        let holds = |fields: &[Field]| {
            fields
                .iter()
                .any(|field| field.kind.structure() == Some(name))
        };
        let owners = inside
            .filter(|(_, fields)| holds(fields))
            .map(|(owner, fields)| (self.reach(owner), fields));
        let uses = owners.chain([whole]).flat_map(|(within, fields)| {
            let uses = fields
                .iter()
                .filter(|field| field.kind.structure() == Some(name));
            uses.map(move |field| field.versions.and(within))
                .filter(|versions| !versions.is_empty())
        });
        uses.reduce(|a, b| Versions {
            first: a.first.min(b.first),
            last: a.last.max(b.last),
        })
        .unwrap_or(Versions::NONE)
    }

    /// The fields of the struct of that name.
    pub fn structure(&self, name: &str) -> Option<&Struct> {
        self.structs.iter().find(|known| known.name == name)
    }

    /// Reads a spec.
    pub fn parse(text: &str) -> Result<Message, BadSpec> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line));
        let mut message = Message::parse_head(&mut lines)?;
        // The structs that are open, outermost first: the index of each, and how deep its fields are.
        let mut open: Vec<(Option<usize>, usize)> = vec![(None, 0)];
        for (line, text) in lines {
            let bad = |what: &str| BadSpec {
                line,
                what: what.to_owned(),
            };
            let words = text.trim_start();
            if words.is_empty() {
                continue;
            }
            let depth = (text.len() - words.len()) / 2;
            if let Some(name) = words.strip_prefix("struct ") {
                let name = name.split(' ').next().unwrap_or(name);
                message.structs.push(Struct {
                    name: name.to_owned(),
                    fields: Vec::new(),
                });
                open = vec![(Some(message.structs.len() - 1), 1)];
                continue;
            }
            let field = parse_field(words).map_err(|what| bad(&what))?;
            while open.last().is_some_and(|(_, at)| *at > depth) {
                open.pop();
            }
            if open.last().is_none_or(|(_, at)| *at < depth) {
                let owner = open
                    .last()
                    .and_then(|(index, _)| message.fields_of(*index).last());
                let name = owner
                    .and_then(|owner| owner.kind.structure())
                    .map(str::to_owned);
                let name = name.ok_or_else(|| bad("fields of no struct"))?;
                message.structs.push(Struct {
                    name,
                    fields: Vec::new(),
                });
                open.push((Some(message.structs.len() - 1), depth));
            }
            let index = open.last().and_then(|(index, _)| *index);
            message.fields_of(index).push(field);
        }
        message.check()?;
        Ok(message)
    }

    fn fields_of(&mut self, index: Option<usize>) -> &mut Vec<Field> {
        match index {
            Some(index) => &mut self.structs[index].fields,
            None => &mut self.fields,
        }
    }

    fn parse_head<'a>(
        lines: &mut impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Message, BadSpec> {
        let bad = |line: usize, what: &str| BadSpec {
            line,
            what: what.to_owned(),
        };
        let (line, first) = lines.next().ok_or_else(|| bad(0, "empty"))?;
        let (kind, name) = first
            .split_once(' ')
            .ok_or_else(|| bad(line, "kind and name wanted"))?;
        let kind = match kind {
            "request" => Kind::Request,
            "response" => Kind::Response,
            "metadata" => Kind::Metadata,
            "data" | "coordinator-key" | "coordinator-value" => Kind::Data,
            _ => return Err(bad(line, "unknown kind")),
        };
        let mut message = Message {
            kind,
            name: name.to_owned(),
            key: None,
            listeners: Vec::new(),
            versions: Versions::NONE,
            unstable: None,
            flexible: Versions::NONE,
            fields: Vec::new(),
            structs: Vec::new(),
        };
        for (line, text) in lines.by_ref().take_while(|(_, text)| !text.is_empty()) {
            let (word, value) = text
                .split_once(' ')
                .ok_or_else(|| bad(line, "a value is missing"))?;
            let number = || value.parse().map_err(|_| bad(line, "not a number"));
            let versions = || Versions::parse(value).ok_or_else(|| bad(line, "not versions"));
            match word {
                "key" => message.key = Some(number()?),
                "listeners" => message.listeners = value.split(' ').map(str::to_owned).collect(),
                "versions" => message.versions = versions()?,
                "unstable" => message.unstable = Some(number()?),
                "flexible" => message.flexible = versions()?,
                _ => return Err(bad(line, "unknown word")),
            }
        }
        Ok(message)
    }

    fn check(&self) -> Result<(), BadSpec> {
        let bad = |what: String| Err(BadSpec { line: 0, what });
        let mut known = BTreeMap::new();
        for (index, structure) in self.structs.iter().enumerate() {
            if known.insert(structure.name.as_str(), index).is_some() {
                return bad(format!("S1: {} is defined twice", structure.name));
            }
        }
        let all = self
            .structs
            .iter()
            .map(|s| &s.fields)
            .chain([&self.fields])
            .flatten();
        for field in all {
            if field
                .kind
                .structure()
                .is_some_and(|name| !known.contains_key(name))
            {
                return bad(format!("S1: the struct of {} is missing", field.name));
            }
            if field.tag.is_some() && self.flexible.and(field.versions).is_empty() {
                return bad(format!(
                    "S2: {} is tagged where nothing is flexible",
                    field.name
                ));
            }
            let sometimes_null = !field.nullable.is_empty() && field.nullable != field.versions;
            if matches!(field.kind, Type::Struct(_)) && sometimes_null {
                return bad(format!("S3: {} is null in some versions only", field.name));
            }
        }
        match self
            .structs
            .iter()
            .find(|s| self.reaches(&s.name, &s.name, self.structs.len()))
        {
            Some(structure) => bad(format!("S1: {} contains itself", structure.name)),
            None => Ok(()),
        }
    }

    /// Whether `from` contains `to`, looking so many steps far.
    fn reaches(&self, from: &str, to: &str, steps: usize) -> bool {
        let inside = self
            .structure(from)
            .into_iter()
            .flat_map(|s| &s.fields)
            .filter_map(|f| f.kind.structure());
        steps > 0
            && inside
                .into_iter()
                .any(|name| name == to || self.reaches(name, to, steps - 1))
    }
}

fn parse_field(words: &str) -> Result<Field, String> {
    let (words, default) = match words.split_once(" = ") {
        Some((words, default)) => (words, Some(default.trim_matches('"').to_owned())),
        None => (words, None),
    };
    let mut words = words.split(' ');
    let mut next = |what: &str| words.next().ok_or(format!("{what} is missing"));
    let name = next("name")?.to_owned();
    let kind = Type::parse(next("type")?).ok_or("unknown type")?;
    let versions = Versions::parse(next("versions")?).ok_or("not versions")?;
    let mut field = Field {
        name,
        kind,
        versions,
        nullable: Versions::NONE,
        tag: None,
        ignorable: false,
        default,
    };
    while let Ok(word) = next("word") {
        match word {
            "null" => field.nullable = Versions::parse(next("null")?).ok_or("not versions")?,
            "tag" => field.tag = Some(next("tag")?.parse().map_err(|_| "not a tag")?),
            "ignorable" => field.ignorable = true,
            _ => return Err(format!("unknown word {word}")),
        }
    }
    Ok(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_read() {
        let text = "request XRequest\nkey 7\nlisteners broker\nversions 1-3\nflexible 2+\n\nA []Y 0+\n  B string 2+ null 3+ tag 0 ignorable = null\nC Z 1\n\nstruct Z 0+\n  D int32 0+ = -1\n";
        let message = Message::parse(text).unwrap();
        assert_eq!(
            (message.key, message.versions),
            (Some(7), Versions { first: 1, last: 3 })
        );
        assert_eq!(message.fields.len(), 2);
        assert_eq!(
            message
                .structs
                .iter()
                .map(|s| s.name.as_str())
                .collect::<Vec<_>>(),
            ["Y", "Z"]
        );
        let b = &message.structs[0].fields[0];
        assert_eq!(
            (b.tag, b.ignorable, b.defaults_to_null(), b.nullable.first),
            (Some(0), true, true, 3)
        );
        assert_eq!(message.structs[1].fields[0].default.as_deref(), Some("-1"));
    }

    #[test]
    fn bad_specs_are_told() {
        let head = "data X\nversions 0\nflexible none\n\n";
        for (body, what) in [
            ("A []Y 0+\n", "S1: the struct of A is missing"),
            ("A []Y 0+\n  B []Y 0+\n", "S1: Y contains itself"),
            (
                "A int32 0+ tag 0\n",
                "S2: A is tagged where nothing is flexible",
            ),
            ("A int31 0+\n", "unknown type"),
            ("A int32 0+\n  B int32 0+\n", "fields of no struct"),
        ] {
            assert_eq!(
                Message::parse(&format!("{head}{body}")).unwrap_err().what,
                what
            );
        }
    }
}
