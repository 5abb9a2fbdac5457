//! A tiny node for tests: topics in memory, Kafka's rules for sequences and fetch sessions, answers in the order of the requests, and a
//! mind to lose connections, sessions and answers.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ottla_protocol::messages::api_versions_response::ApiVersion;
use ottla_protocol::messages::create_topics_response::CreatableTopicResult;
use ottla_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use ottla_protocol::messages::delete_topics_response::DeletableTopicResult;
use ottla_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult,
};
use ottla_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use ottla_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use ottla_protocol::messages::metadata_response::{
    MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use ottla_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use ottla_protocol::messages::*;
use ottla_protocol::{ApiKey, ErrorCode, Reader, Records, RequestHeader, Uuid};
use ottla_record::{Batch, Header, stamp};

use crate::draw::Stream;

/// A batch of a producer: first sequence, last sequence, offset.
type Last = (i32, i32, i64);

/// One partition.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub batches: Vec<Bytes>,
    pub start: i64,
    /// By producer id: its epoch, and its last batches.
    producers: BTreeMap<i64, (i16, VecDeque<Last>)>,
}

impl Log {
    pub fn end(&self) -> i64 {
        let last = self.batches.last();
        last.map_or(self.start, |batch| header(batch).next_offset())
    }

    fn append(&mut self, bytes: &Bytes, largest: usize) -> Result<i64, ErrorCode> {
        let batch = Batch::parse(bytes).map_err(|_| ErrorCode::CorruptMessage)?;
        if bytes.len() > largest {
            return Err(ErrorCode::MessageTooLarge);
        }
        if !batch.crc_is_right() {
            return Err(ErrorCode::CorruptMessage);
        }
        let head = *batch.header();
        if head.has_producer_id()
            && let Some((epoch, last)) = self.producers.get(&head.producer_id)
        {
            let twin = (head.base_sequence, head.last_sequence());
            if head.producer_epoch < *epoch {
                return Err(ErrorCode::InvalidProducerEpoch);
            }
            let same = head.producer_epoch == *epoch;
            if let Some(twin) = last.iter().find(|one| same && (one.0, one.1) == twin) {
                return Ok(twin.2);
            }
            let next = last.back().map_or(0, |one| one.1 + 1);
            if head.base_sequence != if same { next } else { 0 } {
                return Err(ErrorCode::OutOfOrderSequenceNumber);
            }
        }
        let base = self.end();
        let mut stored = bytes.to_vec();
        stored[..16].copy_from_slice(&stamp(&bytes[..16], base, 0));
        self.batches.push(Bytes::from(stored));
        if head.has_producer_id() {
            let known = self.producers.entry(head.producer_id).or_default();
            if known.0 != head.producer_epoch {
                *known = (head.producer_epoch, VecDeque::new());
            }
            known
                .1
                .push_back((head.base_sequence, head.last_sequence(), base));
            if known.1.len() > 5 {
                known.1.pop_front();
            }
        }
        Ok(base)
    }

    /// The last batch never was.
    fn lose(&mut self) {
        let Some(batch) = self.batches.pop() else {
            return;
        };
        if let Some(known) = self.producers.get_mut(&header(&batch).producer_id) {
            known.1.pop_back();
        }
    }

    fn read(&self, from: i64, most: usize, mut at_least_one: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        for batch in self
            .batches
            .iter()
            .filter(|batch| header(batch).next_offset() > from)
        {
            if bytes.len() + batch.len() > most && !std::mem::take(&mut at_least_one) {
                break;
            }
            at_least_one = false;
            bytes.extend_from_slice(batch);
        }
        bytes
    }
}

fn header(batch: &Bytes) -> Header {
    Header::parse(batch).expect("a batch that was taken")
}

#[derive(Clone, Debug)]
pub struct Topic {
    pub id: Uuid,
    pub logs: Vec<Log>,
}

/// What a session remembers of a partition: topic's name and id, index, offset, the most bytes, what was told.
type Kept = (String, Uuid, i32, i64, usize, Option<i64>);

/// A partition of a fetch's answer: topic's name and id, what is said, its bytes.
type Part = (String, Uuid, PartitionData<'static>, Vec<u8>);

#[derive(Default)]
struct Served {
    error: i16,
    session: i32,
    parts: Vec<Part>,
}

impl Served {
    fn response(&self) -> FetchResponse<'_> {
        let parts = self
            .parts
            .iter()
            .map(|(name, id, said, bytes)| FetchableTopicResponse {
                topic: Cow::Borrowed(name),
                topic_id: *id,
                partitions: vec![PartitionData {
                    records: Some(Records::Bytes(bytes)),
                    ..said.clone()
                }],
            });
        FetchResponse {
            error_code: self.error,
            session_id: self.session,
            responses: parts.collect(),
            ..FetchResponse::default()
        }
    }
}

