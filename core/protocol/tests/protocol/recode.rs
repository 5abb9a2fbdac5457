//! Reaches every message by its name. Generated from `specs/`.

use ottla_protocol::messages::*;
use ottla_protocol::{DecodeError, EncodeError, Reader, Writer};

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
    recode!(name, version, bytes;
        AbortTransactionRecord
        AccessControlEntryRecord
        ApiVersionsRequest
        ApiVersionsResponse
        BeginTransactionRecord
        BrokerRegistrationChangeRecord
        ClearElrRecord
        ClientQuotaRecord
        ConfigRecord
        ControlRecordTypeSchema
        CreateTopicsRequest
        CreateTopicsResponse
        DelegationTokenRecord
        DeleteTopicsRequest
        DeleteTopicsResponse
        DescribeClusterRequest
        DescribeClusterResponse
        DescribeConfigsRequest
        DescribeConfigsResponse
        DescribeQuorumRequest
        DescribeQuorumResponse
        EndTransactionRecord
        EndTxnMarker
        FeatureLevelRecord
        FenceBrokerRecord
        FetchRequest
        FetchResponse
        FindCoordinatorRequest
        FindCoordinatorResponse
        InitProducerIdRequest
        InitProducerIdResponse
        KRaftVersionRecord
        LeaderChangeMessage
        ListOffsetsRequest
        ListOffsetsResponse
        MetadataRequest
        MetadataResponse
        NoOpRecord
        OffsetForLeaderEpochRequest
        OffsetForLeaderEpochResponse
        PartitionChangeRecord
        PartitionRecord
        ProduceRequest
        ProduceResponse
        ProducerIdsRecord
        RegisterBrokerRecord
        RegisterControllerRecord
        RemoveAccessControlEntryRecord
        RemoveDelegationTokenRecord
        RemoveTopicRecord
        RemoveUserScramCredentialRecord
        SaslAuthenticateRequest
        SaslAuthenticateResponse
        SaslHandshakeRequest
        SaslHandshakeResponse
        SnapshotFooterRecord
        SnapshotHeaderRecord
        TopicRecord
        UnfenceBrokerRecord
        UnregisterBrokerRecord
        UserScramCredentialRecord
        VotersRecord
        ZkMigrationStateRecord
    )
}
