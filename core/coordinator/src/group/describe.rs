//! DescribeGroups: a classic group and its members.

use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::{Emit, Ticket};

use super::classic::Membership;
use super::groups::is_foreign;
use super::record::Metadata;
use super::soft::{Soft, state_of};
use super::turn::Turn;
use super::words::{Described, DescribedMember, Response, State, Undescribed};

pub(super) fn describe<E: Emit>(
    soft: &Soft,
    turn: &mut Turn<'_, E>,
    ticket: Ticket,
    group: &Arc<str>,
) {
    let foreign = is_foreign(turn.stored(group));
    let described = look(soft, turn, group).map(Box::new);
    let described = described.ok_or(match foreign {
        true => Undescribed::OtherKind,
        false => Undescribed::NotFound,
    });
    turn.answer_of(group, ticket, Response::Described(described));
}

fn look<E>(soft: &Soft, turn: &Turn<'_, E>, group: &str) -> Option<Described> {
    let stored = turn.hard.group(group);
    if is_foreign(stored) {
        return None;
    }
    let state = state_of(soft, turn, group)?;
    let metadata = stored.and_then(|it| it.metadata.as_deref());
    let membership = soft.memberships.get(group);
    let none = Described {
        state,
        protocol_type: Arc::default(),
        protocol: Arc::default(),
        members: Vec::new(),
    };
    Some(match (state, membership) {
        // The log says all there is to say.
        (State::Stable | State::Empty, _) => {
            let Some(metadata) = metadata else {
                return Some(none);
            };
            let members = metadata.members.iter().filter(|_| state == State::Stable);
            Described {
                protocol_type: Arc::clone(&metadata.protocol_type),
                protocol: metadata.protocol.clone().unwrap_or_default(),
                members: members
                    .map(|member| DescribedMember {
                        id: Arc::clone(&member.id),
                        instance: member.instance.clone(),
                        client_id: Arc::clone(&member.client_id),
                        client_host: Arc::clone(&member.client_host),
                        metadata: member.subscription.clone(),
                        assignment: member.assignment.clone(),
                    })
                    .collect(),
                ..none
            }
        }
        (_, None) => none,
        (_, Some(membership)) => Described {
            protocol_type: Arc::clone(&membership.protocol_type),
            members: membership
                .members
                .iter()
                .map(|(id, member)| DescribedMember {
                    id: Arc::clone(id),
                    instance: member.instance.clone(),
                    client_id: Arc::clone(&member.client_id),
                    client_host: Arc::clone(&member.client_host),
                    metadata: Default::default(),
                    assignment: assigned_before(metadata, membership, state, id),
                })
                .collect(),
            ..none
        },
    })
}

/// A member keeps the assignment of the generation before until the next one is assigned. A rebalance that follows on one that never came so
/// far takes it away.
fn assigned_before(
    metadata: Option<&Metadata>,
    membership: &Membership,
    state: State,
    id: &str,
) -> Bytes {
    let before = match state {
        State::CompletingRebalance => membership.generation - 1,
        _ => membership.generation,
    };
    let metadata = metadata.filter(|it| it.generation == before);
    let member = metadata.and_then(|it| it.members.iter().find(|member| &*member.id == id));
    member.map(|it| it.assignment.clone()).unwrap_or_default()
}
