//! Requests as bytes: every frame that a client sends, in any version.

use std::borrow::Cow;

use bytes::Bytes;
use ottla_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use ottla_protocol::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use ottla_protocol::messages::delete_topics_request::DeleteTopicState;
use ottla_protocol::messages::describe_configs_request::DescribeConfigsResource;
use ottla_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use ottla_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use ottla_protocol::messages::metadata_request::MetadataRequestTopic;
use ottla_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use ottla_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use ottla_protocol::messages::{
    ApiVersionsRequest, CreateTopicsRequest, DeleteRecordsRequest, DeleteTopicsRequest,
    DescribeConfigsRequest, FetchRequest, InitProducerIdRequest, ListOffsetsRequest,
    MetadataRequest, OffsetForLeaderEpochRequest, ProduceRequest,
};
use ottla_protocol::{ApiKey, EncodeError, Records, Uuid, Writer};

use super::reader::Want;
use crate::history::Named;

/// A topic, in DescribeConfigs.
const TOPIC: i8 = 2;

/// The bytes of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub key: ApiKey,
    pub version: i16,
    pub correlation: i32,
}

impl Frame {
    pub(super) fn of(self, body: impl FnOnce(&mut Writer) -> Result<(), EncodeError>) -> Bytes {
        let frame =
            ottla_protocol::request(self.key, self.version, self.correlation, Some("sim"), body);
        let frame = frame.expect("a request that this version can say");
        assert!(frame.holes.is_empty(), "a client has all of its bytes");
        frame.bytes
    }

    /// `says`: in which version the body is written, when the node is asked in one that nobody knows.
    pub fn api_versions(self, says: i16) -> Bytes {
        let request = ApiVersionsRequest {
            client_software_name: Cow::Borrowed("sim"),
            client_software_version: Cow::Borrowed("1.0"),
            ..ApiVersionsRequest::default()
        };
        self.of(|w| request.encode(w, says))
    }

