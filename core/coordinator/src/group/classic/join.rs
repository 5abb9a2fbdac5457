//! JoinGroup: a member wants to be in the next generation. Its answer waits for the others.

use std::sync::Arc;

use ottla_machine::{Emit, Ticket, planted, sometimes};
use ottla_protocol::{ErrorCode, Uuid};

use super::members::{Member, Membership, Phase};
use super::revival::take_up;
use crate::group::groups::is_foreign;
use crate::group::limits;
use crate::group::record::Metadata;
use crate::group::soft::Soft;
use crate::group::turn::Turn;
use crate::group::view::Timer;
use crate::group::words::{Join, Joined, Response, State};

pub(in crate::group) fn join<E: Emit>(
    soft: &mut Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    join: Join,
) {
    if let Err(error) = judge(turn, &join) {
        return turn.joined(ticket, Joined::refused(error, &join.member));
    }
    if is_foreign(turn.stored(&join.group)) {
        let error = ErrorCode::InconsistentGroupProtocol;
        return turn.joined(ticket, Joined::refused(error, ""));
    }
    let new_id = new_member_id(soft, &join);
    let is_known = take_up(soft, turn, &join.group).is_some();
    if !is_known && !join.member.is_empty() {
        let error = ErrorCode::UnknownMemberId;
        return turn.joined(ticket, Joined::refused(error, &join.member));
    }
    let group = Arc::clone(&join.group);
    let membership = soft
        .memberships
        .entry(Arc::clone(&group))
        .or_insert_with(|| Membership::stored(&group, None));
    if !membership.accepts(turn, &join.member) {
        membership.remove(turn, &join.member);
        membership.complete_if_all_joined(turn);
        let error = ErrorCode::GroupMaxSizeReached;
        turn.joined(ticket, Joined::refused(error, ""));
    } else if join.member.is_empty() {
        membership.join_new(turn, ticket, &join, new_id);
    } else {
        membership.join_again(turn, ticket, &join);
    }
    membership.check();
    soft.drop_if_idle(turn, &group);
}

fn judge<E>(turn: &Turn<'_, E>, join: &Join) -> Result<(), ErrorCode> {
    let settings = &turn.view.settings;
    let session = settings.min_session_timeout_ms..=settings.max_session_timeout_ms;
    if join.group.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    if !session.contains(&join.session_timeout_ms) {
        return Err(ErrorCode::InvalidSessionTimeout);
    }
    Ok(())
}

/// `client-uuid`, or `instance-uuid`.
fn new_member_id(soft: &mut Soft, join: &Join) -> Arc<str> {
    if !join.member.is_empty() {
        return Arc::clone(&join.member);
    }
    let prefix = join.instance.as_ref().unwrap_or(&join.client_id);
    let id = Uuid::from_random(soft.rng.next_16());
    format!("{prefix}-{}", hyphenated(id)).into()
}

fn hyphenated(id: Uuid) -> String {
    let hex: String = id.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, b, c, d, e) = (
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    );
    format!("{a}-{b}-{c}-{d}-{e}")
}

impl Membership {
    /// `group.max.size`.
    fn accepts<E: Emit>(&self, turn: &mut Turn<'_, E>, member: &str) -> bool {
        let most = turn.view.settings.max_size;
        let known = self.members.get(member);
        let accepts = match self.phase {
            Phase::Empty => true,
            // Those who wait count: it may be that more were here before the setting was changed.
            Phase::Preparing { .. } => {
                let joined = self.members.values().filter(|it| it.joining.is_some());
                known.is_some_and(|it| it.joining.is_some()) || joined.count() < most
            }
            Phase::Joined => {
                let room = self.members.len() < most;
                known.is_some() || room || planted!(turn.fx, "group-grows-beyond-its-size")
            }
        };
        sometimes!(turn.fx, "a group was full", if !accepts);
        accepts
    }

