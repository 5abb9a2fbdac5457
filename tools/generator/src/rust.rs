//! A message as Rust: one file with its structs, their defaults, and how they are read and written.
//!
//! The code calls the primitives of the protocol crate's `wire` and nothing else, and decides at run time only
//! what differs between versions.

mod code;

use crate::name;
use crate::spec::{Field, Message, Struct, Type, Versions};
use std::fmt::Write;

/// The text of the file, not yet formatted.
pub fn file(message: &Message) -> String {
    let mut body = String::new();
    let top = Struct {
        name: message.name.clone(),
        fields: message.fields.clone(),
    };
    Emit {
        message,
        structure: &top,
        top: true,
        within: message.coded(),
    }
    .all(&mut body);
    for structure in &message.structs {
        let within = message.reach(&structure.name);
        if !within.is_empty() {
            Emit {
                message,
                structure,
                top: false,
                within,
            }
            .all(&mut body);
        }
    }
    let uses = |path: &str, words: &[&str]| {
        let used: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| mentions(&body, word))
            .collect();
        if used.is_empty() {
            String::new()
        } else {
            format!("use {path}::{{{}}};\n", used.join(", "))
        }
    };
    let wire = [
        "DecodeError",
        "Element",
        "Elements",
        "EncodeError",
        "Reader",
        "Records",
        "Writer",
    ];
    format!(
        "//! {}. Generated from `specs/{}.spec`.\n\n{}{}{}\n{body}",
        describe(message),
        message.file(),
        uses("crate", &["ApiKey", "Uuid"]),
        uses("crate::wire", &wire),
        uses("std::borrow", &["Cow"]),
    )
}

fn mentions(body: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    body.split(|c: char| !part(c)).any(|found| found == word)
}

fn describe(message: &Message) -> String {
    let mut text = format!("{}: ", message.name);
    if let Some(key) = message.key {
        let _ = write!(text, "key {key}, ");
    }
    let Versions { first, last } = message.versions;
    let _ = if message.versions.is_empty() {
        write!(text, "no version")
    } else if first == last {
        write!(text, "version {first}")
    } else {
        write!(text, "versions {first} to {last}")
    };
    if let Some(version) = message.unstable {
        let _ = write!(text, ", {version} not advertised");
    }
    if !message.flexible.is_empty() {
        let _ = write!(text, ", flexible from {}", message.flexible.first);
    }
    text
}

/// Whether a value of this type borrows from what it was read from.
pub fn borrows(message: &Message, kind: &Type) -> bool {
    match kind {
        Type::String | Type::Bytes | Type::Records => true,
        Type::Array(element) => borrows(message, element),
        Type::Struct(name) => message
            .structure(name)
            .is_some_and(|s| struct_borrows(message, s)),
        _ => false,
    }
}

fn struct_borrows(message: &Message, structure: &Struct) -> bool {
    coded(message, structure).any(|field| field_borrows(message, field))
}

fn field_borrows(message: &Message, field: &Field) -> bool {
    field.view || borrows(message, &field.kind)
}

/// Whether the message's own struct has a lifetime.
pub fn message_borrows(message: &Message) -> bool {
    message
        .fields
        .iter()
        .any(|field| lives(message, field) && field_borrows(message, field))
}

fn lives(message: &Message, field: &Field) -> bool {
    !field.versions.and(message.coded()).is_empty()
}

/// The fields that any version with code has.
fn coded<'m>(message: &'m Message, structure: &'m Struct) -> impl Iterator<Item = &'m Field> {
    structure
        .fields
        .iter()
        .filter(|field| lives(message, field))
}

/// The fewest bytes that a struct takes in a version.
fn least(message: &Message, fields: &[Field], version: i16) -> usize {
    let flexible = message.flexible.contains(version);
    let here = fields
        .iter()
        .filter(|field| field.versions.contains(version) && field.tag.is_none());
    let sum: usize = here
        .map(|field| match &field.kind {
            Type::Bool | Type::Int8 => 1,
            Type::Int16 | Type::Uint16 => 2,
            Type::Int32 | Type::Uint32 => 4,
            Type::Int64 | Type::Float64 => 8,
            Type::Uuid => 16,
            Type::String if !flexible || field.rigid => 2,
            Type::Bytes | Type::Records | Type::Array(_) if !flexible => 4,
            Type::Struct(_) if field.nullable.contains(version) => 1,
            Type::Struct(name) => message
                .structure(name)
                .map_or(0, |s| least(message, &s.fields, version)),
            _ => 1,
        })
        .sum();
    sum + usize::from(flexible)
}

/// When a field is there, as a condition on `version`; `None` for always.
fn condition(versions: Versions, within: Versions) -> Option<String> {
    let Versions { first, last } = versions.and(within);
    match (first == within.first, last == within.last) {
        (true, true) => None,
        _ if first == last => Some(format!("version == {first}")),
        (true, false) => Some(format!("version <= {last}")),
        (false, true) => Some(format!("version >= {first}")),
        (false, false) => Some(format!("({first}..={last}).contains(&version)")),
    }
}

fn not(condition: &str) -> String {
    if condition.starts_with('(') {
        format!("!{condition}")
    } else if condition.contains("==") {
        condition.replace("==", "!=")
    } else if condition.contains(">=") {
        condition.replace(">=", "<")
    } else {
        condition.replace("<=", ">")
    }
}

struct Emit<'m> {
    message: &'m Message,
    structure: &'m Struct,
    top: bool,
    /// The versions in which it occurs.
    within: Versions,
}