    pub fn metadata<'a>(
        self,
        topics: Option<impl Iterator<Item = &'a str>>,
        creates: bool,
    ) -> Bytes {
        let topics = topics.map(|names| {
            names
                .map(|name| MetadataRequestTopic {
                    name: Some(Cow::Borrowed(name)),
                    ..MetadataRequestTopic::default()
                })
                .collect()
        });
        // Version 0 has no null: no topics are all topics.
        let topics = topics.or_else(|| (self.version == 0).then(Vec::new));
        let request = MetadataRequest {
            topics,
            allow_auto_topic_creation: creates || self.version < 4,
            ..MetadataRequest::default()
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn init_producer_id(self) -> Bytes {
        let request = InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: 60_000,
            ..InitProducerIdRequest::default()
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn produce<'a>(
        self,
        acks: i16,
        timeout_ms: i32,
        parts: impl Iterator<Item = (&'a Named, &'a Bytes)>,
    ) -> Bytes {
        let mut topic_data: Vec<TopicProduceData<'a>> = Vec::new();
        for (named, bytes) in parts {
            let partition = PartitionProduceData {
                index: named.index,
                records: Some(Records::Bytes(bytes)),
            };
            let of = topic_data
                .last_mut()
                .filter(|last| last.name == *named.topic);
            match of {
                Some(topic) => topic.partition_data.to_mut().push(partition),
                None => topic_data.push(TopicProduceData {
                    name: Cow::Borrowed(&named.topic),
                    topic_id: Uuid(named.id),
                    partition_data: [partition].into(),
                }),
            }
        }
        let request = ProduceRequest {
            transactional_id: None,
            acks,
            timeout_ms,
            topic_data,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn list_offsets<'a>(
        self,
        committed: bool,
        parts: impl Iterator<Item = (&'a Named, i64, i32)>,
    ) -> Bytes {
        let mut topics: Vec<ListOffsetsTopic<'a>> = Vec::new();
        for (named, timestamp, current_leader_epoch) in parts {
            let partition = ListOffsetsPartition {
                partition_index: named.index,
                current_leader_epoch,
                timestamp,
            };
            match topics.last_mut().filter(|last| last.name == *named.topic) {
                Some(topic) => topic.partitions.push(partition),
                None => topics.push(ListOffsetsTopic {
                    name: Cow::Borrowed(&named.topic),
                    partitions: vec![partition],
                }),
            }
        }
        let request = ListOffsetsRequest {
            replica_id: -1,
            isolation_level: committed.into(),
            topics,
            timeout_ms: 0,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn epoch_end(self, named: &Named, epoch: i32, current_leader_epoch: i32) -> Bytes {
        let request = OffsetForLeaderEpochRequest {
            replica_id: if self.version >= 3 { -1 } else { -2 },
            topics: vec![OffsetForLeaderTopic {
                topic: Cow::Borrowed(&named.topic),
                partitions: vec![OffsetForLeaderPartition {
                    partition: named.index,
                    current_leader_epoch,
                    leader_epoch: epoch,
                }],
            }],
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn delete_records(self, named: &Named, offset: i64, timeout_ms: i32) -> Bytes {
        let request = DeleteRecordsRequest {
            topics: vec![DeleteRecordsTopic {
                name: Cow::Borrowed(&named.topic),
                partitions: vec![DeleteRecordsPartition {
                    partition_index: named.index,
                    offset,
                }],
            }],
            timeout_ms,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn create_topic(
        self,
        name: &str,
        partitions: i32,
        replication_factor: i16,
        settings: &[(String, String)],
        timeout_ms: i32,
    ) -> Bytes {
        let configs = settings.iter().map(|(name, value)| CreatableTopicConfig {
            name: Cow::Borrowed(name),
            value: Some(Cow::Borrowed(value)),
        });
        let request = CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name: Cow::Borrowed(name),
                num_partitions: partitions,
                replication_factor,
                assignments: Vec::new(),
                configs: configs.collect(),
            }],
            timeout_ms,
            validate_only: false,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn delete_topic(self, name: &str, id: Option<[u8; 16]>, timeout_ms: i32) -> Bytes {
        let state = DeleteTopicState {
            name: id.is_none().then_some(Cow::Borrowed(name)),
            topic_id: id.map_or(Uuid::ZERO, Uuid),
        };
        let by_name = self.version < 6;
        let request = DeleteTopicsRequest {
            topics: if by_name { Vec::new() } else { vec![state] },
            topic_names: if by_name {
                vec![Cow::Borrowed(name)]
            } else {
                Vec::new()
            },
            timeout_ms,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn describe_configs(self, name: &str, synonyms: bool) -> Bytes {
        let request = DescribeConfigsRequest {
            resources: vec![DescribeConfigsResource {
                resource_type: TOPIC,
                resource_name: Cow::Borrowed(name),
                configuration_keys: None,
            }],
            include_synonyms: synonyms,
            include_documentation: false,
        };
        self.of(|w| request.encode(w, self.version))
    }

    pub fn fetch(
        self,
        limits: Limits,
        session: (i32, i32),
        say: &[Want],
        forget: &[Named],
    ) -> Bytes {
        let mut topics: Vec<FetchTopic<'_>> = Vec::new();
        for want in say {
            let partition = FetchPartition {
                partition: want.named.index,
                current_leader_epoch: want.leader_epoch,
                fetch_offset: want.offset,
                last_fetched_epoch: want.last_epoch,
                partition_max_bytes: want.max_bytes,
                ..FetchPartition::default()
            };
            match topics
                .last_mut()
                .filter(|last| last.topic == *want.named.topic)
            {
                Some(topic) => topic.partitions.to_mut().push(partition),
                None => topics.push(FetchTopic {
                    topic: Cow::Borrowed(&want.named.topic),
                    topic_id: Uuid(want.named.id),
                    partitions: [partition].into(),
                }),
            }
        }
        let forgotten = forget.iter().map(|named| ForgottenTopic {
            topic: Cow::Borrowed(&named.topic),
            topic_id: Uuid(named.id),
            partitions: [named.index].into(),
        });
        let request = FetchRequest {
            max_wait_ms: limits.max_wait_ms,
            min_bytes: limits.min_bytes,
            max_bytes: limits.max_bytes,
            isolation_level: limits.committed.into(),
            session_id: session.0,
            session_epoch: session.1,
            topics,
            forgotten_topics_data: forgotten.collect(),
            ..FetchRequest::default()
        };
        self.of(|w| request.encode(w, self.version))
    }
}

/// What a fetch asks for as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub max_wait_ms: i32,
    pub min_bytes: i32,
    pub max_bytes: i32,
    pub committed: bool,
}
