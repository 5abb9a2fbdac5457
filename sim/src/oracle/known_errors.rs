//! What a member is refused with is an error that clients know for that request: Java's consumer ends at any other ("Unexpected error
//! from ..."), and the others do what they please. The sets are those of its handlers (AbstractCoordinator, ConsumerCoordinator of 4.3),
//! and of OffsetCommit the two that Kafka answers in addition: UNKNOWN_TOPIC_ID by id, and GROUP_ID_NOT_FOUND from version 9 on.

use ottla_protocol::ErrorCode;

use super::{Oracle, Scene, Verdict, fired};
use crate::groups::{GroupAsk, GroupReply};
use crate::history::{Ask, Reply, Seen};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct KnownErrors;

const NAME: &str = "known-errors";

/// Known for every request to a coordinator.
const EVERYWHERE: &[ErrorCode] = &[
    ErrorCode::None,
    ErrorCode::CoordinatorNotAvailable,
    ErrorCode::NotCoordinator,
    ErrorCode::InvalidGroupId,
    ErrorCode::FencedInstanceId,
    ErrorCode::UnknownMemberId,
];
const JOIN: &[ErrorCode] = &[
    ErrorCode::CoordinatorLoadInProgress,
    ErrorCode::InconsistentGroupProtocol,
    ErrorCode::InvalidSessionTimeout,
    ErrorCode::GroupMaxSizeReached,
    ErrorCode::UnsupportedVersion,
    ErrorCode::MemberIdRequired,
    ErrorCode::RebalanceInProgress,
];
const SYNC: &[ErrorCode] = &[ErrorCode::RebalanceInProgress, ErrorCode::IllegalGeneration];
const COMMIT: &[ErrorCode] = &[
    ErrorCode::CoordinatorLoadInProgress,
    ErrorCode::OffsetMetadataTooLarge,
    ErrorCode::InvalidCommitOffsetSize,
    ErrorCode::UnknownTopicOrPartition,
    ErrorCode::UnknownTopicId,
    ErrorCode::GroupIdNotFound,
    ErrorCode::RequestTimedOut,
    ErrorCode::RebalanceInProgress,
    ErrorCode::IllegalGeneration,
];
const FETCH: &[ErrorCode] = &[
    ErrorCode::CoordinatorLoadInProgress,
    ErrorCode::UnknownTopicOrPartition,
    ErrorCode::UnknownTopicId,
    ErrorCode::UnstableOffsetCommit,
];

impl Oracle for KnownErrors {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, _scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        let Seen::Answered(asked, Reply::Group(reply)) = seen else {
            return Ok(());
        };
        let Ask::Group(ask) = &asked.ask else {
            return Ok(());
        };
        match (ask, reply) {
            (GroupAsk::Join { .. }, GroupReply::Join { error, .. }) => knows("Join", JOIN, *error),
            (GroupAsk::Sync { .. }, GroupReply::Sync { error, .. }) => knows("Sync", SYNC, *error),
            (GroupAsk::Heartbeat { .. }, GroupReply::Heartbeat { error }) => {
                knows("Heartbeat", SYNC, *error)
            }
            (GroupAsk::Commit { .. }, GroupReply::Commit { parts }) => parts
                .iter()
                .try_for_each(|(_, error)| knows("Commit", COMMIT, *error)),
            (GroupAsk::Fetch { .. }, GroupReply::Fetch { error, parts }) => {
                knows("Fetch", FETCH, *error)?;
                let mut parts = parts.iter();
                parts.try_for_each(|(.., error)| knows("Fetch", FETCH, *error))
            }
            _ => Ok(()),
        }
    }
}

fn knows(request: &str, also: &[ErrorCode], error: i16) -> Verdict {
    let known = |it: ErrorCode| EVERYWHERE.contains(&it) || also.contains(&it);
    match ErrorCode::from_code(error) {
        Some(it) if known(it) => Ok(()),
        _ => fired(
            NAME,
            format!("a member's {request} is refused with {error}, which no client knows there"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, fires, passes};
    use super::super::rig_groups as groups;
    use super::{ErrorCode, GroupReply, KnownErrors, Reply};

    #[test]
    fn a_member_hears_what_it_knows() {
        let who = groups::who("m", 1);
        let sync = |error: ErrorCode| {
            let reply = Reply::Group(GroupReply::Sync {
                error: error.code(),
                assignment: bytes::Bytes::new(),
            });
            Rig::<KnownErrors>::new().exchange(groups::sync(&who, &[]), &reply)
        };
        passes(sync(ErrorCode::None));
        passes(sync(ErrorCode::RebalanceInProgress));
        fires(
            sync(ErrorCode::CoordinatorLoadInProgress),
            "Sync is refused with 14",
        );
        let commit = |error: ErrorCode| {
            let ask = groups::commit(&who, 7, "");
            Rig::<KnownErrors>::new().exchange(ask, &groups::committed(error.code()))
        };
        passes(commit(ErrorCode::CoordinatorLoadInProgress));
        fires(
            commit(ErrorCode::KafkaStorageError),
            "Commit is refused with 56",
        );
        let heartbeat = |error: ErrorCode| {
            let ask = groups::heartbeat(&who);
            Rig::<KnownErrors>::new().exchange(ask, &groups::heard(error.code()))
        };
        passes(heartbeat(ErrorCode::IllegalGeneration));
        fires(
            heartbeat(ErrorCode::CoordinatorLoadInProgress),
            "Heartbeat is refused with 14",
        );
    }
}