impl Emit<'_> {
    fn all(&self, out: &mut String) {
        self.definition(out);
        self.default(out);
        if self.top {
            self.message_methods(out)
        } else {
            self.element(out)
        }
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        coded(self.message, self.structure)
            .filter(|field| !field.versions.and(self.within).is_empty())
    }

    fn tagged(&self) -> Vec<&Field> {
        let mut tagged: Vec<&Field> = self.fields().filter(|field| field.tag.is_some()).collect();
        tagged.sort_by_key(|field| field.tag);
        tagged
    }

    fn life(&self) -> &'static str {
        if struct_borrows(self.message, self.structure) {
            "<'a>"
        } else {
            ""
        }
    }

    fn nullable(&self, field: &Field) -> bool {
        let within = self.within.and(field.versions);
        field.kind == Type::Records || !field.nullable.and(within).is_empty()
    }

    fn plain_type(&self, kind: &Type) -> String {
        match kind {
            Type::Bool => "bool".into(),
            Type::Int8 => "i8".into(),
            Type::Int16 => "i16".into(),
            Type::Int32 => "i32".into(),
            Type::Int64 => "i64".into(),
            Type::Uint16 => "u16".into(),
            Type::Uint32 => "u32".into(),
            Type::Float64 => "f64".into(),
            Type::Uuid => "Uuid".into(),
            Type::String => "Cow<'a, str>".into(),
            Type::Bytes => "Cow<'a, [u8]>".into(),
            Type::Records => "Records<'a>".into(),
            Type::Struct(name) if borrows(self.message, kind) => format!("{name}<'a>"),
            Type::Struct(name) => name.clone(),
            Type::Array(element) => format!("Vec<{}>", self.plain_type(element)),
        }
    }

    fn definition(&self, out: &mut String) {
        let Struct { name, .. } = self.structure;
        let doc = if self.top {
            describe(self.message)
        } else {
            format!("Part of {}", self.message.name)
        };
        let derived = if self.has_plain_default() {
            ", Default"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "/// {doc}.\n#[derive(Clone, Debug{derived}, PartialEq)]"
        );
        let _ = writeln!(out, "pub struct {name}{} {{", self.life());
        for field in self.fields() {
            let kind = match &field.kind {
                Type::Array(element) if field.view => {
                    format!("Elements<'a, {}>", self.plain_type(element))
                }
                kind => self.plain_type(kind),
            };
            let kind = if self.nullable(field) {
                format!("Option<{kind}>")
            } else {
                kind
            };
            let _ = writeln!(
                out,
                "/// {}.\npub {}: {kind},",
                self.field_doc(field),
                name::field(&field.name)
            );
        }
        let _ = writeln!(out, "}}\n");
    }

    fn field_doc(&self, field: &Field) -> String {
        let within = self.within;
        let words = |versions: Versions| match condition(versions, within) {
            None => "all versions".to_owned(),
            Some(_) => {
                let Versions { first, last } = versions.and(within);
                match (first == last, last == within.last) {
                    (true, _) => format!("version {first}"),
                    (false, true) => format!("versions {first}+"),
                    (false, false) => format!("versions {first} to {last}"),
                }
            }
        };
        let mut doc = words(field.versions);
        doc[..1].make_ascii_uppercase();
        let nullable = field.nullable.and(within).and(field.versions);
        if nullable == field.versions.and(within) {
            doc.push_str(", nullable");
        } else if !nullable.is_empty() {
            let _ = write!(doc, ", null in {}", words(nullable));
        }
        if let Some(tag) = field.tag {
            let _ = write!(doc, ", tag {tag}");
        }
        doc
    }

    fn has_plain_default(&self) -> bool {
        self.fields()
            .all(|field| match (&field.default, self.nullable(field)) {
                (_, true) => field.defaults_to_null(),
                (default, false) => default.is_none(),
            })
    }

    fn default_value(&self, field: &Field) -> String {
        if self.nullable(field) && field.defaults_to_null() {
            return "None".into();
        }
        let plain = match (&field.kind, &field.default) {
            (Type::String, Some(text)) => format!("Cow::Borrowed({text:?})"),
            (_, Some(value)) => value.clone(),
            (Type::String, None) => "Cow::Borrowed(\"\")".into(),
            (Type::Bytes, None) => "Cow::Borrowed(&[])".into(),
            (Type::Bool, None) => "false".into(),
            (Type::Float64, None) => "0.0".into(),
            (Type::Uuid, None) => "Uuid::ZERO".into(),
            (Type::Array(_), None) if field.view => "Elements::default()".into(),
            (Type::Array(_), None) => "Vec::new()".into(),
            (Type::Struct(name), None) => format!("{name}::default()"),
            (_, None) => "0".into(),
        };
        if self.nullable(field) {
            format!("Some({plain})")
        } else {
            plain
        }
    }

    fn default(&self, out: &mut String) {
        if self.has_plain_default() {
            return;
        }
        let life = if self.life().is_empty() { "" } else { "<'_>" };
        let _ = writeln!(
            out,
            "impl Default for {}{life} {{\nfn default() -> Self {{\nSelf {{",
            self.structure.name
        );
        for field in self.fields() {
            let _ = writeln!(
                out,
                "{}: {},",
                name::field(&field.name),
                self.default_value(field)
            );
        }
        let _ = writeln!(out, "}}\n}}\n}}\n");
    }
}
