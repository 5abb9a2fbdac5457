//! Leases a block of producer ids to a broker. What is written is the first id after the block (C6).

use std::ops::Range;

use ottla_machine::{NodeId, planted};
use ottla_protocol::ErrorCode;
use ottla_protocol::messages::{MetadataRecord, ProducerIdsRecord};

use crate::draft::Draft;
use crate::membership::registered;
use crate::view::At;
use crate::{Refusal, limits};

/// The ids that were leased.
pub(crate) fn decide(
    draft: &mut Draft,
    at: &At<'_>,
    broker: NodeId,
    epoch: i64,
) -> Result<Range<i64>, Refusal> {
    let broker = registered(draft.image(), broker, epoch)?;
    let first = draft.image().next_producer_id();
    let Some(next) = first.checked_add(limits::PRODUCER_IDS) else {
        let why = "all producer ids are leased".to_owned();
        return Err((ErrorCode::UnknownServerError, why));
    };
    draft.push(MetadataRecord::ProducerIds(ProducerIdsRecord {
        broker_id: broker.id.0,
        broker_epoch: broker.epoch,
        next_producer_id: if planted!(at.view.switch, "producer-id-block-leased-twice") {
            first + 1
        } else {
            next
        },
    }));
    Ok(first..next)
}