/// How often it does what is annoying: once in so many requests, 0 never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mind {
    /// The connection ends before the request is executed, or after.
    pub hangs_up: u64,
    /// A retriable error.
    pub refuses: u64,
    /// All sessions are forgotten.
    pub forgets_sessions: u64,
    /// The last batch of each log is lost, as by a power cut.
    pub loses: u64,
}

/// What is to be done with a request.
pub enum Said {
    /// It is answered, after so many milliseconds.
    Bytes(Bytes, i64),
    /// It has no answer.
    Nothing,
    HangUp,
}

pub struct Toy {
    pub topics: BTreeMap<String, Topic>,
    pub mind: Mind,
    pub largest: usize,
    /// Every request by key and version.
    pub asked: BTreeMap<(ApiKey, i16), u64>,
    /// Fetches of a session that was open, and partitions that such fetches have forgotten.
    pub incremental: u64,
    pub forgotten: u64,
    stream: Stream,
    /// By id: the next epoch, whether topics are named by id, and the partitions.
    sessions: BTreeMap<i32, (i32, bool, Vec<Kept>)>,
    next: u64,
}

impl Toy {
    pub fn new(stream: Stream, mind: Mind) -> Toy {
        Toy {
            topics: BTreeMap::new(),
            mind,
            largest: 1_048_588,
            asked: BTreeMap::new(),
            incremental: 0,
            forgotten: 0,
            stream,
            sessions: BTreeMap::new(),
            next: 0,
        }
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn is(&mut self, many: u64) -> bool {
        many > 0 && self.stream.one_in(many)
    }

    pub fn create(&mut self, name: &str, partitions: i32) -> Uuid {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&self.fresh().to_be_bytes());
        let logs = vec![Log::default(); partitions.max(1) as usize];
        self.topics
            .insert(name.to_owned(), Topic { id: Uuid(id), logs });
        Uuid(id)
    }

    /// A whole frame without its length.
    pub fn take(&mut self, frame: &[u8]) -> Said {
        let mut reader = Reader::new(frame);
        let head = RequestHeader::read(&mut reader).expect("a request");
        let key = ApiKey::from_i16(head.request_api_key).expect("a key");
        *self
            .asked
            .entry((key, head.request_api_version))
            .or_default() += 1;
        if self.is(self.mind.hangs_up) && self.stream.coin() {
            return Said::HangUp;
        }
        if self.is(self.mind.forgets_sessions) {
            self.sessions.clear();
        }
        if self.is(self.mind.loses) {
            for log in self.topics.values_mut().flat_map(|topic| &mut topic.logs) {
                log.lose();
            }
        }
        let said = self.answer(
            key,
            head.request_api_version,
            head.correlation_id,
            &mut reader,
        );
        if self.is(self.mind.hangs_up) {
            Said::HangUp
        } else {
            said
        }
    }

    fn answer(&mut self, key: ApiKey, version: i16, id: i32, r: &mut Reader<'_>) -> Said {
        macro_rules! say {
            ($response:expr) => {{
                let response = $response;
                let frame =
                    ottla_protocol::response(key, version, id, |w| response.encode(w, version));
                Said::Bytes(frame.expect("an answer").bytes, 0)
            }};
        }
        match key {
            ApiKey::ApiVersions => self.api_versions(version, id),
            ApiKey::Metadata => {
                say!(self.metadata(&MetadataRequest::decode(r, version).unwrap(), version))
            }
            ApiKey::InitProducerId => {
                InitProducerIdRequest::decode(r, version).unwrap();
                let refused = self.is(self.mind.refuses);
                say!(InitProducerIdResponse {
                    error_code: if refused { 14 } else { 0 },
                    producer_id: if refused { -1 } else { self.fresh() as i64 },
                    producer_epoch: 0,
                    ..InitProducerIdResponse::default()
                })
            }
            ApiKey::Produce => {
                let request = ProduceRequest::decode(r, version).unwrap();
                let response = self.produce(&request, version);
                if request.acks == 0 {
                    return Said::Nothing;
                }
                say!(response)
            }
            ApiKey::Fetch => {
                let request = FetchRequest::decode(r, version).unwrap();
                let served = self.fetch(&request, version);
                let bytes: usize = served.parts.iter().map(|part| part.3.len()).sum();
                let waits = bytes < request.min_bytes as usize && served.error == 0;
                match say!(served.response()) {
                    Said::Bytes(bytes, _) if waits => {
                        Said::Bytes(bytes, request.max_wait_ms.into())
                    }
                    said => said,
                }
            }
            ApiKey::ListOffsets => {
                say!(self.list_offsets(ListOffsetsRequest::decode(r, version).unwrap()))
            }
            ApiKey::OffsetForLeaderEpoch => {
                let request = OffsetForLeaderEpochRequest::decode(r, version).unwrap();
                say!(self.epoch_end(request))
            }
            ApiKey::CreateTopics => {
                say!(self.create_topics(CreateTopicsRequest::decode(r, version).unwrap()))
            }
            ApiKey::DeleteTopics => {
                say!(self.delete_topics(DeleteTopicsRequest::decode(r, version).unwrap()))
            }
            ApiKey::DeleteRecords => {
                let request = DeleteRecordsRequest::decode(r, version).unwrap();
                say!(self.delete_records(request))
            }
            ApiKey::DescribeConfigs => {
                say!(self.configs(DescribeConfigsRequest::decode(r, version).unwrap()))
            }
            other => panic!("{other} is not asked by clients of the simulator"),
        }
    }

