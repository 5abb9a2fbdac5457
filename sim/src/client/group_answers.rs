//! Answers about groups from bytes: H1 and H2 of [`super::hear`] hold for them as well.

use std::sync::Arc;

use bytes::Bytes;
use ottla_protocol::Reader;
use ottla_protocol::messages::{
    DeleteGroupsResponse, DescribeGroupsResponse, FindCoordinatorResponse, HeartbeatResponse,
    JoinGroupResponse, LeaveGroupResponse, ListGroupsResponse, OffsetCommitResponse,
    OffsetDeleteResponse, OffsetFetchResponse, SyncGroupResponse,
};

use super::hear::{Parts, Wrong, words};
use crate::groups::{Commit, GroupAsk, GroupReply, MemberShown};
use crate::history::Named;

/// Reads the answer to `ask`.
pub(super) fn group(
    reader: &mut Reader<'_>,
    version: i16,
    ask: &GroupAsk,
) -> Result<GroupReply, Wrong> {
    Ok(match ask {
        GroupAsk::FindCoordinator { group } => find_coordinator(reader, version, group)?,
        GroupAsk::Join { .. } => join(reader, version)?,
        GroupAsk::Sync { .. } => {
            let response = SyncGroupResponse::decode(reader, version)?;
            GroupReply::Sync {
                error: response.error_code,
                assignment: Bytes::copy_from_slice(&response.assignment),
            }
        }
        GroupAsk::Heartbeat { .. } => GroupReply::Heartbeat {
            error: HeartbeatResponse::decode(reader, version)?.error_code,
        },
        GroupAsk::Leave { who } => leave(reader, version, &who.member)?,
        GroupAsk::Commit { parts, .. } => commit(
            reader,
            version,
            Parts::new(parts.iter().map(|part| &part.0)),
        )?,
        GroupAsk::Fetch { group, parts, .. } => fetch(reader, version, group, parts.as_deref())?,
        GroupAsk::DeleteOffsets { parts, .. } => delete_offsets(reader, version, parts)?,
        GroupAsk::Describe { group } => describe(reader, version, group)?,
        GroupAsk::List => {
            let response = ListGroupsResponse::decode(reader, version)?;
            let groups = response.groups.iter();
            let groups =
                groups.map(|group| (Arc::from(&*group.group_id), Arc::from(&*group.group_state)));
            GroupReply::List {
                error: response.error_code,
                groups: groups.collect(),
            }
        }
        GroupAsk::Delete { group } => {
            let response = DeleteGroupsResponse::decode(reader, version)?;
            match &response.results[..] {
                [said] if said.group_id == **group => GroupReply::Delete {
                    error: said.error_code,
                },
                said => return words(format!("{} groups, not {group}", said.len())),
            }
        }
    })
}

fn find_coordinator(
    reader: &mut Reader<'_>,
    version: i16,
    group: &str,
) -> Result<GroupReply, Wrong> {
    let response = FindCoordinatorResponse::decode(reader, version)?;
    if version < 4 {
        return Ok(GroupReply::FindCoordinator {
            error: response.error_code,
            node: response.node_id,
        });
    }
    match &response.coordinators[..] {
        [said] if said.key == group => Ok(GroupReply::FindCoordinator {
            error: said.error_code,
            node: said.node_id,
        }),
        said => words(format!("{} coordinators, not that of {group}", said.len())),
    }
}

fn join(reader: &mut Reader<'_>, version: i16) -> Result<GroupReply, Wrong> {
    let response = JoinGroupResponse::decode(reader, version)?;
    let members = response.members.iter().map(|member| MemberShown {
        member: Arc::from(&*member.member_id),
        instance: member.group_instance_id.as_deref().map(Arc::from),
        bytes: Bytes::copy_from_slice(&member.metadata),
    });
    Ok(GroupReply::Join {
        error: response.error_code,
        generation: response.generation_id,
        protocol: response.protocol_name.as_deref().map(Arc::from),
        leader: Arc::from(&*response.leader),
        member: Arc::from(&*response.member_id),
        skip_assignment: response.skip_assignment,
        members: members.collect(),
    })
}

fn leave(reader: &mut Reader<'_>, version: i16, member: &str) -> Result<GroupReply, Wrong> {
    let response = LeaveGroupResponse::decode(reader, version)?;
    if version < 3 || response.error_code != 0 {
        let error = response.error_code;
        return Ok(GroupReply::Leave { error });
    }
    match &response.members[..] {
        [said] if said.member_id == member => Ok(GroupReply::Leave {
            error: said.error_code,
        }),
        said => words(format!("{} members, not {member}", said.len())),
    }
}

