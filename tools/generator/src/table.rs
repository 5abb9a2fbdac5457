//! What is generated about all messages together: the list of modules with the table of versions, the enums of
//! metadata records and of the coordinators' records, and the table by which the tests reach every message.

use crate::name::snake;
use crate::rust::message_borrows;
use crate::spec::{Kind, Message, Versions};
use std::fmt::Write;

/// `messages/mod.rs`.
pub fn modules(messages: &[Message]) -> String {
    let mut out = String::from(
        "//! Kafka's messages: a module each, with the structs inside it. Generated from `specs/`.
//!
//! Every message has `decode` and `encode` for each of its versions, and its spec's defaults.
#![allow(clippy::field_reassign_with_default)] // a version sets what it has; the rest keeps its default

use crate::ApiKey;
use std::ops::RangeInclusive;

",
    );
    let mut names: Vec<String> = messages
        .iter()
        .map(|message| message.name.clone())
        .collect();
    names.push("MetadataRecord".into());
    names.push("CoordinatorRecord".into());
    names.sort();
    for name in &names {
        let _ = writeln!(out, "pub mod {};", snake(name));
    }
    out.push('\n');
    names.retain(|name| name != "CoordinatorRecord");
    let enums = COORDINATORS.map(|coordinator| coordinator.name).join(", ");
    let _ = writeln!(out, "pub use coordinator_record::{{{enums}}};");
    for name in &names {
        let _ = writeln!(out, "pub use {}::{name};", snake(name));
    }
    out.push_str(
        "\n/// The versions of an API that Kafka 4.3 serves; of what is newer there are messages, but it is served by nobody yet.
pub fn versions(key: ApiKey) -> Option<RangeInclusive<i16>> {\nSome(match key {\n",
    );
    let mut requests: Vec<&Message> = messages
        .iter()
        .filter(|m| m.kind == Kind::Request && !m.versions.is_empty())
        .collect();
    requests.sort_by_key(|message| message.key);
    for message in requests {
        let Versions { first, last } = message.versions;
        let _ = writeln!(out, "ApiKey::{} => {first}..={last},", message.file());
    }
    out.push_str("_ => return None,\n})\n}\n");
    out
}

/// `messages/metadata_record.rs`.
pub fn metadata_record(messages: &[Message]) -> String {
    let mut records: Vec<&Message> = messages
        .iter()
        .filter(|m| m.kind == Kind::Metadata && !m.versions.is_empty())
        .collect();
    records.sort_by_key(|message| message.key);
    let variant = |message: &Message| message.name.trim_end_matches("Record").to_owned();
    let mut out = String::from(
        "//! Every record of the cluster metadata, as one type. Generated from `specs/`.\n
use crate::wire::{DecodeError, EncodeError, Reader, Writer};\n",
    );
    let names: Vec<&str> = records
        .iter()
        .map(|message| message.name.as_str())
        .collect();
    let _ = writeln!(out, "use super::{{{}}};\n", names.join(", "));
    out.push_str("/// A record of the cluster metadata.\n#[derive(Clone, Debug, PartialEq)]\npub enum MetadataRecord<'a> {\n");
    for message in &records {
        let life = if message_borrows(message) { "<'a>" } else { "" };
        let key = message.key.unwrap_or_default();
        let _ = writeln!(
            out,
            "/// Key {key}.\n{}({}{life}),",
            variant(message),
            message.name
        );
    }
    out.push_str("}\n\n");
    out.push_str(&metadata_record_impl(&records));
    out
}

/// What can be done with every record: one arm for each.
fn metadata_record_impl(records: &[&Message]) -> String {
    let mut out = String::from(
        "impl<'a> MetadataRecord<'a> {\n/// Its number.\npub fn key(&self) -> u16 {\nmatch self {\n",
    );
    let arms = |out: &mut String, arm: &dyn Fn(&str, &str, i16) -> String| {
        for message in records {
            let variant = message.name.trim_end_matches("Record");
            out.push_str(&arm(
                variant,
                &message.name,
                message.key.unwrap_or_default(),
            ));
        }
    };
    arms(&mut out, &|variant, name, _| {
        format!("Self::{variant}(_) => {name}::KEY,\n")
    });
    out.push_str(
        "}\n}\n\n/// The newest version of it.\npub fn max_version(&self) -> i16 {\nmatch self {\n",
    );
    arms(&mut out, &|variant, name, _| {
        format!("Self::{variant}(_) => {name}::MAX_VERSION,\n")
    });
    out.push_str(
        "}\n}\n\n/// Reads the body of the record of that number.
pub fn decode_body(key: u16, version: i16, r: &mut Reader<'a>) -> Result<Self, DecodeError> {\nOk(match key {\n",
    );
    arms(&mut out, &|variant, name, key| {
        format!("{key} => Self::{variant}({name}::decode(r, version)?),\n")
    });
    out.push_str(
        "_ => return Err(DecodeError::Key { key: key.into() }),\n})\n}\n\n/// Writes its body.
pub fn encode_body(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {\nmatch self {\n",
    );
    arms(&mut out, &|variant, _, _| {
        format!("Self::{variant}(record) => record.encode(w, version),\n")
    });
    out.push_str("}\n}\n}\n");
    out
}

/// Whose records lie in a topic.
struct Coordinator {
    /// What its records are called together.
    name: &'static str,
    /// Where they lie.
    topic: &'static str,
    /// Whether a record, named without `Key`, is one of them.
    owns: fn(&str) -> bool,
}

const COORDINATORS: [Coordinator; 3] = [
    Coordinator {
        name: "GroupRecord",
        topic: "__consumer_offsets",
        owns: |record| !is_transactions(record) && !is_shares(record),
    },
    Coordinator {
        name: "ShareRecord",
        topic: "__share_group_state",
        owns: is_shares,
    },
    Coordinator {
        name: "TransactionRecord",
        topic: "__transaction_state",
        owns: is_transactions,
    },
];

fn is_transactions(record: &str) -> bool {
    record == "TransactionLog"
}

fn is_shares(record: &str) -> bool {
    matches!(record, "ShareSnapshot" | "ShareUpdate")
}

/// `messages/coordinator_record.rs`.
pub fn coordinator_record(messages: &[Message]) -> String {
    let mut keys: Vec<&Message> = messages
        .iter()
        .filter(|m| m.kind == Kind::Data && m.key.is_some() && m.name.ends_with("Key"))
        .collect();
    keys.sort_by_key(|message| message.key);
    let life = |name: &str| {
        let found = messages.iter().find(|message| message.name == name);
        match found.map(message_borrows) {
            Some(true) => format!("{name}<'a>"),
            _ => name.to_owned(),
        }
    };
    let (mut used, mut body) = (Vec::new(), String::new());
    for Coordinator { name, topic, owns } in COORDINATORS {
        let _ = writeln!(
            body,
            "coordinator_records! {{\n    /// A record of `{topic}`.\n    {name}<'a> {{"
        );
        for message in &keys {
            let record = message.name.trim_end_matches("Key");
            if !owns(record) {
                continue;
            }
            let value = format!("{record}Value");
            let kind = message.key.unwrap_or_default();
            let (key, of) = (life(&message.name), life(&value));
            let _ = writeln!(body, "        {kind} {record}({key}, {of}),");
            used.extend([message.name.clone(), value]);
        }
        body.push_str("    }\n}\n\n");
    }
    used.sort();
    format!(
        "//! Every record of the coordinators, a type for each of their topics. Generated from `specs/`.\n
use crate::coordinator_record::coordinator_records;
use crate::wire::{{DecodeError, EncodeError, Reader}};
use bytes::Bytes;

use super::{{{}}};\n\n{body}",
        used.join(", ")
    )
}

/// `tests/protocol/recode.rs`.
pub fn recode(messages: &[Message]) -> String {
    let names: Vec<&str> = messages.iter().map(|message| &*message.name).collect();
    format!(
        "//! Every message by its name. Generated from `specs/`.

use ottla_protocol::messages::*;
use ottla_protocol::{{DecodeError, EncodeError, Reader, Writer}};

/// Gives the name of every message to a macro, behind its own arguments.
#[macro_export]
macro_rules! messages {{
    ($then:ident!($($with:tt)*)) => {{
        $then! {{
            $($with)*;
            {}
        }}
    }};
}}

/// What came of it.
#[derive(Debug)]
pub enum Recoded {{
    /// It could not be read.
    Refused(DecodeError),
    /// It was read, so many bytes of it; this is what writing it again gave.
    Written(usize, Result<Vec<u8>, EncodeError>),
}}

macro_rules! recode {{
    ($name:expr, $version:expr, $bytes:expr; $($message:ident)*) => {{
        match $name {{
            $(stringify!($message) => {{
                let mut r = Reader::new($bytes);
                match $message::decode(&mut r, $version) {{
                    Err(error) => Recoded::Refused(error),
                    Ok(value) => {{
                        let mut w = Writer::new();
                        let written = value.encode(&mut w, $version);
                        Recoded::Written(r.position(), written.map(|()| w.finish().0.to_vec()))
                    }}
                }}
            }})*
            name => panic!(\"no message is called {{name}}\"),
        }}
    }};
}}

/// Reads a message and writes it again.
pub fn recode(name: &str, version: i16, bytes: &[u8]) -> Recoded {{
    messages!(recode!(name, version, bytes))
}}
",
        names.join("\n            ")
    )
}
