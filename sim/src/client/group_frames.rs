//! Requests about groups as bytes, in any version.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use ottla_protocol::Uuid;
use ottla_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use ottla_protocol::messages::leave_group_request::MemberIdentity;
use ottla_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use ottla_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use ottla_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use ottla_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use ottla_protocol::messages::{
    DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, HeartbeatRequest,
    JoinGroupRequest, LeaveGroupRequest, ListGroupsRequest, OffsetCommitRequest,
    OffsetDeleteRequest, OffsetFetchRequest, SyncGroupRequest,
};

use super::speak::Frame;
use crate::groups::{Commit, Who};
use crate::history::Named;

/// What members of these groups are.
const CONSUMER: &str = "consumer";

impl Frame {
    pub fn find_coordinator(self, group: &str) -> Bytes {
        let many = self.version >= 4;
        let request = FindCoordinatorRequest {
            key: Cow::Borrowed(if many { "" } else { group }),
            key_type: 0,
            coordinator_keys: if many {
                vec![Cow::Borrowed(group)]
            } else {
                Vec::new()
            },
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn join_group(
        self,
        who: &Who,
        session_timeout_ms: i32,
        rebalance_timeout_ms: i32,
        protocols: &[(Arc<str>, Bytes)],
    ) -> Bytes {
        let protocols = protocols.iter();
        let request = JoinGroupRequest {
            group_id: Cow::Borrowed(&who.group),
            session_timeout_ms,
            rebalance_timeout_ms,
            member_id: Cow::Borrowed(&who.member),
            group_instance_id: who.instance.as_deref().map(Cow::Borrowed),
            protocol_type: Cow::Borrowed(CONSUMER),
            protocols: protocols
                .map(|(name, metadata)| JoinGroupRequestProtocol {
                    name: Cow::Borrowed(name),
                    metadata: Cow::Borrowed(metadata),
                })
                .collect(),
            reason: None,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn sync_group(
        self,
        who: &Who,
        protocol: Option<&str>,
        assignments: &[(Arc<str>, Bytes)],
    ) -> Bytes {
        let assignments = assignments.iter();
        let request = SyncGroupRequest {
            group_id: Cow::Borrowed(&who.group),
            generation_id: who.generation,
            member_id: Cow::Borrowed(&who.member),
            group_instance_id: who.instance.as_deref().map(Cow::Borrowed),
            protocol_type: Some(Cow::Borrowed(CONSUMER)),
            protocol_name: protocol.map(Cow::Borrowed),
            assignments: assignments
                .map(|(member, assignment)| SyncGroupRequestAssignment {
                    member_id: Cow::Borrowed(member),
                    assignment: Cow::Borrowed(assignment),
                })
                .collect(),
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn heartbeat(self, who: &Who) -> Bytes {
        let request = HeartbeatRequest {
            group_id: Cow::Borrowed(&who.group),
            generation_id: who.generation,
            member_id: Cow::Borrowed(&who.member),
            group_instance_id: who.instance.as_deref().map(Cow::Borrowed),
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn leave_group(self, who: &Who) -> Bytes {
        let many = self.version >= 3;
        let member = MemberIdentity {
            member_id: Cow::Borrowed(&who.member),
            group_instance_id: who.instance.as_deref().map(Cow::Borrowed),
            reason: None,
        };
        let request = LeaveGroupRequest {
            group_id: Cow::Borrowed(&who.group),
            member_id: Cow::Borrowed(if many { "" } else { &who.member }),
            members: if many { vec![member] } else { Vec::new() },
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn offset_commit(self, who: &Who, parts: &[(Named, Commit)]) -> Bytes {
        let mut topics: Vec<OffsetCommitRequestTopic<'_>> = Vec::new();
        for (named, commit) in parts {
            let partition = OffsetCommitRequestPartition {
                partition_index: named.index,
                committed_offset: commit.offset,
                committed_leader_epoch: -1,
                committed_metadata: Some(Cow::Borrowed(&commit.metadata)),
            };
            match topics.last_mut().filter(|last| last.name == *named.topic) {
                Some(topic) => topic.partitions.push(partition),
                None => topics.push(OffsetCommitRequestTopic {
                    name: Cow::Borrowed(&named.topic),
                    topic_id: Uuid(named.id),
                    partitions: vec![partition],
                }),
            }
        }
        let request = OffsetCommitRequest {
            group_id: Cow::Borrowed(&who.group),
            generation_id_or_member_epoch: who.generation,
            member_id: Cow::Borrowed(&who.member),
            group_instance_id: who.instance.as_deref().map(Cow::Borrowed),
            retention_time_ms: -1,
            topics,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn offset_fetch(self, group: &str, parts: Option<&[Named]>, stable: bool) -> Bytes {
        let topics = parts.map(grouped);
        let one_group = self.version < 8;
        let request = OffsetFetchRequest {
            group_id: Cow::Borrowed(if one_group { group } else { "" }),
            topics: match &topics {
                Some(topics) if one_group => {
                    let topics = topics.iter();
                    let topics = topics.map(|(named, indexes)| OffsetFetchRequestTopic {
                        name: Cow::Borrowed(&named.topic),
                        partition_indexes: indexes.clone(),
                    });
                    Some(topics.collect())
                }
                None if one_group => None,
                _ => Some(Vec::new()),
            },
            groups: if one_group {
                Vec::new()
            } else {
                let topics = topics.as_ref().map(|topics| {
                    let topics = topics.iter();
                    let topics = topics.map(|(named, indexes)| OffsetFetchRequestTopics {
                        name: Cow::Borrowed(&named.topic),
                        topic_id: Uuid(named.id),
                        partition_indexes: indexes.clone(),
                    });
                    topics.collect()
                });
                vec![OffsetFetchRequestGroup {
                    group_id: Cow::Borrowed(group),
                    topics,
                    ..OffsetFetchRequestGroup::default()
                }]
            },
            require_stable: stable && self.version >= 7,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn offset_delete(self, group: &str, parts: &[Named]) -> Bytes {
        let topics = grouped(parts).into_iter();
        let topics = topics.map(|(named, indexes)| OffsetDeleteRequestTopic {
            name: Cow::Borrowed(&*named.topic),
            partitions: indexes
                .into_iter()
                .map(|partition_index| OffsetDeleteRequestPartition { partition_index })
                .collect(),
        });
        let request = OffsetDeleteRequest {
            group_id: Cow::Borrowed(group),
            topics: topics.collect(),
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn describe_group(self, group: &str) -> Bytes {
        let request = DescribeGroupsRequest {
            groups: vec![Cow::Borrowed(group)],
            include_authorized_operations: false,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn list_groups(self) -> Bytes {
        let request = ListGroupsRequest::default();
        self.of(|w| request.encode(w, self.version))
    }

    pub fn delete_group(self, group: &str) -> Bytes {
        let request = DeleteGroupsRequest {
            groups_names: vec![Cow::Borrowed(group)],
        };
        self.of(|w| request.encode(w, self.version))
    }
}

/// The partitions of each topic.
fn grouped(parts: &[Named]) -> Vec<(&Named, Vec<i32>)> {
    let mut topics: Vec<(&Named, Vec<i32>)> = Vec::new();
    for named in parts {
        match topics
            .last_mut()
            .filter(|(last, _)| last.topic == named.topic)
        {
            Some((_, indexes)) => indexes.push(named.index),
            None => topics.push((named, vec![named.index])),
        }
    }
    topics
}
