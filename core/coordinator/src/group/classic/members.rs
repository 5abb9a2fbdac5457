//! Who is here: the members of one group, what each can do, and which protocol all of them have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::{Emit, Ticket};
use ottla_protocol::ErrorCode;

use super::reads::Reads;
use crate::group::record::{CONSUMER, Metadata, StoredMember};
use crate::group::turn::Turn;
use crate::group::view::Timer;
use crate::group::words::{Join, Joined, State};

/// A group as it is lived in this tenure.
#[derive(Clone, Debug)]
pub(in crate::group) struct Membership {
    pub(in crate::group) group: Arc<str>,
    pub(super) phase: Phase,
    pub(in crate::group) generation: i32,
    /// Empty when no member was ever here.
    pub(in crate::group) protocol_type: Arc<str>,
    pub(in crate::group) protocol: Option<Arc<str>>,
    pub(super) leader: Option<Arc<str>>,
    pub(in crate::group) members: BTreeMap<Arc<str>, Member>,
    /// Static ids, and who has them (M3).
    pub(super) instances: BTreeMap<Arc<str>, Arc<str>>,
    /// Ids that were given out and have not joined yet.
    pub(super) pending: BTreeSet<Arc<str>>,
    /// Since when it is in its phase, wall time.
    pub(super) since: i64,
}

/// How far the members are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody is here.
    Empty,
    /// Members are asked to join again.
    Preparing {
        /// The first members of a group are given time for others to come.
        initial: Option<Initial>,
    },
    /// All have joined this generation.
    Joined,
}

/// The wait of the first members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Initial {
    /// What is waited now, milliseconds.
    pub delay: i64,
    /// What may be waited after it.
    pub remaining: i64,
    /// Somebody has come meanwhile.
    pub added: bool,
}

/// A member.
#[derive(Clone, Debug)]
pub(in crate::group) struct Member {
    pub(in crate::group) instance: Option<Arc<str>>,
    pub(in crate::group) client_id: Arc<str>,
    pub(in crate::group) client_host: Arc<str>,
    pub(super) rebalance_timeout_ms: i32,
    pub(super) session_timeout_ms: i32,
    /// The best first, each with what it has to say about it.
    pub(super) protocols: Vec<(Arc<str>, Bytes)>,
    /// It waits for the others to join.
    pub(super) joining: Option<Ticket>,
    /// It waits for its assignment.
    pub(super) syncing: Option<Ticket>,
    /// It has not asked for its assignment yet.
    pub(super) owes_sync: bool,
    /// Its first join is not answered yet.
    pub(super) is_new: bool,
}

impl Member {
    pub(super) fn new(join: &Join) -> Member {
        Member {
            instance: join.instance.clone(),
            client_id: Arc::clone(&join.client_id),
            client_host: Arc::clone(&join.client_host),
            rebalance_timeout_ms: join.rebalance_timeout_ms,
            session_timeout_ms: join.session_timeout_ms,
            protocols: join.protocols.clone(),
            joining: None,
            syncing: None,
            owes_sync: false,
            is_new: true,
        }
    }

    fn stored(member: &StoredMember, protocol: Option<&Arc<str>>) -> Member {
        let protocol = protocol.cloned().unwrap_or_default();
        Member {
            instance: member.instance.clone(),
            client_id: Arc::clone(&member.client_id),
            client_host: Arc::clone(&member.client_host),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
            protocols: vec![(protocol, member.subscription.clone())],
            joining: None,
            syncing: None,
            owes_sync: false,
            is_new: false,
        }
    }

    /// What it has to say about a protocol.
    pub(super) fn metadata(&self, protocol: Option<&str>) -> Bytes {
        let said = self
            .protocols
            .iter()
            .find(|(name, _)| Some(&**name) == protocol);
        said.map(|(_, metadata)| metadata.clone())
            .unwrap_or_default()
    }

    fn has(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|(name, _)| &**name == protocol)
    }
}

impl Membership {
    /// A group of which only this is known.
    pub(super) fn stored(group: &Arc<str>, metadata: Option<&Metadata>) -> Membership {
        let nothing = Metadata::default();
        let metadata = metadata.unwrap_or(&nothing);
        let members = metadata.members.iter().map(|member| {
            let it = Member::stored(member, metadata.protocol.as_ref());
            (Arc::clone(&member.id), it)
        });
        let members: BTreeMap<Arc<str>, Member> = members.collect();
        let instances = members
            .iter()
            .filter_map(|(id, member)| Some((member.instance.clone()?, Arc::clone(id))));
        let leader = metadata.leader.clone();
        let leader = leader.filter(|leader| members.contains_key(leader));
        Membership {
            group: Arc::clone(group),
            phase: if members.is_empty() {
                Phase::Empty
            } else {
                Phase::Joined
            },
            generation: metadata.generation,
            protocol_type: Arc::clone(&metadata.protocol_type),
            protocol: metadata.protocol.clone(),
            leader: leader.or_else(|| members.keys().next().cloned()),
            instances: instances.collect(),
            members,
            pending: BTreeSet::new(),
            since: metadata.since,
        }
    }

    /// Where the group is, given what the log says of it.
    pub(in crate::group) fn state(&self, stored: Option<&Metadata>) -> State {
        match self.phase {
            Phase::Empty => State::Empty,
            Phase::Preparing { .. } => State::PreparingRebalance,
            Phase::Joined if stored.is_some_and(|it| it.generation == self.generation) => {
                State::Stable
            }
            Phase::Joined => State::CompletingRebalance,
        }
    }

