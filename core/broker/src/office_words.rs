//! The words between the clients' side ([`crate::front::Front`]) and the office (quorum and controller) of the same node.
//!
//! A request to the controller is left with its ticket in `Front::requests`; the answer comes back by
//! `Front::on_controller`. What else the clients may see of the office is the committed image and this view of the quorum.

use ottla_protocol::Uuid;

/// What DescribeQuorum shows of the metadata quorum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuorumView {
    /// The leader; -1 when none is known.
    pub leader_id: i32,
    /// Its epoch.
    pub leader_epoch: i32,
    /// The committed end of the metadata log.
    pub high_watermark: i64,
    /// The voters.
    pub voters: Vec<QuorumReplica>,
    /// Those who only follow.
    pub observers: Vec<QuorumReplica>,
    /// The finalized kraft.version.
    pub kraft_version: i16,
    /// Where the voters are reached.
    pub nodes: Vec<QuorumNode>,
}

/// One replica of the metadata log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuorumReplica {
    /// The node.
    pub id: i32,
    /// Its metadata directory.
    pub directory_id: Uuid,
    /// How far its log goes; -1 when not known.
    pub log_end_offset: i64,
    /// When it last fetched, wall milliseconds; -1 when not known.
    pub last_fetch_ms: i64,
    /// When it last had everything, wall milliseconds; -1 when not known.
    pub last_caught_up_ms: i64,
}

/// A voter's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumNode {
    /// The node.
    pub id: i32,
    /// Name, host and port of each controller listener.
    pub listeners: Vec<(String, String, u16)>,
}