    fn join_new<E: Emit>(
        &mut self,
        turn: &mut Turn<'_, E>,
        ticket: Ticket,
        join: &Join,
        id: Arc<str>,
    ) {
        if !self.supports(&join.protocol_type, &join.protocols) {
            let error = ErrorCode::InconsistentGroupProtocol;
            return turn.joined(ticket, Joined::refused(error, ""));
        }
        let is_new = turn.stored(&self.group).is_none();
        if is_new {
            let metadata = Metadata {
                since: turn.wall(),
                ..Metadata::default()
            };
            turn.store(&Arc::clone(&self.group), metadata);
        }
        let instance = join.instance.as_ref();
        let earlier = instance.and_then(|it| self.instances.get(it)).cloned();
        let stable = self.state(turn.metadata(&self.group)) == State::Stable;
        let fences = stable || !planted!(turn.fx, "static-member-fenced-when-stable-only");
        if let Some(earlier) = earlier.filter(|_| fences) {
            return self.join_in_place_of(turn, ticket, join, &earlier, id);
        }
        if instance.is_some() || !join.requires_member_id {
            return self.add(turn, ticket, join, id);
        }
        self.pending.insert(Arc::clone(&id));
        let timer = Timer::Member(Arc::clone(&self.group), Arc::clone(&id));
        turn.set(timer, join.session_timeout_ms.into());
        let answer = Joined::refused(ErrorCode::MemberIdRequired, &id);
        let response = Response::Joined(Box::new(answer));
        if is_new {
            turn.answer_with_records(ticket, response);
        } else {
            turn.answer(ticket, response);
        }
    }