    /// Whether nothing is here that the log does not say.
    pub(in crate::group) fn is_idle(&self, stored: Option<&Metadata>) -> bool {
        self.phase == Phase::Empty
            && self.pending.is_empty()
            && self.generation == stored.map_or(0, |it| it.generation)
    }

    /// Whether ids were given out that have not joined yet.
    pub(in crate::group) fn expects_members(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Everybody who waits here.
    pub(in crate::group) fn tickets(&self) -> impl Iterator<Item = Ticket> + '_ {
        let members = self.members.values();
        members.flat_map(|member| member.joining.into_iter().chain(member.syncing))
    }

    pub(super) fn is_leader(&self, member: &str) -> bool {
        self.leader.as_deref() == Some(member)
    }

    /// M1, M3: whether a request is this member's.
    pub(in crate::group) fn validate(
        &self,
        member: &str,
        instance: Option<&str>,
    ) -> Result<(), ErrorCode> {
        if let Some(instance) = instance {
            match self.instances.get(instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(owner) if &**owner != member => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        match self.members.contains_key(member) {
            true => Ok(()),
            false => Err(ErrorCode::UnknownMemberId),
        }
    }

    /// Whether somebody of this type, who can do this, finds a protocol that all others have.
    pub(super) fn supports(&self, protocol_type: &str, protocols: &[(Arc<str>, Bytes)]) -> bool {
        if self.phase == Phase::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        let all_have = |name: &str| self.members.values().all(|member| member.has(name));
        *self.protocol_type == *protocol_type && protocols.iter().any(|(name, _)| all_have(name))
    }

    /// The protocol that all have and most prefer; of those the first by name.
    pub(super) fn select_protocol(&self) -> Option<Arc<str>> {
        let first = self.members.values().next()?;
        let names = first.protocols.iter().map(|(name, _)| name);
        let candidates: BTreeSet<&Arc<str>> = names
            .filter(|name| self.members.values().all(|member| member.has(name)))
            .collect();
        let mut votes: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for member in self.members.values() {
            let mut names = member.protocols.iter().map(|(name, _)| name);
            if let Some(choice) = names.find(|name| candidates.contains(name)) {
                *votes.entry(choice).or_default() += 1;
            }
        }
        let most = votes.values().max().copied()?;
        let mut chosen = votes.into_iter().filter(|(_, count)| *count == most);
        chosen.next().map(|(name, _)| Arc::clone(name))
    }

    pub(super) fn has_all_joined(&self) -> bool {
        self.pending.is_empty() && self.members.values().all(|member| member.joining.is_some())
    }

    /// How long a rebalance waits for the slowest, milliseconds.
    pub(super) fn rebalance_timeout_ms(&self) -> i64 {
        let timeouts = self.members.values().map(|it| it.rebalance_timeout_ms);
        timeouts.max().unwrap_or(0).into()
    }

    /// The group's record in this generation.
    pub(super) fn metadata(&self, assignment: impl Fn(&str) -> Bytes) -> Metadata {
        let members = self.members.iter().map(|(id, member)| StoredMember {
            id: Arc::clone(id),
            instance: member.instance.clone(),
            client_id: Arc::clone(&member.client_id),
            client_host: Arc::clone(&member.client_host),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
            subscription: member.metadata(self.protocol.as_deref()),
            assignment: assignment(id),
        });
        Metadata {
            members: members.collect(),
            protocol_type: Arc::clone(&self.protocol_type),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            since: self.since,
        }
    }

    /// A member goes. Whoever waits under its name is told that it is not known any more.
    pub(super) fn remove<E: Emit>(&mut self, turn: &mut Turn<'_, E>, id: &Arc<str>) {
        turn.cancel(Timer::Member(Arc::clone(&self.group), Arc::clone(id)));
        self.pending.remove(id);
        let Some(member) = self.members.remove(id) else {
            return;
        };
        if let Some(ticket) = member.joining {
            turn.joined(ticket, Joined::refused(ErrorCode::UnknownMemberId, ""));
        }
        if let Some(ticket) = member.syncing {
            turn.synced(ticket, Err(ErrorCode::UnknownMemberId));
        }
        if let Some(instance) = &member.instance {
            self.instances.remove(instance);
        }
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned(); // M4
        }
    }

    /// The member must be heard of within its session.
    pub(in crate::group) fn touch<E: Emit>(&self, turn: &mut Turn<'_, E>, id: &Arc<str>) {
        if let Some(member) = self.members.get(id) {
            let timer = Timer::Member(Arc::clone(&self.group), Arc::clone(id));
            turn.set(timer, member.session_timeout_ms.into());
        }
    }

    /// What the members read, as far as they have said so.
    pub(in crate::group) fn reads(&self) -> Reads {
        if &*self.protocol_type != CONSUMER || self.phase == Phase::Empty {
            return Reads::Nothing;
        }
        let protocol = self.protocol.as_deref();
        match protocol.is_none() || self.members.is_empty() {
            true => Reads::Anything,
            false => Reads::said(self.members.values().map(|it| it.metadata(protocol))),
        }
    }

    pub(super) fn check(&self) {
        let leader = self.leader.as_ref();
        let leads = leader.is_none_or(|leader| self.members.contains_key(leader));
        assert!(leads, "M4: {leader:?} leads {} and is not here", self.group);
        for (instance, id) in &self.instances {
            let owner = self.members.get(id).and_then(|it| it.instance.as_ref());
            assert_eq!(owner, Some(instance), "M3: {}", self.group);
        }
    }
}

impl Joined {
    /// Why not.
    pub(in crate::group) fn refused(error: ErrorCode, member: &str) -> Joined {
        Joined {
            error: Some(error),
            generation: -1,
            protocol: Some("".into()),
            member: member.into(),
            ..Joined::default()
        }
    }
}
