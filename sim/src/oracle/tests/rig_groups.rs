//! Words about groups for [`super::rig`]: group `g1`, whose members want topic `t1`.

use std::sync::Arc;

use bytes::Bytes;

use super::rig::topic;
use crate::groups::{Assignment, Commit, GroupAsk, GroupReply, MemberShown, Who};
use crate::history::{Ask, Named, Reply};
use crate::script::{Assignor, Operation};

/// A division: what each is given.
pub(crate) type Plan = Vec<(Arc<str>, Bytes)>;

/// What a client does that is a member of `g1`: its session is a second, a rebalance two.
pub(crate) fn joining() -> Operation {
    Operation::JoinGroup {
        group: 1,
        topics: vec![1],
        instance: None,
        session_ms: 1_000,
        rebalance_ms: 2_000,
        assignors: vec![Assignor::Range],
        dawdle: 0,
    }
}

/// A member of `g1` in this generation.
pub(crate) fn who(member: &str, generation: i32) -> Who {
    Who {
        group: Arc::from("g1"),
        generation,
        member: Arc::from(member),
        instance: None,
    }
}

/// The same with a static id.
pub(crate) fn fixed(who: Who, instance: &str) -> Who {
    Who {
        instance: Some(Arc::from(instance)),
        ..who
    }
}

/// Each member gets one partition of `t1`.
pub(crate) fn plan(mark: &str, given: &[(&str, i32)]) -> Plan {
    let given = given.iter().map(|(member, index)| {
        let assignment = Assignment {
            owned: vec![(Arc::from("t1"), *index)],
            mark: Bytes::copy_from_slice(mark.as_bytes()),
        };
        (Arc::from(*member), assignment.bytes())
    });
    given.collect()
}

pub(crate) fn join(who: &Who) -> Ask {
    let who = Who {
        generation: -1,
        ..who.clone()
    };
    Ask::Group(GroupAsk::Join {
        who,
        session_ms: 1_000,
        rebalance_ms: 2_000,
        topics: vec![Arc::from("t1")],
        protocols: Vec::new(),
    })
}

/// It is in, as one of so many.
pub(crate) fn joined(who: &Who, members: &[&str]) -> Reply {
    let members = members.iter().map(|member| MemberShown {
        member: Arc::from(*member),
        instance: None,
        bytes: Bytes::new(),
    });
    Reply::Group(GroupReply::Join {
        error: 0,
        generation: who.generation,
        protocol: Some(Arc::from("range")),
        leader: Arc::from("a"),
        member: Arc::clone(&who.member),
        skip_assignment: false,
        members: members.collect(),
    })
}

/// It is given an id to join with.
pub(crate) fn required(member: &str) -> Reply {
    Reply::Group(GroupReply::Join {
        error: 79,
        generation: -1,
        protocol: None,
        leader: Arc::from(""),
        member: Arc::from(member),
        skip_assignment: false,
        members: Vec::new(),
    })
}

pub(crate) fn sync(who: &Who, plan: &[(Arc<str>, Bytes)]) -> Ask {
    Ask::Group(GroupAsk::Sync {
        who: who.clone(),
        assignments: plan.to_vec(),
    })
}

/// It is given what this plan has for that member.
pub(crate) fn synced(plan: &Plan, member: &str) -> Reply {
    let given = plan.iter().find(|(of, _)| **of == *member);
    Reply::Group(GroupReply::Sync {
        error: 0,
        assignment: given.map(|(_, bytes)| bytes.clone()).unwrap_or_default(),
    })
}

pub(crate) fn heartbeat(who: &Who) -> Ask {
    Ask::Group(GroupAsk::Heartbeat { who: who.clone() })
}

pub(crate) fn heard(error: i16) -> Reply {
    Reply::Group(GroupReply::Heartbeat { error })
}

pub(crate) fn leave(who: &Who) -> Ask {
    Ask::Group(GroupAsk::Leave { who: who.clone() })
}

pub(crate) fn left() -> Reply {
    Reply::Group(GroupReply::Leave { error: 0 })
}

/// Partition 0 of `t1`.
pub(crate) fn part() -> Named {
    topic("t1", 1)
}

fn written(offset: i64, metadata: &str) -> Commit {
    let metadata = Arc::from(metadata);
    Commit { offset, metadata }
}

/// A commit to [`part`].
pub(crate) fn commit(who: &Who, offset: i64, metadata: &str) -> Ask {
    Ask::Group(GroupAsk::Commit {
        who: who.clone(),
        parts: vec![(part(), written(offset, metadata))],
    })
}

pub(crate) fn committed(error: i16) -> Reply {
    Reply::Group(GroupReply::Commit {
        parts: vec![(part(), error)],
    })
}

/// What was committed to [`part`] is asked for, by this member or by nobody.
pub(crate) fn look(who: Option<&Who>) -> Ask {
    Ask::Group(GroupAsk::Fetch {
        group: Arc::from("g1"),
        parts: Some(vec![part()]),
        who: who.cloned(),
    })
}

pub(crate) fn shows(offset: i64, metadata: &str) -> Reply {
    Reply::Group(GroupReply::Fetch {
        error: 0,
        parts: vec![(part(), written(offset, metadata), 0)],
    })
}