    fn api_versions(&self, version: i16, id: i32) -> Said {
        let known = (0..=4).contains(&version);
        let keys = ApiKey::ALL.iter().filter_map(|key| {
            let versions = ottla_protocol::versions(*key)?;
            Some(ApiVersion {
                api_key: key.code(),
                min_version: *versions.start(),
                max_version: *versions.end(),
            })
        });
        let response = ApiVersionsResponse {
            error_code: if known { 0 } else { 35 },
            api_keys: keys.filter(|api| known || api.api_key == 18).collect(),
            ..ApiVersionsResponse::default()
        };
        let said = if known { version } else { 0 };
        let frame =
            ottla_protocol::response(ApiKey::ApiVersions, said, id, |w| response.encode(w, said));
        Said::Bytes(frame.expect("an answer").bytes, 0)
    }

    fn metadata(
        &mut self,
        request: &MetadataRequest<'_>,
        version: i16,
    ) -> MetadataResponse<'static> {
        let all = request.topics.is_none() || version == 0 && request.topics == Some(Vec::new());
        let names: Vec<String> = if all {
            self.topics.keys().cloned().collect()
        } else {
            let topics = request.topics.iter().flatten();
            topics
                .map(|topic| topic.name.as_deref().unwrap_or("").to_owned())
                .collect()
        };
        let mut topics = Vec::new();
        for name in names {
            let known = self.topics.get(&name);
            let partitions = known.iter().flat_map(|topic| 0..topic.logs.len());
            topics.push(MetadataResponseTopic {
                error_code: if known.is_some() { 0 } else { 3 },
                topic_id: known.map_or(Uuid::ZERO, |topic| topic.id),
                partitions: partitions
                    .map(|index| MetadataResponsePartition {
                        partition_index: index as i32,
                        leader_id: 1,
                        leader_epoch: 0,
                        ..MetadataResponsePartition::default()
                    })
                    .collect(),
                name: Some(Cow::Owned(name.clone())),
                ..MetadataResponseTopic::default()
            });
            if known.is_none() && request.allow_auto_topic_creation {
                self.create(&name, 2);
            }
        }
        MetadataResponse {
            topics,
            ..MetadataResponse::default()
        }
    }

    fn log(
        &mut self,
        name: &str,
        id: Uuid,
        by_id: bool,
        index: i32,
    ) -> Result<&mut Log, ErrorCode> {
        let topic = if by_id {
            self.topics.values_mut().find(|topic| topic.id == id)
        } else {
            self.topics.get_mut(name)
        };
        let missing = if by_id {
            ErrorCode::UnknownTopicId
        } else {
            ErrorCode::UnknownTopicOrPartition
        };
        let topic = topic.ok_or(missing)?;
        topic
            .logs
            .get_mut(index as usize)
            .ok_or(ErrorCode::UnknownTopicOrPartition)
    }

    fn produce(&mut self, request: &ProduceRequest<'_>, version: i16) -> ProduceResponse<'static> {
        let mut response = ProduceResponse::default();
        for topic in &request.topic_data {
            let mut said = TopicProduceResponse {
                name: topic.name.to_string().into(),
                topic_id: topic.topic_id,
                partition_responses: Vec::new(),
            };
            for partition in &topic.partition_data {
                let Some(Records::Bytes(records)) = partition.records else {
                    panic!("a client always has batches");
                };
                let records = Bytes::copy_from_slice(records);
                let (refused, late, largest) =
                    (self.is(self.mind.refuses), self.stream.coin(), self.largest);
                let log = self.log(&topic.name, topic.topic_id, version >= 13, partition.index);
                let appended = match log {
                    Ok(_) if refused && !late => Err(ErrorCode::KafkaStorageError),
                    Ok(log) => log.append(&records, largest),
                    Err(error) => Err(error),
                };
                let appended = match appended {
                    Ok(_) if refused => Err(ErrorCode::RequestTimedOut),
                    other => other,
                };
                said.partition_responses.push(PartitionProduceResponse {
                    index: partition.index,
                    error_code: appended.map_or_else(ErrorCode::code, |_| 0),
                    base_offset: appended.unwrap_or(-1),
                    ..PartitionProduceResponse::default()
                });
            }
            response.responses.push(said);
        }
        response
    }

    fn fetch(&mut self, request: &FetchRequest<'_>, version: i16) -> Served {
        let refused = |error: ErrorCode| Served {
            error: error.code(),
            ..Served::default()
        };
        let incremental = request.session_epoch > 0;
        let (mut id, mut kept) = (0, Vec::new());
        if incremental {
            self.incremental += 1;
            let Some((epoch, by_id, partitions)) = self.sessions.get(&request.session_id) else {
                return refused(ErrorCode::FetchSessionIdNotFound);
            };
            if *by_id != (version >= 13) {
                return refused(ErrorCode::FetchSessionTopicIdError);
            }
            if *epoch != request.session_epoch {
                return refused(ErrorCode::InvalidFetchSessionEpoch);
            }
            (id, kept) = (request.session_id, partitions.clone());
        } else {
            self.sessions.remove(&request.session_id);
        }
        for gone in &request.forgotten_topics_data {
            self.forgotten += gone.partitions.len() as u64;
            kept.retain(|one| {
                let named = if version >= 13 {
                    one.1 == gone.topic_id
                } else {
                    one.0 == gone.topic
                };
                !(named && gone.partitions.iter().any(|index| index == one.2))
            });
        }
        for topic in &request.topics {
            for one in &topic.partitions {
                kept.retain(|old| {
                    (&*old.0, old.1, old.2) != (&*topic.topic, topic.topic_id, one.partition)
                });
                let most = one.partition_max_bytes as usize;
                let name = topic.topic.to_string();
                kept.push((
                    name,
                    topic.topic_id,
                    one.partition,
                    one.fetch_offset,
                    most,
                    None,
                ));
            }
        }
        if request.session_epoch == 0 && !kept.is_empty() {
            id = self.fresh() as i32;
        }
        if kept.is_empty() {
            id = 0;
        }
        let parts = self.serve(version, incremental, &mut kept, request.max_bytes as usize);
        if id != 0 {
            self.sessions
                .insert(id, (request.session_epoch + 1, version >= 13, kept));
        }
        Served {
            error: 0,
            session: id,
            parts,
        }
    }

    fn serve(
        &mut self,
        version: i16,
        incremental: bool,
        kept: &mut [Kept],
        most: usize,
    ) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut total = 0;
        for (name, id, index, offset, partition_most, told) in kept {
            let mut bytes = Vec::new();
            let mut said = PartitionData {
                partition_index: *index,
                high_watermark: -1,
                ..PartitionData::default()
            };
            match self.log(name, *id, version >= 13, *index) {
                Err(error) => said.error_code = error.code(),
                Ok(log) if !(log.start..=log.end()).contains(offset) => said.error_code = 1,
                Ok(log) => {
                    (said.high_watermark, said.last_stable_offset) = (log.end(), log.end());
                    said.log_start_offset = log.start;
                    let room = (*partition_most).min(most.saturating_sub(total));
                    bytes = log.read(*offset, room, total == 0);
                    total += bytes.len();
                }
            }
            let news =
                said.error_code != 0 || !bytes.is_empty() || *told != Some(said.high_watermark);
            if incremental && !news {
                continue;
            }
            *told = Some(said.high_watermark);
            parts.push((name.clone(), *id, said, bytes));
        }
        parts
    }

    fn list_offsets(&mut self, request: ListOffsetsRequest<'_>) -> ListOffsetsResponse<'static> {
        let mut response = ListOffsetsResponse::default();
        for topic in request.topics {
            let name = topic.name.to_string();
            let partitions = topic.partitions.iter().map(|asked| {
                let index = asked.partition_index;
                let (error_code, offset) = match self.log(&name, Uuid::ZERO, false, index) {
                    Ok(log) if asked.timestamp == -1 => (0, log.end()),
                    Ok(log) => (0, log.start),
                    Err(error) => (error.code(), -1),
                };
                ListOffsetsPartitionResponse {
                    partition_index: index,
                    error_code,
                    offset,
                    ..ListOffsetsPartitionResponse::default()
                }
            });
            let partitions = partitions.collect();
            response.topics.push(ListOffsetsTopicResponse {
                name: name.into(),
                partitions,
            });
        }
        response
    }

    fn delete_records(
        &mut self,
        request: DeleteRecordsRequest<'_>,
    ) -> DeleteRecordsResponse<'static> {
        let mut response = DeleteRecordsResponse::default();
        for topic in request.topics {
            let name = topic.name.to_string();
            let partitions = topic.partitions.iter().map(|asked| {
                let index = asked.partition_index;
                let (error_code, low_watermark) = match self.log(&name, Uuid::ZERO, false, index) {
                    Ok(log) => {
                        let to = if asked.offset < 0 {
                            log.end()
                        } else {
                            asked.offset
                        };
                        log.start = log.start.max(to.min(log.end()));
                        (0, log.start)
                    }
                    Err(error) => (error.code(), -1),
                };
                DeleteRecordsPartitionResult {
                    partition_index: index,
                    low_watermark,
                    error_code,
                }
            });
            let partitions = partitions.collect();
            response.topics.push(DeleteRecordsTopicResult {
                name: name.into(),
                partitions,
            });
        }
        response
    }

    fn epoch_end(
        &mut self,
        request: OffsetForLeaderEpochRequest<'_>,
    ) -> OffsetForLeaderEpochResponse<'static> {
        let mut response = OffsetForLeaderEpochResponse::default();
        for topic in request.topics {
            let name = topic.topic.to_string();
            let partitions = topic.partitions.iter().map(|asked| {
                let log = self.log(&name, Uuid::ZERO, false, asked.partition);
                let (error_code, end_offset) =
                    log.map_or_else(|error| (error.code(), -1), |log| (0, log.end()));
                EpochEndOffset {
                    error_code,
                    partition: asked.partition,
                    leader_epoch: 0,
                    end_offset,
                }
            });
            let partitions = partitions.collect();
            response.topics.push(OffsetForLeaderTopicResult {
                topic: name.into(),
                partitions,
            });
        }
        response
    }

    fn create_topics(&mut self, request: CreateTopicsRequest<'_>) -> CreateTopicsResponse<'static> {
        let mut response = CreateTopicsResponse::default();
        for topic in request.topics {
            let mut said = CreatableTopicResult {
                name: topic.name.to_string().into(),
                ..CreatableTopicResult::default()
            };
            if self.topics.contains_key(&*topic.name) {
                said.error_code = ErrorCode::TopicAlreadyExists.code();
            } else {
                said.topic_id = self.create(&topic.name, topic.num_partitions);
            }
            response.topics.push(said);
        }
        response
    }

    fn delete_topics(&mut self, request: DeleteTopicsRequest<'_>) -> DeleteTopicsResponse<'static> {
        let names = request
            .topic_names
            .iter()
            .map(|name| (Some(name.to_string()), Uuid::ZERO));
        let states = request.topics.iter();
        let states = states.map(|state| (state.name.as_deref().map(str::to_owned), state.topic_id));
        let mut response = DeleteTopicsResponse::default();
        for (name, id) in names.chain(states) {
            let found = self.topics.iter().find(|(known, topic)| match &name {
                Some(name) => *known == name,
                None => topic.id == id,
            });
            let found = found.map(|(name, topic)| (name.clone(), topic.id));
            let mut said = DeletableTopicResult {
                name: name.map(Into::into),
                topic_id: id,
                error_code: if id.is_zero() { 3 } else { 100 },
                ..DeletableTopicResult::default()
            };
            if let Some((name, id)) = found {
                self.topics.remove(&name);
                (said.name, said.topic_id, said.error_code) = (Some(name.into()), id, 0);
            }
            response.responses.push(said);
        }
        response
    }

    fn configs(&self, request: DescribeConfigsRequest<'_>) -> DescribeConfigsResponse<'static> {
        let results = request
            .resources
            .iter()
            .map(|resource| DescribeConfigsResult {
                error_code: if self.topics.contains_key(&*resource.resource_name) {
                    0
                } else {
                    3
                },
                resource_type: resource.resource_type,
                resource_name: resource.resource_name.to_string().into(),
                configs: vec![DescribeConfigsResourceResult {
                    name: "max.message.bytes".into(),
                    value: Some(self.largest.to_string().into()),
                    ..DescribeConfigsResourceResult::default()
                }],
                ..DescribeConfigsResult::default()
            });
        DescribeConfigsResponse {
            results: results.collect(),
            ..DescribeConfigsResponse::default()
        }
    }
}
