//! What a fresh directory holds before its first start, as `kafka-storage format --standalone` of 4.3.1 makes it: the features in
//! `bootstrap.checkpoint`, the one voter in the 0-0 snapshot, and `meta.properties` last.

use bytes::Bytes;
use ottla_machine::LeaderEpoch;
use ottla_protocol::Uuid;
use ottla_quorum::{Snapshot, SnapshotId, Voter, VoterEndpoint, VoterSet};

use super::meta_properties::MetaProperties;

/// One file to be written whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshFile {
    /// Whether it lies in the metadata log's directory and not at the top.
    pub in_metadata_dir: bool,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// The files of a fresh directory, in the order in which they must become durable. `features` are the values of the bootstrap
/// feature records; `now` is wall time in milliseconds.
pub fn fresh_files(
    meta: &MetaProperties,
    endpoint: VoterEndpoint,
    features: Vec<Bytes>,
    now: i64,
) -> Vec<FreshFile> {
    let top = |name: &str, bytes: Bytes| FreshFile {
        in_metadata_dir: false,
        name: name.to_owned(),
        bytes,
    };
    let bootstrap = Snapshot {
        voters: VoterSet::default(),
        values: features,
    };
    let voter = Voter {
        id: meta.node_id,
        directory_id: meta.directory_id,
        endpoints: vec![endpoint],
    };
    let voters = VoterSet {
        voters: vec![voter],
        kraft_version: ottla_quorum::KRAFT_VERSION,
    };
    let zero = Snapshot {
        voters,
        values: Vec::new(),
    };
    vec![
        top(
            "bootstrap.checkpoint",
            bootstrap.print(LeaderEpoch(0), now, 0),
        ),
        FreshFile {
            in_metadata_dir: true,
            name: SnapshotId::BOOTSTRAP.file_name(),
            bytes: zero.print(LeaderEpoch(0), now, now),
        },
        top("meta.properties", Bytes::from(meta.print())),
    ]
}

/// A random id as Kafka makes them: never reserved, never starting with `-`.
pub fn random_id(rng: &mut ottla_machine::Rng) -> Uuid {
    Uuid::from_random(rng.next_16())
}
