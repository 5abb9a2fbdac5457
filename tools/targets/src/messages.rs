//! The wire: a request as the server gets it, any message in any version, and the records of the metadata log.

use std::sync::LazyLock;

use ottla_generator::{read_specs, workspace};
use ottla_machine::{LeaderEpoch, Offset};
use ottla_metadata::Fold;
use ottla_protocol::messages::MetadataRecord;
use ottla_protocol::{ApiKey, Reader, RequestHeader, versions};

use crate::Chooser;
use crate::recode::{Recoded, recode};

/// Every message in every version that there is code for.
static MESSAGES: LazyLock<Vec<(String, i16)>> = LazyLock::new(|| {
    let specs = read_specs(&workspace()).expect("the specs are in the repository");
    let each = specs.iter().flat_map(|message| {
        let coded = message.coded();
        (coded.first..=coded.last).map(|version| (message.name.clone(), version))
    });
    each.collect()
});

/// T3 of one message.
fn there_and_back(name: &str, version: i16, bytes: &[u8]) {
    let (read, written) = match recode(name, version, bytes) {
        Recoded::Written(read, Ok(written)) => (read, written),
        Recoded::Written(_, Err(_)) => return,
        Recoded::Refused(why) => return assert_ne!(why.to_string(), ""),
    };
    assert!(read <= bytes.len());
    match recode(name, version, &written) {
        Recoded::Written(all, Ok(again)) => {
            assert_eq!(all, written.len(), "{name} {version}: bytes left over");
            assert_eq!(again, written, "{name} {version}");
        }
        other => panic!("{name} {version}: {other:?} of what was written, {written:02x?}"),
    }
}

/// Two bytes choose a message and a version; the rest is one.
pub fn message(bytes: &[u8]) {
    let mut chooser = Chooser(bytes);
    let (name, version) = &MESSAGES[chooser.below(MESSAGES.len())];
    there_and_back(name, *version, chooser.rest());
}

/// A frame behind its length, as a connection hands it on.
pub fn request(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let Ok(header) = RequestHeader::read(&mut reader) else {
        return;
    };
    let version = header.request_api_version;
    let Some(key) = ApiKey::from_i16(header.request_api_key) else {
        return;
    };
    if versions(key).is_some_and(|known| known.contains(&version)) {
        let name = format!("{}Request", key.name());
        there_and_back(&name, version, &bytes[reader.position()..]);
    }
}

/// Values of the metadata log, each behind its length in a byte, folded one after another.
pub fn metadata(bytes: &[u8]) {
    let mut fold = Fold::new();
    let (mut rest, mut offset) = (bytes, 0);
    while let Some((len, behind)) = rest.split_first() {
        let (value, behind) = behind.split_at(behind.len().min((*len).into()));
        rest = behind;
        if let Ok(record) = MetadataRecord::decode(value) {
            let version = record.write_version();
            if let Ok(written) = record.encode(version) {
                let again = MetadataRecord::decode(&written).expect("T3");
                assert_eq!(again.encode(version).as_ref(), Ok(&written), "T3");
            }
        }
        if fold.apply(Offset(offset), LeaderEpoch(1), value).is_err() {
            return;
        }
        fold.passed(Offset(offset), LeaderEpoch(1));
        offset += 1;
    }
}
