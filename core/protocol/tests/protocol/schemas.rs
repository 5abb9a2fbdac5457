//! The specs against Kafka's own schemas, field by field, when those lie beside the repository.
//!
//! The schemas are those of Kafka 4.4. What is newer there than 4.3 is known exactly, and in the specs it must be
//! marked unstable.

use crate::specs;
use ottla_generator::{Field, Kind, Message, Struct, Type, Versions, workspace};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The one version of each that Kafka 4.3 does not serve: newer than it, or not stable in it.
const NOT_SERVED: [(&str, i16); 6] = [
    ("ApiVersions", 5),
    ("InitProducerId", 6),
    ("DeleteGroups", 3),
    ("TxnOffsetCommit", 6),
    ("StreamsGroupHeartbeat", 1),
    ("StreamsGroupDescribe", 1),
];

/// What is newer than Kafka 4.3 as a whole.
const NEWER: [&str; 3] = [
    "StreamsGroupTopologyDescriptionUpdate",
    "UnregisterController",
    "UnregisterControllerRecord",
];

/// JSON as the standard has it: without comments, and without a comma before a closing bracket.
fn strict(text: &str) -> String {
    let (mut out, mut quoted) = (String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quoted => {
                out.push(letter);
                out.extend(letters.next());
                continue;
            }
            '"' => quoted = !quoted,
            '/' if !quoted && letters.peek() == Some(&'/') => {
                letters.by_ref().find(|letter| *letter == '\n');
                continue;
            }
            '/' if !quoted && letters.peek() == Some(&'*') => {
                let mut before = ' ';
                letters.by_ref().find(|letter| {
                    std::mem::replace(&mut before, *letter) == '*' && *letter == '/'
                });
                continue;
            }
            ']' | '}' if !quoted => {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
            }
            _ => {}
        }
        out.push(letter);
    }
    out
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value[name].as_str()
}

fn versions(value: &Value, name: &str) -> Versions {
    text(value, name).map_or(Versions::NONE, |text| {
        Versions::parse(text).expect("versions")
    })
}

/// A default that is not what the type has anyway.
fn default(value: &Value) -> Option<String> {
    let default = match &value["default"] {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let number = match default.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => default.parse().ok(),
    };
    match number {
        _ if text(value, "type") == Some("string") => Some(default).filter(|text| !text.is_empty()),
        Some(number) => Some(number.to_string()).filter(|text| text != "0"),
        None => Some(default).filter(|text| text != "false" && !text.is_empty()),
    }
}

fn fields(value: &Value, structs: &mut BTreeMap<String, Vec<Field>>) -> Vec<Field> {
    let field = |value: &Value| {
        let kind = Type::parse(text(value, "type").expect("a type")).expect("a type");
        if let (Some(name), true) = (kind.structure(), value["fields"].is_array()) {
            let inside = fields(&value["fields"], structs);
            structs.insert(name.to_owned(), inside);
        }
        let tagged = value["tag"]
            .as_u64()
            .and_then(|tag| u32::try_from(tag).ok());
        let name = if value["versions"].is_string() {
            "versions"
        } else {
            "taggedVersions"
        };
        if tagged.is_some() {
            assert_eq!(
                versions(value, name),
                versions(value, "taggedVersions"),
                "{value}"
            );
        }
        Field {
            name: text(value, "name").expect("a name").to_owned(),
            kind,
            versions: versions(value, name),
            nullable: versions(value, "nullableVersions"),
            tag: tagged,
            ignorable: value["ignorable"].as_bool().unwrap_or(false),
            rigid: text(value, "flexibleVersions") == Some("none"),
            view: false,
            default: default(value),
        }
    };
    value
        .as_array()
        .expect("fields")
        .iter()
        .map(field)
        .collect()
}

/// Whether the folder of a file is called so.
fn in_folder(path: &Path, name: &str) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with(name))
}

