//! `.kafka_cleanshutdown`: the last act of a clean stop; it says that every log ends where its files say, and under which broker
//! epoch the node had served. When in doubt it is left out: an unclean start costs a scan, a false marker costs data.

use serde::{Deserialize, Serialize};

/// The file's name.
pub const FILE: &str = ".kafka_cleanshutdown";

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    version: i32,
    broker_epoch: i64,
}

/// The broker epoch that the marker names; `None` when it cannot be read (the stop was clean all the same, as Kafka has it).
pub fn parse(bytes: &[u8]) -> Option<i64> {
    serde_json::from_slice::<Marker>(bytes)
        .ok()
        .map(|marker| marker.broker_epoch)
}

/// The file's bytes.
pub fn print(broker_epoch: i64) -> Vec<u8> {
    serde_json::to_vec(&Marker {
        version: 0,
        broker_epoch,
    })
    .expect("two numbers have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkas_marker_is_read_and_written() {
        let kafka = br#"{"version":0,"brokerEpoch":13}"#; // of the golden clean directory
        assert_eq!(parse(kafka), Some(13));
        assert_eq!(print(13), kafka);
        assert_eq!(parse(b"junk"), None);
    }
}
