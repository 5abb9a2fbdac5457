//! Every message by its name. Generated from `specs/`.

use ottla_protocol::messages::*;
use ottla_protocol::{DecodeError, EncodeError, Reader, Writer};

/// Gives the name of every message to a macro, behind its own arguments.
#[macro_export]
macro_rules! messages {
    ($then:ident!($($with:tt)*)) => {
        $then! {
            $($with)*;
            AbortTransactionRecord
            AbortedTxn
            AccessControlEntryRecord
            AddOffsetsToTxnRequest
            AddOffsetsToTxnResponse
            AddPartitionsToTxnRequest
            AddPartitionsToTxnResponse
            AddRaftVoterRequest
            AddRaftVoterResponse
            AllocateProducerIdsRequest
            AllocateProducerIdsResponse
            AlterClientQuotasRequest
            AlterClientQuotasResponse
            AlterConfigsRequest
            AlterConfigsResponse
            AlterPartitionRequest
            AlterPartitionResponse
            AlterPartitionReassignmentsRequest
            AlterPartitionReassignmentsResponse
            AlterReplicaLogDirsRequest
            AlterReplicaLogDirsResponse
            AlterShareGroupOffsetsRequest
            AlterShareGroupOffsetsResponse
            AlterUserScramCredentialsRequest
            AlterUserScramCredentialsResponse
            ApiVersionsRequest
            ApiVersionsResponse
            AssignReplicasToDirsRequest
            AssignReplicasToDirsResponse
            BeginQuorumEpochRequest
            BeginQuorumEpochResponse
            BeginTransactionRecord
            BrokerHeartbeatRequest
            BrokerHeartbeatResponse
            BrokerRegistrationRequest
            BrokerRegistrationResponse
            BrokerRegistrationChangeRecord
            ClearElrRecord
            ClientQuotaRecord
            ConfigRecord
            ConsumerGroupCurrentMemberAssignmentKey
            ConsumerGroupCurrentMemberAssignmentValue
            ConsumerGroupDescribeRequest
            ConsumerGroupDescribeResponse
            ConsumerGroupHeartbeatRequest
            ConsumerGroupHeartbeatResponse
            ConsumerGroupMemberMetadataKey
            ConsumerGroupMemberMetadataValue
            ConsumerGroupMetadataKey
            ConsumerGroupMetadataValue
            ConsumerGroupPartitionMetadataKey
            ConsumerGroupPartitionMetadataValue
            ConsumerGroupRegularExpressionKey
            ConsumerGroupRegularExpressionValue
            ConsumerGroupTargetAssignmentMemberKey
            ConsumerGroupTargetAssignmentMemberValue
            ConsumerGroupTargetAssignmentMetadataKey
            ConsumerGroupTargetAssignmentMetadataValue
            ConsumerProtocolAssignment
            ConsumerProtocolSubscription
            ControlRecordTypeSchema
            ControllerRegistrationRequest
            ControllerRegistrationResponse
            CreateAclsRequest
            CreateAclsResponse
            CreateDelegationTokenRequest
            CreateDelegationTokenResponse
            CreatePartitionsRequest
            CreatePartitionsResponse
            CreateTopicsRequest
            CreateTopicsResponse
            DefaultPrincipalData
            DelegationTokenRecord
            DeleteAclsRequest
            DeleteAclsResponse
            DeleteGroupsRequest
            DeleteGroupsResponse
            DeleteRecordsRequest
            DeleteRecordsResponse
            DeleteShareGroupOffsetsRequest
            DeleteShareGroupOffsetsResponse
            DeleteShareGroupStateRequest
            DeleteShareGroupStateResponse
            DeleteTopicsRequest
            DeleteTopicsResponse
            DescribeAclsRequest
            DescribeAclsResponse
            DescribeClientQuotasRequest
            DescribeClientQuotasResponse
            DescribeClusterRequest
            DescribeClusterResponse
            DescribeConfigsRequest
            DescribeConfigsResponse
            DescribeDelegationTokenRequest
            DescribeDelegationTokenResponse
            DescribeGroupsRequest
            DescribeGroupsResponse
            DescribeLogDirsRequest
            DescribeLogDirsResponse
            DescribeProducersRequest
            DescribeProducersResponse
            DescribeQuorumRequest
            DescribeQuorumResponse
            DescribeShareGroupOffsetsRequest
            DescribeShareGroupOffsetsResponse
            DescribeTopicPartitionsRequest
            DescribeTopicPartitionsResponse
            DescribeTransactionsRequest
            DescribeTransactionsResponse
            DescribeUserScramCredentialsRequest
            DescribeUserScramCredentialsResponse
            ElectLeadersRequest
            ElectLeadersResponse
            EndQuorumEpochRequest
            EndQuorumEpochResponse
            EndTransactionRecord
            EndTxnRequest
            EndTxnResponse
            EndTxnMarker
            EnvelopeRequest
            EnvelopeResponse
            ExpireDelegationTokenRequest
            ExpireDelegationTokenResponse
            FeatureLevelRecord
            FenceBrokerRecord
            FetchRequest
            FetchResponse
            FetchSnapshotRequest
            FetchSnapshotResponse
            FindCoordinatorRequest
            FindCoordinatorResponse
            GetTelemetrySubscriptionsRequest
            GetTelemetrySubscriptionsResponse
            GroupMetadataKey
            GroupMetadataValue
            HeartbeatRequest
            HeartbeatResponse
            IncrementalAlterConfigsRequest
            IncrementalAlterConfigsResponse
            InitProducerIdRequest
            InitProducerIdResponse
            InitializeShareGroupStateRequest
            InitializeShareGroupStateResponse
            JoinGroupRequest
            JoinGroupResponse
            KRaftVersionRecord
            LeaderChangeMessage
            LeaveGroupRequest
            LeaveGroupResponse
            LegacyOffsetCommitKey
            LegacyOffsetCommitValue
            ListConfigResourcesRequest
            ListConfigResourcesResponse
            ListGroupsRequest
            ListGroupsResponse
            ListOffsetsRequest
            ListOffsetsResponse
            ListPartitionReassignmentsRequest
            ListPartitionReassignmentsResponse
            ListTransactionsRequest
            ListTransactionsResponse
            MetadataRequest
            MetadataResponse
            NoOpRecord
            OffsetCommitRequest
            OffsetCommitResponse
            OffsetCommitKey
            OffsetCommitValue
            OffsetDeleteRequest
            OffsetDeleteResponse
            OffsetFetchRequest
            OffsetFetchResponse
            OffsetForLeaderEpochRequest
            OffsetForLeaderEpochResponse
            PartitionChangeRecord
            PartitionRecord
            ProduceRequest
            ProduceResponse
            ProducerIdsRecord
            ProducerSnapshot
            PushTelemetryRequest
            PushTelemetryResponse
            QuorumStateData
            ReadShareGroupStateRequest
            ReadShareGroupStateResponse
            ReadShareGroupStateSummaryRequest
            ReadShareGroupStateSummaryResponse
            RegisterBrokerRecord
            RegisterControllerRecord
            RemoteLogSegmentMetadataRecord
            RemoteLogSegmentMetadataSnapshotRecord
            RemoteLogSegmentMetadataUpdateRecord
            RemotePartitionDeleteMetadataRecord
            RemoveAccessControlEntryRecord
            RemoveDelegationTokenRecord
            RemoveRaftVoterRequest
            RemoveRaftVoterResponse
            RemoveTopicRecord
            RemoveUserScramCredentialRecord
            RenewDelegationTokenRequest
            RenewDelegationTokenResponse
            RequestHeader
            ResponseHeader
            SaslAuthenticateRequest
            SaslAuthenticateResponse
            SaslHandshakeRequest
            SaslHandshakeResponse
            ShareAcknowledgeRequest
            ShareAcknowledgeResponse
            ShareFetchRequest
            ShareFetchResponse
            ShareGroupCurrentMemberAssignmentKey
            ShareGroupCurrentMemberAssignmentValue
            ShareGroupDescribeRequest
            ShareGroupDescribeResponse
            ShareGroupHeartbeatRequest
            ShareGroupHeartbeatResponse
            ShareGroupMemberMetadataKey
            ShareGroupMemberMetadataValue
            ShareGroupMetadataKey
            ShareGroupMetadataValue
            ShareGroupStatePartitionMetadataKey
            ShareGroupStatePartitionMetadataValue
            ShareGroupTargetAssignmentMemberKey
            ShareGroupTargetAssignmentMemberValue
            ShareGroupTargetAssignmentMetadataKey
            ShareGroupTargetAssignmentMetadataValue
            ShareSnapshotKey
            ShareSnapshotValue
            ShareUpdateKey
            ShareUpdateValue
            SnapshotFooterRecord
            SnapshotHeaderRecord
            StreamsGroupCurrentMemberAssignmentKey
            StreamsGroupCurrentMemberAssignmentValue
            StreamsGroupDescribeRequest
            StreamsGroupDescribeResponse
            StreamsGroupHeartbeatRequest
            StreamsGroupHeartbeatResponse
            StreamsGroupMemberMetadataKey
            StreamsGroupMemberMetadataValue
            StreamsGroupMetadataKey
            StreamsGroupMetadataValue
            StreamsGroupTargetAssignmentMemberKey
            StreamsGroupTargetAssignmentMemberValue
            StreamsGroupTargetAssignmentMetadataKey
            StreamsGroupTargetAssignmentMetadataValue
            StreamsGroupTopologyDescriptionUpdateRequest
            StreamsGroupTopologyDescriptionUpdateResponse
            StreamsGroupTopologyKey
            StreamsGroupTopologyValue
            SubscriptionInfoData
            SyncGroupRequest
            SyncGroupResponse
            TopicRecord
            TransactionLogKey
            TransactionLogValue
            TxnOffsetCommitRequest
            TxnOffsetCommitResponse
            UnfenceBrokerRecord
            UnregisterBrokerRequest
            UnregisterBrokerResponse
            UnregisterBrokerRecord
            UnregisterControllerRequest
            UnregisterControllerResponse
            UnregisterControllerRecord
            UpdateFeaturesRequest
            UpdateFeaturesResponse
            UpdateRaftVoterRequest
            UpdateRaftVoterResponse
            UserScramCredentialRecord
            VoteRequest
            VoteResponse
            VotersRecord
            WriteShareGroupStateRequest
            WriteShareGroupStateResponse
            WriteTxnMarkersRequest
            WriteTxnMarkersResponse
            ZkMigrationStateRecord
        }
    };
}

/// What came of it.
#[derive(Debug)]
pub enum Recoded {
    /// It could not be read.
    Refused(DecodeError),
    /// It was read, so many bytes of it; this is what writing it again gave.
    Written(usize, Result<Vec<u8>, EncodeError>),
}

macro_rules! recode {
    ($name:expr, $version:expr, $bytes:expr; $($message:ident)*) => {
        match $name {
            $(stringify!($message) => {
                let mut r = Reader::new($bytes);
                match $message::decode(&mut r, $version) {
                    Err(error) => Recoded::Refused(error),
                    Ok(value) => {
                        let mut w = Writer::new();
                        let written = value.encode(&mut w, $version);
                        Recoded::Written(r.position(), written.map(|()| w.finish().0.to_vec()))
                    }
                }
            })*
            name => panic!("no message is called {name}"),
        }
    };
}

/// Reads a message and writes it again.
pub fn recode(name: &str, version: i16, bytes: &[u8]) -> Recoded {
    messages!(recode!(name, version, bytes))
}
