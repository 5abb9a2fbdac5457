//! The API keys of Kafka, and which header goes with which key and version.
//!
//! 93 and 94 are newer than Kafka 4.3: they have messages, but nobody serves them yet.
//!
//! The retired keys 4 to 7 are not keys any more: a request that bears one is closed without an answer,
//! as for any number that nobody knows.

use std::fmt;

macro_rules! api_keys {
    ($($code:literal $variant:ident $flexible:expr,)*) => {
        /// What a request asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i16)]
        pub enum ApiKey {
            $(#[doc = concat!("Key ", $code, ".")] $variant = $code,)*
        }

        impl ApiKey {
            /// Every key, in the order of their numbers.
            pub const ALL: &'static [ApiKey] = &[$(ApiKey::$variant,)*];

            /// The key of that number, if there is one.
            pub fn from_i16(code: i16) -> Option<ApiKey> {
                match code {
                    $($code => Some(ApiKey::$variant),)*
                    _ => None,
                }
            }

            /// Kafka's name of it.
            pub fn name(self) -> &'static str {
                match self {
                    $(ApiKey::$variant => stringify!($variant),)*
                }
            }

            /// The first version that is flexible: compact lengths and tagged fields.
            pub fn first_flexible(self) -> i16 {
                match self {
                    $(ApiKey::$variant => $flexible,)*
                }
            }
        }
    };
}

impl ApiKey {
    /// Its number on the wire.
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The version of the request header before a body of this version.
    ///
    /// Total over versions, known or not: an unsupported ApiVersions request must still be answered.
    pub fn request_header_version(self, version: i16) -> i16 {
        if version >= self.first_flexible() {
            2
        } else {
            1
        }
    }

    /// The version of the response header before a body of this version.
    ///
    /// ApiVersions stays at 0 for ever, because who reads it does not yet know what the other side speaks.
    pub fn response_header_version(self, version: i16) -> i16 {
        i16::from(self != ApiKey::ApiVersions && version >= self.first_flexible())
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

// Number, name, first flexible version.
api_keys! {
    0 Produce 9,
    1 Fetch 12,
    2 ListOffsets 6,
    3 Metadata 9,
    8 OffsetCommit 8,
    9 OffsetFetch 6,
    10 FindCoordinator 3,
    11 JoinGroup 6,
    12 Heartbeat 4,
    13 LeaveGroup 4,
    14 SyncGroup 4,
    15 DescribeGroups 5,
    16 ListGroups 3,
    17 SaslHandshake i16::MAX,
    18 ApiVersions 3,
    19 CreateTopics 5,
    20 DeleteTopics 4,
    21 DeleteRecords 2,
    22 InitProducerId 2,
    23 OffsetForLeaderEpoch 4,
    24 AddPartitionsToTxn 3,
    25 AddOffsetsToTxn 3,
    26 EndTxn 3,
    27 WriteTxnMarkers 1,
    28 TxnOffsetCommit 3,
    29 DescribeAcls 2,
    30 CreateAcls 2,
    31 DeleteAcls 2,
    32 DescribeConfigs 4,
    33 AlterConfigs 2,
    34 AlterReplicaLogDirs 2,
    35 DescribeLogDirs 2,
    36 SaslAuthenticate 2,
    37 CreatePartitions 2,
    38 CreateDelegationToken 2,
    39 RenewDelegationToken 2,
    40 ExpireDelegationToken 2,
    41 DescribeDelegationToken 2,
    42 DeleteGroups 2,
    43 ElectLeaders 2,
    44 IncrementalAlterConfigs 1,
    45 AlterPartitionReassignments 0,
    46 ListPartitionReassignments 0,
    47 OffsetDelete i16::MAX,
    48 DescribeClientQuotas 1,
    49 AlterClientQuotas 1,
    50 DescribeUserScramCredentials 0,
    51 AlterUserScramCredentials 0,
    52 Vote 0,
    53 BeginQuorumEpoch 1,
    54 EndQuorumEpoch 1,
    55 DescribeQuorum 0,
    56 AlterPartition 0,
    57 UpdateFeatures 0,
    58 Envelope 0,
    59 FetchSnapshot 0,
    60 DescribeCluster 0,
    61 DescribeProducers 0,
    62 BrokerRegistration 0,
    63 BrokerHeartbeat 0,
    64 UnregisterBroker 0,
    65 DescribeTransactions 0,
    66 ListTransactions 0,
    67 AllocateProducerIds 0,
    68 ConsumerGroupHeartbeat 0,
    69 ConsumerGroupDescribe 0,
    70 ControllerRegistration 0,
    71 GetTelemetrySubscriptions 0,
    72 PushTelemetry 0,
    73 AssignReplicasToDirs 0,
    74 ListConfigResources 0,
    75 DescribeTopicPartitions 0,
    76 ShareGroupHeartbeat 0,
    77 ShareGroupDescribe 0,
    78 ShareFetch 0,
    79 ShareAcknowledge 0,
    80 AddRaftVoter 0,
    81 RemoveRaftVoter 0,
    82 UpdateRaftVoter 0,
    83 InitializeShareGroupState 0,
    84 ReadShareGroupState 0,
    85 WriteShareGroupState 0,
    86 DeleteShareGroupState 0,
    87 ReadShareGroupStateSummary 0,
    88 StreamsGroupHeartbeat 0,
    89 StreamsGroupDescribe 0,
    90 DescribeShareGroupOffsets 0,
    91 AlterShareGroupOffsets 0,
    92 DeleteShareGroupOffsets 0,
    93 StreamsGroupTopologyDescriptionUpdate 0,
    94 UnregisterController 0,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_back() {
        for key in ApiKey::ALL {
            assert_eq!(ApiKey::from_i16(key.code()), Some(*key));
        }
        assert!(ApiKey::ALL.is_sorted());
        for nobody in [-1, 4, 5, 6, 7, 95, i16::MAX, i16::MIN] {
            assert_eq!(ApiKey::from_i16(nobody), None);
        }
    }

    #[test]
    fn headers_of_api_versions() {
        assert_eq!(ApiKey::ApiVersions.request_header_version(2), 1);
        assert_eq!(ApiKey::ApiVersions.request_header_version(99), 2);
        assert_eq!(ApiKey::ApiVersions.response_header_version(99), 0);
        assert_eq!(ApiKey::SaslHandshake.request_header_version(1), 1);
        assert_eq!(ApiKey::Fetch.response_header_version(12), 1);
    }
}
