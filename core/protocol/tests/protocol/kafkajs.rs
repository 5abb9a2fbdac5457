//! What the KafkaJS project captured, read and written again, when the captures lie beside the repository.

use crate::recode::{Recoded, recode};
use crate::schemas::json_files;
use crate::specs;
use ottla_generator::workspace;
use serde_json::Value;
use std::path::Path;

/// A capture of a broker that broke the protocol: the last field is missing.
const BROKEN: [&str; 1] = ["v1_response_missing_throttle_time"];

/// A captured body: the message, its version, its bytes.
fn capture(path: &Path) -> Option<(String, i16, Vec<u8>)> {
    let file = path.file_stem()?.to_str()?;
    let (version, rest) = file.strip_prefix('v')?.split_once('_')?;
    let kind = ["request", "response"]
        .into_iter()
        .find(|kind| rest.starts_with(kind) || rest.ends_with(kind))?;
    let capital = |text: &str| text[..1].to_uppercase() + &text[1..];
    let api = path.parent()?.parent()?.file_name()?.to_str()?;
    let text = std::fs::read_to_string(path).expect("a capture");
    let value: Value = serde_json::from_str(&text).expect("a capture is JSON");
    let bytes = value["data"].as_array().expect("bytes").iter();
    let bytes = bytes.map(|byte| u8::try_from(byte.as_u64()?).ok());
    Some((
        capital(api) + &capital(kind),
        version.parse().ok()?,
        bytes.collect::<Option<_>>().expect("bytes"),
    ))
}

#[test]
fn every_capture_there_and_back() {
    let folder = workspace().join("../shared/vectors/kafkajs/requests");
    if !folder.is_dir() {
        println!("NOT COMPARED: the captures of KafkaJS are not beside the repository");
        return;
    }
    let specs = specs();
    let (mut same, mut retired, mut wrong) = (0, 0, Vec::new());
    for path in json_files(&folder) {
        let Some((name, version, bytes)) = capture(&path) else {
            continue;
        };
        let spec = specs.iter().find(|spec| spec.name == name);
        let spec = spec.unwrap_or_else(|| panic!("{} is no message", path.display()));
        if !spec.versions.contains(version) {
            retired += 1;
            continue;
        }
        let broken = BROKEN
            .iter()
            .any(|stem| path.ends_with(format!("{stem}.json")));
        // In a flexible version they begin where the header's tagged fields do, of which there are none.
        let bytes = match bytes.as_slice() {
            [0, body @ ..] if spec.flexible.contains(version) => body,
            whole => whole,
        };
        match recode(&name, version, bytes) {
            Recoded::Refused(_) if broken => {}
            Recoded::Written(read, Ok(again)) if read == bytes.len() && again == bytes => same += 1,
            other => wrong.push(format!("{}: {other:02x?} of {bytes:02x?}", path.display())),
        }
    }
    println!(
        "{same} captures are the same again, {retired} are of versions that Kafka 4 has retired"
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(same > 0);
}