    fn join_again<E: Emit>(&mut self, turn: &mut Turn<'_, E>, ticket: Ticket, join: &Join) {
        let id = &join.member;
        let refuse = |turn: &mut Turn<'_, E>, error| {
            turn.joined(ticket, Joined::refused(error, id));
        };
        if !self.supports(&join.protocol_type, &join.protocols) {
            return refuse(turn, ErrorCode::InconsistentGroupProtocol);
        }
        if self.pending.contains(id) && join.instance.is_none() {
            return self.add(turn, ticket, join, Arc::clone(id));
        }
        if let Err(error) = self.validate(id, join.instance.as_deref()) {
            let mut answer = Joined::refused(error, id);
            answer.protocol = None;
            return turn.joined(ticket, answer);
        }
        let state = self.state(turn.metadata(&self.group));
        let same = self
            .members
            .get(id)
            .is_some_and(|it| it.protocols == join.protocols);
        match state {
            // Perhaps it has never seen the answer to its last join.
            State::CompletingRebalance if same => {
                let answer = self.current(id, self.is_leader(id));
                self.tell_current(turn, ticket, id, answer);
            }
            State::Stable
                if same
                    && (!self.is_leader(id)
                        || planted!(turn.fx, "leaders-join-does-not-rebalance")) =>
            {
                let answer = self.current(id, false);
                self.tell_current(turn, ticket, id, answer);
            }
            // A leader that joins again wants a rebalance: topics may have changed.
            State::PreparingRebalance | State::CompletingRebalance | State::Stable => {
                self.update(turn, ticket, join, id);
                self.rebalance(turn);
            }
            State::Empty => refuse(turn, ErrorCode::UnknownMemberId),
        }
    }

    /// M2: what the group has last stored may not be durable yet. To ask is a sign of life, though not to Apache Kafka, which may give a member
    /// up that has just been told that it is in.
    fn tell_current<E: Emit>(
        &self,
        turn: &mut Turn<'_, E>,
        ticket: Ticket,
        id: &Arc<str>,
        answer: Joined,
    ) {
        self.touch(turn, id);
        let response = Response::Joined(Box::new(answer));
        turn.answer_of(&self.group, ticket, response);
    }

    /// A new member.
    fn add<E: Emit>(&mut self, turn: &mut Turn<'_, E>, ticket: Ticket, join: &Join, id: Arc<str>) {
        if let Phase::Preparing {
            initial: Some(initial),
        } = &mut self.phase
        {
            initial.added = true;
        }
        if self.members.is_empty() {
            self.protocol_type = Arc::clone(&join.protocol_type);
        }
        self.leader.get_or_insert_with(|| Arc::clone(&id));
        if let Some(instance) = &join.instance {
            self.instances.insert(Arc::clone(instance), Arc::clone(&id));
        }
        self.pending.remove(&id);
        let member = Member {
            joining: Some(ticket),
            ..Member::new(join)
        };
        self.members.insert(Arc::clone(&id), member);
        let timer = Timer::Member(Arc::clone(&self.group), id);
        turn.set(timer, limits::NEW_MEMBER_MS);
        self.rebalance(turn);
    }

    /// A member says something new of itself, and waits.
    fn update<E: Emit>(
        &mut self,
        turn: &mut Turn<'_, E>,
        ticket: Ticket,
        join: &Join,
        id: &Arc<str>,
    ) {
        let Some(member) = self.members.get_mut(id) else {
            return;
        };
        member.protocols = join.protocols.clone();
        member.rebalance_timeout_ms = join.rebalance_timeout_ms;
        member.session_timeout_ms = join.session_timeout_ms;
        if let Some(before) = member.joining.replace(ticket) {
            sometimes!(turn.fx, "a member joined again before it was answered");
            turn.joined(before, Joined::refused(ErrorCode::RebalanceInProgress, id));
        }
    }

    /// A static member comes back under a new id (KIP-345): whoever had its static id is fenced, and while the group is stable and agrees on
    /// the same protocol, nothing else changes.
    fn join_in_place_of<E: Emit>(
        &mut self,
        turn: &mut Turn<'_, E>,
        ticket: Ticket,
        join: &Join,
        earlier: &Arc<str>,
        id: Arc<str>,
    ) {
        let stored = turn.metadata(&self.group);
        let state = self.state(stored);
        let leader = self.leader.clone().unwrap_or_default();
        self.replace(turn, earlier, &id);
        self.update(turn, ticket, join, &id);
        self.touch(turn, &id);
        match state {
            State::Stable if self.select_protocol() == self.protocol => {}
            State::CompletingRebalance | State::Stable => return self.prepare(turn),
            State::PreparingRebalance | State::Empty => return self.complete_if_all_joined(turn),
        }
        sometimes!(turn.fx, "a static member came back to a stable group");
        let assignment = |of: &str| {
            let of = if *of == *id { &**earlier } else { of };
            let member = stored.and_then(|it| it.member(of));
            member.map(|it| it.assignment.clone()).unwrap_or_default()
        };
        let metadata = self.metadata(assignment);
        if !planted!(turn.fx, "static-members-new-id-not-stored") {
            turn.store(&Arc::clone(&self.group), metadata);
        }
        if let Some(member) = self.members.get_mut(&id) {
            member.joining = None;
            member.is_new = false;
        }
        let leads = self.is_leader(&id);
        let answer = if join.can_skip_assignment {
            Joined {
                skip_assignment: leads,
                ..self.current(&id, leads)
            }
        } else {
            // It must not take itself for the leader, who would assign.
            Joined {
                leader,
                ..self.current(&id, false)
            }
        };
        turn.answer_with_records(ticket, Response::Joined(Box::new(answer)));
    }

    /// M3.
    fn replace<E: Emit>(&mut self, turn: &mut Turn<'_, E>, earlier: &Arc<str>, id: &Arc<str>) {
        let Some(mut member) = self.members.remove(earlier) else {
            return;
        };
        turn.cancel(Timer::Member(Arc::clone(&self.group), Arc::clone(earlier)));
        if let Some(ticket) = member.joining.take() {
            sometimes!(turn.fx, "a static member was fenced while it waited");
            let mut answer = Joined::refused(ErrorCode::FencedInstanceId, earlier);
            answer.protocol = None;
            turn.joined(ticket, answer);
        }
        if let Some(ticket) = member.syncing.take() {
            turn.synced(ticket, Err(ErrorCode::FencedInstanceId));
        }
        // Who was waited for is not there any more; nobody waits for this one yet.
        member.owes_sync = false;
        if let Some(instance) = &member.instance {
            self.instances.insert(Arc::clone(instance), Arc::clone(id));
        }
        if self.is_leader(earlier) {
            self.leader = Some(Arc::clone(id));
        }
        self.members.insert(Arc::clone(id), member);
    }
}
