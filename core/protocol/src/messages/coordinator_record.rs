//! Every record of the coordinators, a type for each of their topics. Generated from `specs/`.

use crate::coordinator_record::coordinator_records;
use crate::wire::{DecodeError, EncodeError, Reader};
use bytes::Bytes;

use super::{
    ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue, ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue, ConsumerGroupPartitionMetadataKey,
    ConsumerGroupPartitionMetadataValue, ConsumerGroupRegularExpressionKey,
    ConsumerGroupRegularExpressionValue, ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMemberValue, ConsumerGroupTargetAssignmentMetadataKey,
    ConsumerGroupTargetAssignmentMetadataValue, GroupMetadataKey, GroupMetadataValue,
    LegacyOffsetCommitKey, LegacyOffsetCommitValue, OffsetCommitKey, OffsetCommitValue,
    ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue,
    ShareGroupMemberMetadataKey, ShareGroupMemberMetadataValue, ShareGroupMetadataKey,
    ShareGroupMetadataValue, ShareGroupStatePartitionMetadataKey,
    ShareGroupStatePartitionMetadataValue, ShareGroupTargetAssignmentMemberKey,
    ShareGroupTargetAssignmentMemberValue, ShareGroupTargetAssignmentMetadataKey,
    ShareGroupTargetAssignmentMetadataValue, ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey,
    ShareUpdateValue, StreamsGroupCurrentMemberAssignmentKey,
    StreamsGroupCurrentMemberAssignmentValue, StreamsGroupMemberMetadataKey,
    StreamsGroupMemberMetadataValue, StreamsGroupMetadataKey, StreamsGroupMetadataValue,
    StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue,
    StreamsGroupTargetAssignmentMetadataKey, StreamsGroupTargetAssignmentMetadataValue,
    StreamsGroupTopologyKey, StreamsGroupTopologyValue, TransactionLogKey, TransactionLogValue,
};

coordinator_records! {
    /// A record of `__consumer_offsets`.
    GroupRecord<'a> {
        0 LegacyOffsetCommit(LegacyOffsetCommitKey<'a>, LegacyOffsetCommitValue<'a>),
        1 OffsetCommit(OffsetCommitKey<'a>, OffsetCommitValue<'a>),
        2 GroupMetadata(GroupMetadataKey<'a>, GroupMetadataValue<'a>),
        3 ConsumerGroupMetadata(ConsumerGroupMetadataKey<'a>, ConsumerGroupMetadataValue),
        4 ConsumerGroupPartitionMetadata(ConsumerGroupPartitionMetadataKey<'a>, ConsumerGroupPartitionMetadataValue<'a>),
        5 ConsumerGroupMemberMetadata(ConsumerGroupMemberMetadataKey<'a>, ConsumerGroupMemberMetadataValue<'a>),
        6 ConsumerGroupTargetAssignmentMetadata(ConsumerGroupTargetAssignmentMetadataKey<'a>, ConsumerGroupTargetAssignmentMetadataValue),
        7 ConsumerGroupTargetAssignmentMember(ConsumerGroupTargetAssignmentMemberKey<'a>, ConsumerGroupTargetAssignmentMemberValue),
        8 ConsumerGroupCurrentMemberAssignment(ConsumerGroupCurrentMemberAssignmentKey<'a>, ConsumerGroupCurrentMemberAssignmentValue),
        10 ShareGroupMemberMetadata(ShareGroupMemberMetadataKey<'a>, ShareGroupMemberMetadataValue<'a>),
        11 ShareGroupMetadata(ShareGroupMetadataKey<'a>, ShareGroupMetadataValue),
        12 ShareGroupTargetAssignmentMetadata(ShareGroupTargetAssignmentMetadataKey<'a>, ShareGroupTargetAssignmentMetadataValue),
        13 ShareGroupTargetAssignmentMember(ShareGroupTargetAssignmentMemberKey<'a>, ShareGroupTargetAssignmentMemberValue),
        14 ShareGroupCurrentMemberAssignment(ShareGroupCurrentMemberAssignmentKey<'a>, ShareGroupCurrentMemberAssignmentValue),
        15 ShareGroupStatePartitionMetadata(ShareGroupStatePartitionMetadataKey<'a>, ShareGroupStatePartitionMetadataValue<'a>),
        16 ConsumerGroupRegularExpression(ConsumerGroupRegularExpressionKey<'a>, ConsumerGroupRegularExpressionValue<'a>),
        17 StreamsGroupMetadata(StreamsGroupMetadataKey<'a>, StreamsGroupMetadataValue<'a>),
        19 StreamsGroupMemberMetadata(StreamsGroupMemberMetadataKey<'a>, StreamsGroupMemberMetadataValue<'a>),
        20 StreamsGroupTargetAssignmentMetadata(StreamsGroupTargetAssignmentMetadataKey<'a>, StreamsGroupTargetAssignmentMetadataValue),
        21 StreamsGroupTargetAssignmentMember(StreamsGroupTargetAssignmentMemberKey<'a>, StreamsGroupTargetAssignmentMemberValue<'a>),
        22 StreamsGroupCurrentMemberAssignment(StreamsGroupCurrentMemberAssignmentKey<'a>, StreamsGroupCurrentMemberAssignmentValue<'a>),
        23 StreamsGroupTopology(StreamsGroupTopologyKey<'a>, StreamsGroupTopologyValue<'a>),
    }
}

coordinator_records! {
    /// A record of `__share_group_state`.
    ShareRecord<'a> {
        0 ShareSnapshot(ShareSnapshotKey<'a>, ShareSnapshotValue),
        1 ShareUpdate(ShareUpdateKey<'a>, ShareUpdateValue),
    }
}

coordinator_records! {
    /// A record of `__transaction_state`.
    TransactionRecord<'a> {
        0 TransactionLog(TransactionLogKey<'a>, TransactionLogValue<'a>),
    }
}
