//! The crate `kafka-protocol`, which is generated from the schemas of Kafka 4.1.

use crate::{Ledger, Other};
use ::kafka_protocol::messages::*;
use ::kafka_protocol::protocol::{Decodable, Encodable, Message};
use bytes::{Bytes, BytesMut};
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

fn again<M: Message + Decodable + Encodable>(version: i16, bytes: &[u8]) -> Other {
    if version < M::VERSIONS.min || version > M::VERSIONS.max {
        return Other::Unknown;
    }
    let (mut from, mut to) = (Bytes::copy_from_slice(bytes), BytesMut::new());
    let read = M::decode(&mut from, version);
    match read.and_then(|value| value.encode(&mut to, version)) {
        Err(error) => Other::Failed(format!("{error:#}")),
        Ok(()) if !from.is_empty() => Other::Failed(format!("{} bytes left over", from.len())),
        Ok(()) => Other::Again(to.to_vec()),
    }
}

fn recode(place: &Place, bytes: &[u8]) -> Other {
    recode!(place, bytes;
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
fn kafka_protocol_writes_the_same_bytes() {
    let specs = specs();
    Ledger::all(&samples(&specs), recode).settle("kafka-protocol 0.18", &specs);
}
