//! What clients asked of groups and what they were answered, as values: the words of [`crate::history`] for consumer groups; and what lies
//! in the bytes that members hand each other through the coordinator.

use std::sync::Arc;

use bytes::Bytes;
use ottla_protocol::messages::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, consumer_protocol_assignment,
    consumer_protocol_subscription,
};
use ottla_protocol::{DecodeError, Reader, data};

use crate::places::Named;

/// The version of what members hand each other.
const VERSION: i16 = 1;

/// No generation: the request is of somebody who is no member.
pub const NO_GENERATION: i32 = -1;

/// Who asks, as a request says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who {
    /// The group.
    pub group: Arc<str>,
    /// The generation, or -1.
    pub generation: i32,
    /// The member id, or nothing.
    pub member: Arc<str>,
    /// The static id, if it has one.
    pub instance: Option<Arc<str>>,
}

/// An offset that is committed, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The offset.
    pub offset: i64,
    /// What was written beside it: no two requests of a run write the same.
    pub metadata: Arc<str>,
}

/// A partition of a topic, by name.
pub type Owned = (Arc<str>, i32);

/// What was asked of groups.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the requests")]
pub enum GroupAsk {
    FindCoordinator {
        group: Arc<str>,
    },
    Join {
        who: Who,
        session_ms: i32,
        rebalance_ms: i32,
        topics: Vec<Arc<str>>,
        protocols: Vec<(Arc<str>, Bytes)>,
    },
    Sync {
        who: Who,
        assignments: Vec<(Arc<str>, Bytes)>,
    },
    Heartbeat {
        who: Who,
    },
    Leave {
        who: Who,
    },
    Commit {
        who: Who,
        parts: Vec<(Named, Commit)>,
    },
    /// `parts`: none for all that the group has.
    Fetch {
        group: Arc<str>,
        parts: Option<Vec<Named>>,
        /// As which member; the request does not say it.
        who: Option<Who>,
    },
    DeleteOffsets {
        group: Arc<str>,
        parts: Vec<Named>,
    },
    Describe {
        group: Arc<str>,
    },
    List,
    Delete {
        group: Arc<str>,
    },
}

impl GroupAsk {
    /// The group it is about.
    pub fn group(&self) -> Option<&Arc<str>> {
        match self {
            GroupAsk::FindCoordinator { group }
            | GroupAsk::Fetch { group, .. }
            | GroupAsk::DeleteOffsets { group, .. }
            | GroupAsk::Describe { group }
            | GroupAsk::Delete { group } => Some(group),
            GroupAsk::Join { who, .. }
            | GroupAsk::Sync { who, .. }
            | GroupAsk::Heartbeat { who }
            | GroupAsk::Leave { who }
            | GroupAsk::Commit { who, .. } => Some(&who.group),
            GroupAsk::List => None,
        }
    }
}

/// A member as the leader is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberShown {
    /// Its id.
    pub member: Arc<str>,
    /// Its static id.
    pub instance: Option<Arc<str>>,
    /// What it wants (JoinGroup), or what it has (DescribeGroups).
    pub bytes: Bytes,
}

/// What was answered. Errors are Kafka's codes.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the responses")]
pub enum GroupReply {
    FindCoordinator {
        error: i16,
        node: i32,
    },
    Join {
        error: i16,
        generation: i32,
        protocol: Option<Arc<str>>,
        leader: Arc<str>,
        member: Arc<str>,
        skip_assignment: bool,
        members: Vec<MemberShown>,
    },
    Sync {
        error: i16,
        assignment: Bytes,
    },
    Heartbeat {
        error: i16,
    },
    Leave {
        /// The request's, or its only member's.
        error: i16,
    },
    Commit {
        parts: Vec<(Named, i16)>,
    },
    Fetch {
        error: i16,
        /// Offset -1: none.
        parts: Vec<(Named, Commit, i16)>,
    },
    DeleteOffsets {
        error: i16,
        parts: Vec<(Named, i16)>,
    },
    Describe {
        error: i16,
        state: Arc<str>,
        members: Vec<MemberShown>,
    },
    List {
        error: i16,
        groups: Vec<(Arc<str>, Arc<str>)>,
    },
    Delete {
        error: i16,
    },
}

