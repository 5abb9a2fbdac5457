//! A broker says that it is here: it gets its epoch, and stays fenced until it has applied its own registration.
//!
//! What was registered under its number in another life is fenced first. If that life did not end cleanly, the broker may have
//! lost what it had flushed last, and is eligible for nothing; a partition that only it knew is elected from its
//! last known leader.

use ottla_metadata::Broker;
use ottla_protocol::ErrorCode;
use ottla_protocol::messages::MetadataRecord;

use crate::draft::Draft;
use crate::membership::{fence, leave};
use crate::soft::Soft;
use crate::view::{At, Deadlines};
use crate::{Refusal, Registration};

/// The broker's epoch.
pub(crate) fn decide(
    draft: &mut Draft,
    soft: &mut Soft,
    at: &At<'_>,
    broker: &Registration,
    timers: &mut Deadlines,
) -> Result<i64, Refusal> {
    check_dirs(draft, broker)?;
    if let Some(old) = draft.image().broker(broker.id).cloned() {
        if old.incarnation == broker.incarnation {
            // Its answer was lost: it is registered already.
            soft.sessions.touch(broker.id, at, timers);
            return Ok(old.epoch);
        }
        retire(draft, soft, at, &old, broker.previous_epoch)?;
    }
    let epoch = draft.first_offset().0;
    let registered = Broker {
        id: broker.id,
        epoch,
        incarnation: broker.incarnation,
        endpoints: broker.endpoints.clone(),
        features: broker.features.clone(),
        rack: broker.rack.clone(),
        fenced: true,
        in_controlled_shutdown: false,
        dirs: broker.dirs.clone(),
        cordoned_dirs: Vec::new(),
    };
    draft.push(MetadataRecord::RegisterBroker(registered.record()));
    soft.sessions.forget(broker.id);
    soft.sessions.touch(broker.id, at, timers);
    Ok(epoch)
}

fn check_dirs(draft: &Draft, broker: &Registration) -> Result<(), Refusal> {
    let invalid = |why: String| Err((ErrorCode::InvalidRegistration, why));
    let dirs = &broker.dirs;
    if dirs.is_empty() {
        return invalid(format!("broker {} has no log directory", broker.id));
    }
    for (index, dir) in dirs.iter().enumerate() {
        if dir.is_reserved() || dirs[..index].contains(dir) {
            return invalid(format!("{dir} is no directory of its own"));
        }
        let mut others = draft
            .image()
            .brokers()
            .filter(|other| other.id != broker.id);
        if let Some(other) = others.find(|other| other.dirs.contains(dir)) {
            let why = format!("directory {dir} is registered by broker {}", other.id);
            return Err((ErrorCode::DuplicateBrokerRegistration, why));
        }
    }
    Ok(())
}

/// Ends the registration of an earlier life.
fn retire(
    draft: &mut Draft,
    soft: &Soft,
    at: &At<'_>,
    old: &Broker,
    previous_epoch: i64,
) -> Result<(), Refusal> {
    // Elsewhere the earlier life may still be there until its session ends (9 s), and Kafka waits for that even on a single
    // node. Here the new life holds the lock of the directory in the controller's own process: the earlier one is dead.
    if old.is_active() && soft.sessions.has(old.id) && !at.is_own(old.id) {
        let why = format!("broker {} is here already, in another life", old.id);
        return Err((ErrorCode::DuplicateBrokerRegistration, why));
    }
    if !old.fenced {
        leave(draft, at, old.id, false);
        fence(draft, old.id, old.epoch);
    }
    if previous_epoch != old.epoch {
        leave(draft, at, old.id, true);
    }
    Ok(())
}
