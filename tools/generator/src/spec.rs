//! The specs: their model.

mod parse;

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
    /// What stands before one of them.
    Header,
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
    /// Whether it keeps its old encoding where everything around it is flexible.
    pub rigid: bool,
    /// Whether it is an array that is read where it lies.
    pub view: bool,
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
    /// The versions that Kafka serves; none of what is newer than it as a whole.
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
    /// What its spec file is called: like its API, or like itself.
    pub fn file(&self) -> &str {
        let ending = match self.kind {
            Kind::Request => "Request",
            Kind::Response => "Response",
            Kind::Header | Kind::Metadata | Kind::Data => "",
        };
        self.name.strip_suffix(ending).unwrap_or(&self.name)
    }

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
}