/// What a member says that it wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Topics.
    pub topics: Vec<Arc<str>>,
    /// What it still has.
    pub owned: Vec<Owned>,
}

/// What a member is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// Partitions.
    pub owned: Vec<Owned>,
    /// Who made it, and when: no two assignments of a run say the same.
    pub mark: Bytes,
}

impl Subscription {
    /// As bytes.
    pub fn bytes(&self) -> Bytes {
        let mut owned: Vec<consumer_protocol_subscription::TopicPartition<'_>> = Vec::new();
        for (topic, index) in &self.owned {
            match owned.last_mut().filter(|last| *last.topic == **topic) {
                Some(last) => last.partitions.push(*index),
                None => owned.push(consumer_protocol_subscription::TopicPartition {
                    topic: (**topic).into(),
                    partitions: vec![*index],
                }),
            }
        }
        let subscription = ConsumerProtocolSubscription {
            topics: self.topics.iter().map(|topic| (**topic).into()).collect(),
            owned_partitions: owned,
            ..ConsumerProtocolSubscription::default()
        };
        let bytes = data(|w| {
            w.i16(VERSION);
            subscription.encode(w, VERSION)
        });
        bytes.expect("a subscription can be said")
    }

    /// From bytes.
    pub fn read(bytes: &[u8]) -> Result<Subscription, DecodeError> {
        let mut reader = Reader::new(bytes);
        let version = reader.i16()?;
        let said = ConsumerProtocolSubscription::decode(&mut reader, version)?;
        let mut owned = Vec::new();
        for of in &said.owned_partitions {
            let topic: Arc<str> = Arc::from(&*of.topic);
            owned.extend(of.partitions.iter().map(|at| (Arc::clone(&topic), *at)));
        }
        Ok(Subscription {
            topics: said
                .topics
                .iter()
                .map(|topic| Arc::from(&**topic))
                .collect(),
            owned,
        })
    }
}

impl Assignment {
    /// As bytes.
    pub fn bytes(&self) -> Bytes {
        let mut owned: Vec<consumer_protocol_assignment::TopicPartition<'_>> = Vec::new();
        for (topic, index) in &self.owned {
            match owned.last_mut().filter(|last| *last.topic == **topic) {
                Some(last) => last.partitions.push(*index),
                None => owned.push(consumer_protocol_assignment::TopicPartition {
                    topic: (**topic).into(),
                    partitions: vec![*index],
                }),
            }
        }
        let assignment = ConsumerProtocolAssignment {
            assigned_partitions: owned,
            user_data: Some((&self.mark[..]).into()),
        };
        let bytes = data(|w| {
            w.i16(VERSION);
            assignment.encode(w, VERSION)
        });
        bytes.expect("an assignment can be said")
    }

    /// From bytes; of none, nothing.
    pub fn read(bytes: &[u8]) -> Result<Assignment, DecodeError> {
        if bytes.is_empty() {
            return Ok(Assignment::default());
        }
        let mut reader = Reader::new(bytes);
        let version = reader.i16()?;
        let said = ConsumerProtocolAssignment::decode(&mut reader, version)?;
        let mut owned = Vec::new();
        for of in &said.assigned_partitions {
            let topic: Arc<str> = Arc::from(&*of.topic);
            owned.extend(of.partitions.iter().map(|at| (Arc::clone(&topic), *at)));
        }
        let mark = said.user_data.as_deref().unwrap_or_default();
        Ok(Assignment {
            owned,
            mark: Bytes::copy_from_slice(mark),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_members_say_comes_back_from_its_bytes() {
        let owned: Vec<Owned> = [("t1", 0), ("t1", 2), ("t2", 1)]
            .map(|(topic, index)| (Arc::from(topic), index))
            .into();
        let wants = Subscription {
            topics: vec![Arc::from("t1"), Arc::from("t2")],
            owned: owned.clone(),
        };
        assert_eq!(Subscription::read(&wants.bytes()), Ok(wants));
        let has = Assignment {
            owned,
            mark: Bytes::from_static(b"3 by 4"),
        };
        assert_eq!(Assignment::read(&has.bytes()), Ok(has));
        assert_eq!(Assignment::read(b""), Ok(Assignment::default()));
        assert!(Assignment::read(b"\0").is_err());
    }
}
