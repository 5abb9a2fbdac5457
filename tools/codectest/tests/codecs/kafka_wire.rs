//! The crate `kafka-wire`, which is generated from the schemas of Kafka 4.4.

use crate::{Ledger, Other};
use ::kafka_wire::*;
use bytes::{Bytes, BytesMut};
use kafka_wire_core::{ApiVersion, DecodeLimits};
use ottla_codectest::{Place, samples, specs};

/// Every message that the crate has.
macro_rules! recode {
    ($place:expr, $bytes:expr; $($message:ident)*) => {
        match $place.name.as_str() {
            $(stringify!($message) => again::<$message>($place.version, $bytes),)*
            _ => Other::Unknown,
        }
    };
}

fn again<M: KafkaMessage>(version: i16, bytes: &[u8]) -> Other {
    let version = ApiVersion::new(version);
    if !M::supports(version) {
        return Other::Unknown;
    }
    let from = Bytes::copy_from_slice(bytes);
    let mut to = BytesMut::new();
    let value = match M::decode_from_bytes(from, version, DecodeLimits::default()) {
        Err(error) => return Other::Failed(format!("not read: {error}")),
        Ok(value) => value,
    };
    match value.encode_into(&mut to, version) {
        Err(error) => Other::Failed(format!("not written: {error}")),
        Ok(_) => Other::Again(to.to_vec()),
    }
}

fn recode(place: &Place, bytes: &[u8]) -> Other {
    recode!(place, bytes;
        AbortedTxn
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
        AlterPartitionReassignmentsRequest
        AlterPartitionReassignmentsResponse
        AlterPartitionRequest
        AlterPartitionResponse
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
        BrokerHeartbeatRequest
        BrokerHeartbeatResponse
        BrokerRegistrationRequest
        BrokerRegistrationResponse
        ConsumerGroupDescribeRequest
        ConsumerGroupDescribeResponse
        ConsumerGroupHeartbeatRequest
        ConsumerGroupHeartbeatResponse
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
        EndTxnMarker
        EndTxnRequest
        EndTxnResponse
        EnvelopeRequest
        EnvelopeResponse
        ExpireDelegationTokenRequest
        ExpireDelegationTokenResponse
        FetchRequest
        FetchResponse
        FetchSnapshotRequest
        FetchSnapshotResponse
        FindCoordinatorRequest
        FindCoordinatorResponse
        GetTelemetrySubscriptionsRequest
        GetTelemetrySubscriptionsResponse
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
        OffsetCommitRequest
        OffsetCommitResponse
        OffsetDeleteRequest
        OffsetDeleteResponse
        OffsetFetchRequest
        OffsetFetchResponse
        OffsetForLeaderEpochRequest
        OffsetForLeaderEpochResponse
        ProduceRequest
        ProduceResponse
        PushTelemetryRequest
        PushTelemetryResponse
        ReadShareGroupStateRequest
        ReadShareGroupStateResponse
        ReadShareGroupStateSummaryRequest
        ReadShareGroupStateSummaryResponse
        RemoveRaftVoterRequest
        RemoveRaftVoterResponse
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
        ShareGroupDescribeRequest
        ShareGroupDescribeResponse
        ShareGroupHeartbeatRequest
        ShareGroupHeartbeatResponse
        SnapshotFooterRecord
        SnapshotHeaderRecord
        StreamsGroupDescribeRequest
        StreamsGroupDescribeResponse
        StreamsGroupHeartbeatRequest
        StreamsGroupHeartbeatResponse
        StreamsGroupTopologyDescriptionUpdateRequest
        StreamsGroupTopologyDescriptionUpdateResponse
        SyncGroupRequest
        SyncGroupResponse
        TxnOffsetCommitRequest
        TxnOffsetCommitResponse
        UnregisterBrokerRequest
        UnregisterBrokerResponse
        UpdateFeaturesRequest
        UpdateFeaturesResponse
        UpdateRaftVoterRequest
        UpdateRaftVoterResponse
        VoteRequest
        VoteResponse
        VotersRecord
        WriteShareGroupStateRequest
        WriteShareGroupStateResponse
        WriteTxnMarkersRequest
        WriteTxnMarkersResponse
    )
}

#[test]
fn kafka_wire_writes_the_same_bytes() {
    let specs = specs();
    Ledger::all(&samples(&specs), recode).settle("kafka-wire 0.1", &specs);
}
