//! A client that says exactly what it is told to, and waits for the answer. In: values. Out: a socket, and values again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use bytes::Bytes;
use ottla_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use ottla_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use ottla_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use ottla_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use ottla_protocol::messages::*;
use ottla_protocol::{ApiKey, EncodeError, Reader, Records, ResponseHeader, Uuid, Writer};
use ottla_record::{Batches, Header};

use crate::embedded::PATIENCE;

/// A topic's partition.
pub type Place = (String, i32);

/// What a read brought.
#[derive(Debug)]
pub struct Fetched {
    pub high_watermark: i64,
    pub last_stable_offset: i64,
    /// Producer and first offset of each aborted transaction, when they were asked for.
    pub aborted: Vec<(i64, i64)>,
    /// Whole batches.
    pub batches: Vec<Bytes>,
}

/// One record that is no control record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub offset: i64,
    pub timestamp: i64,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
}

pub struct Client {
    stream: TcpStream,
    correlation: i32,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("it listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a bound on waiting");
        stream.set_nodelay(true).expect("small requests");
        Client {
            stream,
            correlation: 0,
        }
    }

    fn send(
        &mut self,
        key: ApiKey,
        version: i16,
        body: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
    ) -> i32 {
        self.correlation += 1;
        let frame = ottla_protocol::request(key, version, self.correlation, Some("tests"), body);
        let bytes = frame.expect("a request of ours").bytes;
        self.stream.write_all(&bytes).expect("it reads");
        self.correlation
    }

    /// The next answer: its body.
    fn receive(&mut self, key: ApiKey, version: i16, correlation: i32) -> Bytes {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).expect("an answer");
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut frame).expect("all of it");
        let mut reader = Reader::new(&frame);
        let header = ResponseHeader::decode(&mut reader, key.response_header_version(version));
        assert_eq!(
            header.expect("a header").correlation_id,
            correlation,
            "{key}"
        );
        let body = frame.len() - reader.left();
        Bytes::from(frame).slice(body..)
    }

    /// Makes a topic: its id, or an error code.
    pub fn create_topic(
        &mut self,
        name: &str,
        partitions: i32,
        configs: &[(&str, &str)],
    ) -> Result<Uuid, i16> {
        let topic = CreatableTopic {
            name: name.into(),
            num_partitions: partitions,
            replication_factor: 1,
            configs: configs
                .iter()
                .map(|(name, value)| CreatableTopicConfig {
                    name: Cow::Borrowed(name),
                    value: Some(Cow::Borrowed(value)),
                })
                .collect(),
            ..CreatableTopic::default()
        };
        let request = CreateTopicsRequest {
            topics: vec![topic],
            ..CreateTopicsRequest::default()
        };
        let asked = self.send(ApiKey::CreateTopics, 7, |w| request.encode(w, 7));
        let body = self.receive(ApiKey::CreateTopics, 7, asked);
        let answer = CreateTopicsResponse::decode(&mut Reader::new(&body), 7).expect("an answer");
        let topic = &answer.topics[0];
        match topic.error_code {
            0 => Ok(topic.topic_id),
            error => Err(error),
        }
    }

    /// Deletes a topic: 0, or an error code.
    pub fn delete_topic(&mut self, name: &str) -> i16 {
        let request = DeleteTopicsRequest {
            topic_names: vec![name.into()],
            timeout_ms: 60_000,
            ..DeleteTopicsRequest::default()
        };
        let asked = self.send(ApiKey::DeleteTopics, 5, |w| request.encode(w, 5));
        let body = self.receive(ApiKey::DeleteTopics, 5, asked);
        let answer = DeleteTopicsResponse::decode(&mut Reader::new(&body), 5).expect("an answer");
        answer.responses[0].error_code
    }

    /// The topics that there are: id and number of partitions.
    pub fn topics(&mut self) -> BTreeMap<String, (Uuid, i32)> {
        let request = MetadataRequest {
            topics: None,
            ..MetadataRequest::default()
        };
        let asked = self.send(ApiKey::Metadata, 12, |w| request.encode(w, 12));
        let body = self.receive(ApiKey::Metadata, 12, asked);
        let answer = MetadataResponse::decode(&mut Reader::new(&body), 12).expect("an answer");
        let topic = |topic: &metadata_response::MetadataResponseTopic<'_>| {
            assert_eq!(topic.error_code, 0);
            let name = topic.name.as_ref().expect("a name").to_string();
            (name, (topic.topic_id, topic.partitions.len() as i32))
        };
        answer.topics.iter().map(topic).collect()
    }

    /// A producer's id and epoch.
    pub fn init_producer_id(&mut self) -> (i64, i16) {
        let request = InitProducerIdRequest {
            transactional_id: None,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        let asked = self.send(ApiKey::InitProducerId, 4, |w| request.encode(w, 4));
        let body = self.receive(ApiKey::InitProducerId, 4, asked);
        let answer = InitProducerIdResponse::decode(&mut Reader::new(&body), 4).expect("an answer");
        assert_eq!(answer.error_code, 0);
        (answer.producer_id, answer.producer_epoch)
    }

    /// Sends batches, one per partition; [`Client::produced`] waits for the answer.
    pub fn produce(&mut self, acks: i16, batches: &[(Place, Bytes)]) -> i32 {
        let topic_data = batches
            .iter()
            .map(|((name, index), bytes)| TopicProduceData {
                name: name.as_str().into(),
                topic_id: Uuid::ZERO,
                partition_data: [PartitionProduceData {
                    index: *index,
                    records: Some(Records::Bytes(bytes)),
                }]
                .into(),
            })
            .collect();
        let request = ProduceRequest {
            transactional_id: None,
            acks,
            timeout_ms: 60_000,
            topic_data,
        };
        self.send(ApiKey::Produce, 9, |w| request.encode(w, 9))
    }

    /// The answer to what was produced: error code and base offset of each partition.
    pub fn produced(&mut self, asked: i32) -> BTreeMap<Place, (i16, i64)> {
        let body = self.receive(ApiKey::Produce, 9, asked);
        let answer = ProduceResponse::decode(&mut Reader::new(&body), 9).expect("an answer");
        let mut offsets = BTreeMap::new();
        for topic in &answer.responses {
            for partition in &topic.partition_responses {
                let place = (topic.name.to_string(), partition.index);
                offsets.insert(place, (partition.error_code, partition.base_offset));
            }
        }
        offsets
    }

    /// The offset at a timestamp: -1 latest, -2 earliest.
    pub fn list_offset(&mut self, (topic, index): &Place, timestamp: i64) -> Result<i64, i16> {
        let partition = ListOffsetsPartition {
            partition_index: *index,
            timestamp,
            ..ListOffsetsPartition::default()
        };
        let request = ListOffsetsRequest {
            replica_id: -1,
            topics: vec![ListOffsetsTopic {
                name: topic.as_str().into(),
                partitions: vec![partition],
            }],
            ..ListOffsetsRequest::default()
        };
        let asked = self.send(ApiKey::ListOffsets, 7, |w| request.encode(w, 7));
        let body = self.receive(ApiKey::ListOffsets, 7, asked);
        let answer = ListOffsetsResponse::decode(&mut Reader::new(&body), 7).expect("an answer");
        let partition = &answer.topics[0].partitions[0];
        match partition.error_code {
            0 => Ok(partition.offset),
            error => Err(error),
        }
    }

    /// Reads from one partition, waiting at most this long for something.
    pub fn fetch(
        &mut self,
        (topic, index): &Place,
        offset: i64,
        committed: bool,
        max_wait_ms: i32,
    ) -> Result<Fetched, i16> {
        let partition = FetchPartition {
            partition: *index,
            fetch_offset: offset,
            partition_max_bytes: 1 << 20,
            ..FetchPartition::default()
        };
        let request = FetchRequest {
            max_wait_ms,
            min_bytes: 1,
            max_bytes: 16 << 20,
            isolation_level: i8::from(committed),
            session_epoch: -1,
            topics: vec![FetchTopic {
                topic: topic.as_str().into(),
                topic_id: Uuid::ZERO,
                partitions: [partition].into(),
            }],
            ..FetchRequest::default()
        };
        let asked = self.send(ApiKey::Fetch, 12, |w| request.encode(w, 12));
        let body = self.receive(ApiKey::Fetch, 12, asked);
        let answer = FetchResponse::decode(&mut Reader::new(&body), 12).expect("an answer");
        assert_eq!(answer.error_code, 0);
        let partition = &answer.responses[0].partitions[0];
        if partition.error_code != 0 {
            return Err(partition.error_code);
        }
        let aborted = partition.aborted_transactions.iter().flatten();
        let bytes = match partition.records {
            Some(Records::Bytes(bytes)) => bytes,
            _ => &[],
        };
        Ok(Fetched {
            high_watermark: partition.high_watermark,
            last_stable_offset: partition.last_stable_offset,
            aborted: aborted
                .map(|one| (one.producer_id, one.first_offset))
                .collect(),
            batches: Batches::new(bytes)
                .map_while(Result::ok)
                .map(|batch| Bytes::copy_from_slice(batch.bytes()))
                .collect(),
        })
    }

    /// All batches from `from` on, to the end as it is now, and the aborted transactions among them.
    pub fn read_all(
        &mut self,
        place: &Place,
        mut from: i64,
        committed: bool,
    ) -> (Vec<Bytes>, Vec<(i64, i64)>) {
        let (mut batches, mut aborted) = (Vec::new(), Vec::new());
        loop {
            let fetched = self.fetch(place, from, committed, 0).expect("it is served");
            let end = if committed {
                fetched.last_stable_offset
            } else {
                fetched.high_watermark
            };
            aborted.extend(fetched.aborted);
            let Some(last) = fetched.batches.last() else {
                assert_eq!(from, end, "{place:?} is read to its end");
                aborted.sort_unstable();
                aborted.dedup();
                return (batches, aborted);
            };
            from = Header::parse(last).expect("a batch").next_offset();
            batches.extend(fetched.batches);
        }
    }
}

/// The records of batches that are no control batches.
pub fn records(batches: &[Bytes]) -> Vec<Record> {
    let mut records = Vec::new();
    for bytes in batches {
        let batch = ottla_record::Batch::parse(bytes).expect("a batch");
        assert!(batch.crc_is_right());
        let header = *batch.header();
        if header.is_control() {
            continue;
        }
        for record in batch.records(64 << 20).expect("it unpacks").iter() {
            let record = record.expect("a record");
            records.push(Record {
                offset: header.offset_of(&record),
                timestamp: header.timestamp_of(&record),
                key: record.key.map(Bytes::copy_from_slice),
                value: record.value.map(Bytes::copy_from_slice),
            });
        }
    }
    records
}
