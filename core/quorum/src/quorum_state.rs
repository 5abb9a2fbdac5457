//! `quorum-state`: what a voter must not forget — the epoch, its vote, its leader. One line of JSON, written whole (temporary file,
//! sync, rename, sync of the directory) before the node acts on it.
//!
//! Version 1 belongs to kraft.version 1 (voters in the log); version 0 to a static quorum and is kept for directories that have it.
//!
//! Q1: an epoch or vote leaves this node only after it was written and synced here.

use ottla_machine::{LeaderEpoch, NodeId};
use ottla_protocol::Uuid;
use serde::{Deserialize, Serialize};

/// The contents of `quorum-state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuorumState {
    /// The leader of the epoch, when it is known.
    pub leader: Option<NodeId>,
    /// The highest epoch seen.
    pub epoch: LeaderEpoch,
    /// For whom this node voted in the epoch.
    pub voted: Option<(NodeId, Uuid)>,
}

impl Default for QuorumState {
    fn default() -> QuorumState {
        QuorumState {
            leader: None,
            epoch: LeaderEpoch(0),
            voted: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version1 {
    leader_id: i32,
    leader_epoch: i32,
    voted_id: i32,
    voted_directory_id: String,
    #[serde(rename = "data_version")]
    data_version: i16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version0 {
    cluster_id: String,
    leader_id: i32,
    leader_epoch: i32,
    voted_id: i32,
    applied_offset: i64,
    current_voters: Vec<StaticVoter>,
    #[serde(rename = "data_version")]
    data_version: i16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StaticVoter {
    voter_id: i32,
}

/// Of both versions, what is asked of a file; the rest is derived from the log.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyVersion {
    leader_id: i32,
    leader_epoch: i32,
    voted_id: i32,
    voted_directory_id: Option<String>,
    #[serde(rename = "data_version")]
    data_version: i16,
}

impl QuorumState {
    /// Reads the file's bytes; a sentence when they are not what they should be.
    pub fn parse(bytes: &[u8]) -> Result<QuorumState, String> {
        let file: AnyVersion = serde_json::from_slice(bytes).map_err(|why| {
            format!("quorum-state is not readable ({why}); without it this node may vote twice in one epoch: restore it from a backup, or remove it if this is the only voter")
        })?;
        if !(0..=1).contains(&file.data_version) {
            return Err(format!(
                "quorum-state has data_version {}, this server reads 0 and 1",
                file.data_version
            ));
        }
        let directory = match &file.voted_directory_id {
            Some(text) => text
                .parse()
                .map_err(|_| format!("quorum-state: votedDirectoryId {text:?} is no id"))?,
            None => Uuid::ZERO,
        };
        let known = |id: i32| (id >= 0).then_some(NodeId(id));
        Ok(QuorumState {
            leader: known(file.leader_id),
            epoch: LeaderEpoch(file.leader_epoch.max(0)),
            voted: known(file.voted_id).map(|id| (id, directory)),
        })
    }

    /// The file's bytes when voters are in the log (kraft.version 1).
    pub fn print(&self) -> Vec<u8> {
        let (voted_id, directory) = self.voted.unwrap_or((NodeId(-1), Uuid::ZERO));
        json(&Version1 {
            leader_id: self.leader_id(),
            leader_epoch: self.epoch.0,
            voted_id: voted_id.0,
            voted_directory_id: directory.to_string(),
            data_version: 1,
        })
    }

    /// The file's bytes when the one voter is given by configuration (kraft.version 0).
    pub fn print_static(&self, voter: NodeId) -> Vec<u8> {
        json(&Version0 {
            cluster_id: String::new(),
            leader_id: self.leader_id(),
            leader_epoch: self.epoch.0,
            voted_id: self.voted.map_or(-1, |(id, _)| id.0),
            applied_offset: 0,
            current_voters: vec![StaticVoter { voter_id: voter.0 }],
            data_version: 0,
        })
    }

    fn leader_id(&self) -> i32 {
        self.leader.map_or(-1, |id| id.0)
    }
}

fn json(file: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(file).expect("plain numbers and strings have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Both texts are what Apache Kafka 4.3.1 wrote.
    const DYNAMIC: &str = r#"{"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}"#;
    const STATIC: &str = r#"{"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}"#;

    #[test]
    fn both_versions_come_back_as_they_were() {
        let dynamic = QuorumState::parse(DYNAMIC.as_bytes()).unwrap();
        assert_eq!(
            dynamic,
            QuorumState {
                leader: Some(NodeId(1)),
                epoch: LeaderEpoch(2),
                voted: None
            }
        );
        assert_eq!(dynamic.print(), DYNAMIC.as_bytes());
        let fixed = QuorumState::parse(STATIC.as_bytes()).unwrap();
        assert_eq!(fixed.print_static(NodeId(1)), STATIC.as_bytes());
    }

    #[test]
    fn what_is_not_a_quorum_state_is_refused_in_a_sentence() {
        for bad in [
            "",
            "{}",
            "\0\0\0",
            &DYNAMIC.replace("\"data_version\":1", "\"data_version\":7"),
            &DYNAMIC.replace("AAAA", "!"),
        ] {
            assert!(
                QuorumState::parse(bad.as_bytes())
                    .unwrap_err()
                    .contains("quorum-state"),
                "{bad}"
            );
        }
    }
}
