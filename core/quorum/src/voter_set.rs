//! The voters of the quorum and how they are written: raft control records in the log and in snapshots.

use std::borrow::Cow;

use ottla_machine::NodeId;
use ottla_protocol::messages::{
    kraft_version_record::KRaftVersionRecord,
    leader_change_message::{self, LeaderChangeMessage},
    voters_record::{self, VotersRecord},
};
use ottla_protocol::{DecodeError, EncodeError, Reader, Uuid, Writer, data};
use ottla_record as record;

/// The raft protocol in which voters are in the log (KIP-853).
pub const KRAFT_VERSION: i16 = 1;

/// Where a voter can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoterEndpoint {
    /// The listener's name.
    pub name: String,
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// One voter: a node and the directory in which it votes, so that a wiped disk is another voter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// The node.
    pub id: NodeId,
    /// Its metadata directory's id.
    pub directory_id: Uuid,
    /// Its endpoints.
    pub endpoints: Vec<VoterEndpoint>,
}

/// The voters since a record of the log or a snapshot said so; empty in a static quorum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoterSet {
    /// In the order of the record.
    pub voters: Vec<Voter>,
    /// The raft protocol's version.
    pub kraft_version: i16,
}

impl VoterSet {
    /// Takes in what a control record says about voters; other kinds say nothing.
    pub fn read(&mut self, kind: i16, value: &[u8]) -> Result<(), DecodeError> {
        let mut reader = Reader::new(value);
        match kind {
            record::KRAFT_VERSION => {
                self.kraft_version = KRaftVersionRecord::decode(&mut reader, 0)?.kraft_version;
            }
            record::KRAFT_VOTERS => {
                let voters = VotersRecord::decode(&mut reader, 0)?.voters;
                self.voters = voters.into_iter().map(Voter::from).collect();
            }
            _ => {}
        }
        Ok(())
    }

    /// The control records that repeat this set.
    pub fn records(&self) -> Vec<(i16, Vec<u8>)> {
        let version = KRaftVersionRecord {
            version: 0,
            kraft_version: self.kraft_version,
        };
        let voters = VotersRecord {
            version: 0,
            voters: self.voters.iter().map(Voter::record).collect(),
        };
        vec![
            (record::KRAFT_VERSION, bytes(|w| version.encode(w, 0))),
            (record::KRAFT_VOTERS, bytes(|w| voters.encode(w, 0))),
        ]
    }
}

impl Voter {
    fn record(&self) -> voters_record::Voter<'_> {
        voters_record::Voter {
            voter_id: self.id.0,
            voter_directory_id: self.directory_id,
            endpoints: self
                .endpoints
                .iter()
                .map(|endpoint| voters_record::Endpoint {
                    name: Cow::Borrowed(&endpoint.name),
                    host: Cow::Borrowed(&endpoint.host),
                    port: endpoint.port,
                })
                .collect(),
            kraft_version_feature: voters_record::KRaftVersionFeature {
                min_supported_version: 0,
                max_supported_version: KRAFT_VERSION,
            },
        }
    }
}

impl From<voters_record::Voter<'_>> for Voter {
    fn from(voter: voters_record::Voter<'_>) -> Voter {
        Voter {
            id: NodeId(voter.voter_id),
            directory_id: voter.voter_directory_id,
            endpoints: voter
                .endpoints
                .into_iter()
                .map(|endpoint| VoterEndpoint {
                    name: endpoint.name.into_owned(),
                    host: endpoint.host.into_owned(),
                    port: endpoint.port,
                })
                .collect(),
        }
    }
}

/// The record with which `leader` opens its epoch. Message version 0, as Kafka 4.3.1 writes it.
pub(crate) fn leader_change(leader: NodeId) -> (i16, Vec<u8>) {
    let itself = || {
        vec![leader_change_message::Voter {
            voter_id: leader.0,
            ..Default::default()
        }]
    };
    let message = LeaderChangeMessage {
        version: 0,
        leader_id: leader.0,
        voters: itself(),
        granting_voters: itself(),
    };
    (record::LEADER_CHANGE, bytes(|w| message.encode(w, 0)))
}

/// A message of ours as bytes.
pub(crate) fn bytes(encode: impl FnOnce(&mut Writer) -> Result<(), EncodeError>) -> Vec<u8> {
    data(encode)
        .expect("our own control records fit their version")
        .to_vec()
}