fn commit(
    reader: &mut Reader<'_>,
    version: i16,
    mut asked: Parts<'_>,
) -> Result<GroupReply, Wrong> {
    let response = OffsetCommitResponse::decode(reader, version)?;
    let mut parts = Vec::new();
    for topic in &response.topics {
        for said in &topic.partitions {
            let named = asked.take(&topic.name, topic.topic_id.0, said.partition_index)?;
            parts.push((named.clone(), said.error_code));
        }
    }
    asked.all()?;
    Ok(GroupReply::Commit { parts })
}

/// A partition in an OffsetFetch response: topic, id, index, offset, metadata, error.
type Said<'a> = (&'a str, [u8; 16], i32, i64, Option<&'a str>, i16);

fn fetch(
    reader: &mut Reader<'_>,
    version: i16,
    group: &str,
    asked: Option<&[Named]>,
) -> Result<GroupReply, Wrong> {
    let response = OffsetFetchResponse::decode(reader, version)?;
    let mut error = response.error_code;
    let mut said: Vec<Said<'_>> = Vec::new();
    if version < 8 {
        for topic in &response.topics {
            let parts = topic.partitions.iter();
            said.extend(parts.map(|part| {
                let metadata = part.metadata.as_deref();
                let (index, offset) = (part.partition_index, part.committed_offset);
                (
                    &*topic.name,
                    [0; 16],
                    index,
                    offset,
                    metadata,
                    part.error_code,
                )
            }));
        }
    } else {
        let [of] = &response.groups[..] else {
            return words(format!("{} groups", response.groups.len()));
        };
        if of.group_id != group {
            return words(format!("{} where {group} was asked about", of.group_id));
        }
        error = of.error_code;
        for topic in &of.topics {
            let parts = topic.partitions.iter();
            said.extend(parts.map(|part| {
                let metadata = part.metadata.as_deref();
                let (index, offset) = (part.partition_index, part.committed_offset);
                let id = topic.topic_id.0;
                (&*topic.name, id, index, offset, metadata, part.error_code)
            }));
        }
    }
    let mut parts = Vec::with_capacity(said.len());
    let mut expected = asked.map(|asked| Parts::new(asked.iter()));
    for (topic, id, index, offset, metadata, refused) in said {
        let named = match &mut expected {
            Some(expected) => expected.take(topic, id, index)?.clone(),
            None => Named {
                topic: Arc::from(topic),
                id,
                by_id: false,
                index,
            },
        };
        let metadata = Arc::from(metadata.unwrap_or(""));
        parts.push((named, Commit { offset, metadata }, refused));
    }
    if let Some(expected) = expected.filter(|_| error == 0) {
        expected.all()?;
    }
    Ok(GroupReply::Fetch { error, parts })
}

fn delete_offsets(
    reader: &mut Reader<'_>,
    version: i16,
    asked: &[Named],
) -> Result<GroupReply, Wrong> {
    let response = OffsetDeleteResponse::decode(reader, version)?;
    let mut expected = Parts::new(asked.iter());
    let mut parts = Vec::new();
    for topic in &response.topics {
        for said in &topic.partitions {
            let named = expected.take(&topic.name, [0; 16], said.partition_index)?;
            parts.push((named.clone(), said.error_code));
        }
    }
    if response.error_code == 0 {
        expected.all()?;
    }
    Ok(GroupReply::DeleteOffsets {
        error: response.error_code,
        parts,
    })
}

fn describe(reader: &mut Reader<'_>, version: i16, group: &str) -> Result<GroupReply, Wrong> {
    let response = DescribeGroupsResponse::decode(reader, version)?;
    let said = match &response.groups[..] {
        [said] if said.group_id == group => said,
        said => return words(format!("{} groups, not {group}", said.len())),
    };
    let members = said.members.iter().map(|member| MemberShown {
        member: Arc::from(&*member.member_id),
        instance: member.group_instance_id.as_deref().map(Arc::from),
        bytes: Bytes::copy_from_slice(&member.member_assignment),
    });
    Ok(GroupReply::Describe {
        error: said.error_code,
        state: Arc::from(&*said.group_state),
        members: members.collect(),
    })
}
