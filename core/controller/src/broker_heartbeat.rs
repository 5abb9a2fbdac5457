//! A broker says that it is still here, how far it has applied the metadata, and whether it wants to stop. From here brokers become
//! active and leave.

use ottla_machine::NodeId;
use ottla_metadata::{Broker, Topic};
use ottla_protocol::messages::{BrokerRegistrationChangeRecord, MetadataRecord};

use crate::draft::Draft;
use crate::membership::{fence, leave, registered, unfence};
use crate::soft::Soft;
use crate::view::{At, Deadlines};
use crate::{Heartbeat, HeartbeatAnswer, Refusal};

/// What the broker is now.
pub(crate) fn decide(
    draft: &mut Draft,
    soft: &mut Soft,
    at: &At<'_>,
    beat: &Heartbeat,
    timers: &mut Deadlines,
) -> Result<HeartbeatAnswer, Refusal> {
    let broker = registered(draft.image(), beat.broker, beat.epoch)?;
    soft.sessions.touch(broker.id, at, timers);
    soft.sessions.applied(broker.id, beat.metadata_offset);
    let caught_up = beat.metadata_offset.0 >= broker.epoch;
    let mut should_shut_down = false;
    if broker.fenced {
        should_shut_down = beat.want_shutdown;
        let wants_to_be = !beat.want_fence && !beat.want_shutdown;
        // One that was about to stop does so; it comes back by registering.
        if caught_up && wants_to_be && !broker.in_controlled_shutdown {
            unfence(draft, at, &broker);
        }
    } else if beat.want_shutdown {
        should_shut_down = shut_down(draft, soft, at, &broker);
    } else if beat.want_fence {
        leave(draft, at, broker.id, false);
        fence(draft, broker.id, broker.epoch);
    }
    let fenced = draft
        .image()
        .broker(broker.id)
        .is_none_or(|broker| broker.fenced);
    Ok(HeartbeatAnswer {
        caught_up,
        fenced,
        should_shut_down,
    })
}

/// A session has ended.
pub(crate) fn expire(draft: &mut Draft, soft: &mut Soft, at: &At<'_>, node: NodeId) {
    soft.sessions.forget(node);
    let broker = draft.image().broker(node).cloned();
    if let Some(broker) = broker.filter(|broker| !broker.fenced) {
        leave(draft, at, node, false);
        fence(draft, node, broker.epoch);
    }
}

/// The first wish takes its partitions away; once it leads none and everybody knows, it may stop.
fn shut_down(draft: &mut Draft, soft: &mut Soft, at: &At<'_>, broker: &Broker) -> bool {
    if !broker.in_controlled_shutdown {
        let change = BrokerRegistrationChangeRecord {
            broker_id: broker.id.0,
            broker_epoch: broker.epoch,
            in_controlled_shutdown: 1,
            ..BrokerRegistrationChangeRecord::default()
        };
        draft.push(MetadataRecord::BrokerRegistrationChange(change));
        leave(draft, at, broker.id, false);
        soft.sessions.leaves(broker.id, draft.image().offset);
        return false;
    }
    let leads = |topic: &Topic| topic.partitions.iter().any(|it| it.leader == broker.id);
    if draft.image().topics().any(|topic| leads(topic)) {
        return false;
    }
    let known = draft.image().offset;
    let leaves_at = soft.sessions.leaves_at(broker.id, known);
    let active = draft.image().brokers().filter(|other| other.is_active());
    if !soft
        .sessions
        .have_applied(active.map(|other| other.id), leaves_at)
    {
        return false;
    }
    leave(draft, at, broker.id, false);
    fence(draft, broker.id, broker.epoch);
    true
}