/// A schema as a message, its structs in the order of their names.
fn schema(path: &Path) -> Option<Message> {
    let file = std::fs::read_to_string(path).expect("a schema");
    let value = serde_json::Deserializer::from_str(&strict(&file))
        .into_iter()
        .next()?;
    let value: Value = value.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let kind = match text(&value, "type")? {
        "request" => Kind::Request,
        "response" => Kind::Response,
        "header" => Kind::Header,
        // Those of tiered storage bear the same word, but are no records of the cluster metadata.
        "metadata" if !in_folder(path, "storage") => Kind::Metadata,
        _ => Kind::Data,
    };
    // What was retired has no version any more.
    if versions(&value, "validVersions").is_empty() {
        return None;
    }
    let mut structs = BTreeMap::new();
    for shared in value["commonStructs"].as_array().into_iter().flatten() {
        let inside = fields(&shared["fields"], &mut structs);
        structs.insert(text(shared, "name")?.to_owned(), inside);
    }
    let fields = fields(&value["fields"], &mut structs);
    let listeners = value["listeners"].as_array().into_iter().flatten();
    Some(Message {
        kind,
        name: text(&value, "name")?.to_owned(),
        key: value["apiKey"]
            .as_i64()
            .and_then(|key| i16::try_from(key).ok()),
        listeners: listeners
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        versions: versions(&value, "validVersions"),
        unstable: None,
        flexible: versions(&value, "flexibleVersions"),
        fields,
        structs: structs
            .into_iter()
            .map(|(name, fields)| Struct { name, fields })
            .collect(),
    })
}

/// What must be in our spec of it.
fn expected(mut schema: Message) -> Message {
    let api = schema.file().to_owned();
    let newer = NOT_SERVED
        .iter()
        .find(|(name, _)| *name == api && schema.key.is_some());
    if let (Some((_, version)), Kind::Request | Kind::Response) = (newer, schema.kind) {
        assert_eq!(schema.versions.last, *version, "{}", schema.name);
        schema.unstable = Some(*version);
        schema.versions.last = version - 1;
    }
    if NEWER.contains(&api.as_str()) {
        assert_eq!(schema.versions, Versions { first: 0, last: 0 });
        schema.unstable = Some(0);
        schema.versions = Versions::NONE;
    }
    schema
}

/// The JSON files of a folder and of the folders in it.
pub fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(json_files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn specs_are_what_kafkas_schemas_say() {
    let folder = workspace().join("../shared/kafka-schemas");
    if !folder.is_dir() {
        println!("NOT COMPARED: Kafka's schemas are not beside the repository");
        return;
    }
    let schemas: BTreeMap<String, Message> = json_files(&folder)
        .iter()
        .filter_map(|path| schema(path))
        .map(|schema| (schema.name.clone(), schema))
        .collect();
    let specs = specs();
    for spec in &specs {
        let schema = schemas
            .get(&spec.name)
            .unwrap_or_else(|| panic!("no schema of {}", spec.name));
        let mut spec = spec.clone();
        spec.structs.sort_by(|a, b| a.name.cmp(&b.name));
        let inside = spec.structs.iter_mut().flat_map(|s| &mut s.fields);
        // Which of its arrays are not unpacked is no fact of Kafka's.
        inside
            .chain(&mut spec.fields)
            .for_each(|field| field.view = false);
        assert_eq!(spec, expected(schema.clone()), "{}", spec.name);
    }
    let without: Vec<&String> = schemas
        .keys()
        .filter(|name| !specs.iter().any(|spec| spec.name == **name))
        .collect();
    assert!(without.is_empty(), "schemas without a spec: {without:?}");
    println!("{} specs are what as many schemas say", specs.len());
}

#[test]
fn comments_go_and_text_stays() {
    assert_eq!(
        strict("{\"a//\\\"b\": /** c **/ [1, ]} // d\n2"),
        "{\"a//\\\"b\":  [1]} 2"
    );
}
