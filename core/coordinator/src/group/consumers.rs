//! ConsumerGroupDescribe: a group of consumers (KIP-848) as its records say. Another broker wrote them; here nobody joins such a group, and
//! nobody is missed in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_machine::{Emit, Ticket};
use ottla_protocol::messages::{
    ConsumerGroupCurrentMemberAssignmentValue, ConsumerGroupMemberMetadataValue, GroupRecord,
};

use super::record::Kind;
use super::stored::{Kept, Stored};
use super::turn::Turn;
use super::words::{Consumer, Consumers, Progress, Response, Undescribed};

pub(super) fn describe<E: Emit>(turn: &mut Turn<'_, E>, ticket: Ticket, group: &Arc<str>) {
    let described = match turn.stored(group) {
        None => Err(Undescribed::NotFound),
        Some(stored) => match of(stored) {
            Some(kept) => Ok(Box::new(Records::read(kept).described())),
            None => Err(Undescribed::OtherKind),
        },
    };
    turn.answer_of(group, ticket, Response::ConsumersDescribed(described));
}

/// Where a group is, if it is one of consumers.
pub(super) fn progress_of(stored: &Stored) -> Option<Progress> {
    Some(Records::read(of(stored)?).progress())
}

fn of(stored: &Stored) -> Option<&Kept> {
    stored
        .kept
        .as_deref()
        .filter(|kept| kept.kind == Kind::Consumer)
}

/// What a member's state is called in its record once it has given up and taken up all that it should.
const STABLE: i8 = 0;

/// What the records add up to; `None` is a member that a later broker has written. What says something of who is no member is left over.
#[derive(Default)]
struct Records<'a> {
    epoch: i32,
    assignment_epoch: i32,
    members: BTreeMap<String, Option<ConsumerGroupMemberMetadataValue<'a>>>,
    current: BTreeMap<String, ConsumerGroupCurrentMemberAssignmentValue>,
    target: BTreeMap<String, Partitions>,
}

/// Partitions by topic.
type Partitions = Vec<(ottla_protocol::Uuid, Vec<i32>)>;

impl<'a> Records<'a> {
    fn read(kept: &'a Kept) -> Records<'a> {
        let mut records = Records::default();
        for ((_, key), value) in &kept.records {
            // What a later version of Kafka says otherwise is passed over, but that there is a member.
            let record = GroupRecord::decode(key, Some(value));
            let Ok(record) = record.or_else(|_| GroupRecord::decode(key, None)) else {
                continue;
            };
            match record {
                GroupRecord::ConsumerGroupMetadata(_, Some(group)) => records.epoch = group.epoch,
                GroupRecord::ConsumerGroupTargetAssignmentMetadata(_, Some(target)) => {
                    records.assignment_epoch = target.assignment_epoch;
                }
                GroupRecord::ConsumerGroupMemberMetadata(key, member) => {
                    records.members.insert(key.member_id.into_owned(), member);
                }
                GroupRecord::ConsumerGroupCurrentMemberAssignment(key, Some(current)) => {
                    records.current.insert(key.member_id.into_owned(), current);
                }
                GroupRecord::ConsumerGroupTargetAssignmentMember(key, Some(target)) => {
                    let target = target.topic_partitions.into_iter();
                    let target = target.map(|it| (it.topic_id, it.partitions)).collect();
                    records.target.insert(key.member_id.into_owned(), target);
                }
                _ => {}
            }
        }
        records
    }

    fn progress(&self) -> Progress {
        let reconciled = |id: &String| {
            let (state, epoch) = self
                .current
                .get(id)
                .map_or((STABLE, 0), |it| (it.state, it.member_epoch));
            state == STABLE && epoch == self.assignment_epoch
        };
        if self.members.is_empty() {
            Progress::Empty
        } else if self.assignment_epoch < self.epoch {
            Progress::Assigning
        } else if self.members.keys().all(reconciled) {
            Progress::Stable
        } else {
            Progress::Reconciling
        }
    }

    /// The one that most want; of several the last by name.
    fn assignor(&self) -> Option<Arc<str>> {
        let mut wanted = BTreeMap::<&str, usize>::new();
        for name in self
            .members
            .values()
            .filter_map(|it| it.as_ref()?.server_assignor.as_deref())
        {
            *wanted.entry(name).or_default() += 1;
        }
        let most = wanted.into_iter().max_by_key(|(_, count)| *count);
        most.map(|(name, _)| name.into())
    }

    fn described(mut self) -> Consumers {
        Consumers {
            progress: self.progress(),
            epoch: self.epoch,
            assignment_epoch: self.assignment_epoch,
            assignor: self.assignor(),
            members: std::mem::take(&mut self.members)
                .into_iter()
                .map(|(id, member)| self.member(&id, member.as_ref()))
                .collect(),
        }
    }

    fn member(
        &mut self,
        id: &str,
        member: Option<&ConsumerGroupMemberMetadataValue<'_>>,
    ) -> Consumer {
        let current = self.current.remove(id).unwrap_or_default();
        let assigned = current.assigned_partitions.into_iter();
        let known = Consumer {
            id: id.into(),
            epoch: current.member_epoch,
            assigned: assigned.map(|it| (it.topic_id, it.partitions)).collect(),
            target: self.target.remove(id).unwrap_or_default(),
            ..Consumer::default()
        };
        let Some(member) = member else {
            return known;
        };
        let topics = member.subscribed_topic_names.iter();
        Consumer {
            instance: member.instance_id.as_deref().map(Into::into),
            rack: member.rack_id.as_deref().map(Into::into),
            client_id: (*member.client_id).into(),
            client_host: (*member.client_host).into(),
            topics: topics.map(|it| (**it).into()).collect(),
            pattern: member.subscribed_topic_regex.as_deref().map(Into::into),
            is_classic: member.classic_member_metadata.is_some(),
            ..known
        }
    }
}
