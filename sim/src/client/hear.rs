//! Answers from bytes: a whole frame goes in, what it says comes out as a [`Reply`], completely decoded; or a sentence about what is wrong
//! with it.
//!
//! H1: the correlation id is that of the oldest request under way, and not a byte is left over.
//! H2: what was asked about part by part is answered part by part, each once; a fetch of a whole session answers for all of it.

use bytes::Bytes;
use ottla_protocol::messages::{
    ApiVersionsResponse, CreateTopicsResponse, DeleteRecordsResponse, DeleteTopicsResponse,
    DescribeConfigsResponse, FetchResponse, InitProducerIdResponse, ListOffsetsResponse,
    MetadataResponse, OffsetForLeaderEpochResponse, ProduceResponse,
};
use ottla_protocol::{ApiKey, DecodeError, Reader, Records, ResponseHeader};

use crate::batch;
use crate::history::{Ask, EpochEnd, Fetched, Listed, Named, Produced, Reply, TopicShown};

/// Nobody knows such a version of ApiVersions: it is answered in version 0.
const UNSUPPORTED_VERSION: i16 = 35;

/// Reads the answer to `ask`.
pub(crate) fn answer(
    key: ApiKey,
    version: i16,
    correlation: i32,
    ask: &Ask,
    frame: &Bytes,
) -> Result<Reply, String> {
    let mut reader = Reader::new(frame);
    let header = ResponseHeader::decode(&mut reader, key.response_header_version(version));
    let header = header.map_err(|why| format!("the header of {key}: {why}"))?;
    if header.correlation_id != correlation {
        return Err(format!(
            "correlation id {} where {correlation} of {key} is next",
            header.correlation_id
        ));
    }
    let reply = match ask {
        Ask::ApiVersions => api_versions(&mut reader, version),
        Ask::Metadata { .. } => metadata(&mut reader, version),
        Ask::InitProducerId => init_producer_id(&mut reader, version),
        Ask::Produce { parts, .. } => {
            let parts = parts.iter().map(|(named, _)| named);
            return produce(reader, version, Parts::new(parts)).map_err(|why| why.of(key));
        }
        Ask::Fetch {
            wanted, session, ..
        } => {
            let parts = Parts::new(wanted.iter().map(|(named, ..)| named));
            let whole = session.1 <= 0;
            return fetch(reader, version, parts, whole).map_err(|why| why.of(key));
        }
        Ask::ListOffsets { parts, .. } => {
            let parts = Parts::new(parts.iter().map(|(named, _)| named));
            return list_offsets(reader, version, parts).map_err(|why| why.of(key));
        }
        Ask::EpochEnd { parts, .. } => {
            let parts = Parts::new(parts.iter().map(|(named, _)| named));
            return epoch_end(reader, version, parts).map_err(|why| why.of(key));
        }
        Ask::DeleteRecords { parts } => {
            let parts = Parts::new(parts.iter().map(|(named, _)| named));
            return delete_records(reader, version, parts).map_err(|why| why.of(key));
        }
        Ask::CreateTopic { name, .. } => create_topic(&mut reader, version, name),
        Ask::DeleteTopic { name, id, by_id } => {
            delete_topic(&mut reader, version, (!by_id).then_some(name), id)
        }
        Ask::DescribeConfigs { name } => describe_configs(&mut reader, version, name),
        Ask::Group(ask) => super::group_answers::group(&mut reader, version, ask).map(Reply::Group),
    };
    let reply = reply.map_err(|why| why.of(key))?;
    whole(&reader).map_err(|why| why.of(key))?;
    Ok(reply)
}

/// What is wrong with an answer.
pub(super) enum Wrong {
    /// It cannot be decoded.
    Bytes(DecodeError),
    /// It says what it cannot say.
    Words(String),
}

impl Wrong {
    fn of(self, key: ApiKey) -> String {
        match self {
            Wrong::Bytes(why) => format!("an answer of {key} that cannot be decoded: {why}"),
            Wrong::Words(why) => format!("an answer of {key}: {why}"),
        }
    }
}

impl From<DecodeError> for Wrong {
    fn from(why: DecodeError) -> Wrong {
        Wrong::Bytes(why)
    }
}

pub(super) fn words<T>(why: String) -> Result<T, Wrong> {
    Err(Wrong::Words(why))
}

/// H1.
fn whole(reader: &Reader<'_>) -> Result<(), Wrong> {
    reader.end().map_err(Wrong::Bytes)
}

/// The partitions that were asked about: H2.
pub(super) struct Parts<'a> {
    asked: Vec<(&'a Named, bool)>,
    next: usize,
}

impl<'a> Parts<'a> {
    pub fn new(asked: impl Iterator<Item = &'a Named>) -> Parts<'a> {
        Parts {
            asked: asked.map(|named| (named, false)).collect(),
            next: 0,
        }
    }

    /// This partition is answered for: by name, or by id.
    pub fn take(&mut self, name: &str, id: [u8; 16], index: i32) -> Result<&'a Named, Wrong> {
        let is = |named: &Named| {
            let topic = if named.by_id {
                named.id == id
            } else {
                *named.topic == *name
            };
            topic && named.index == index
        };
        let count = self.asked.len();
        // Mostly they come in the order of the request.
        let found = (self.next..count).chain(0..self.next.min(count));
        let found = found.into_iter().find(|at| is(self.asked[*at].0));
        let Some(at) = found else {
            return words(format!("{name} {id:02x?}-{index} was not asked about"));
        };
        let (named, said) = &mut self.asked[at];
        if std::mem::replace(said, true) {
            return words(format!("{}-{index} is answered twice", named.topic));
        }
        self.next = at + 1;
        Ok(named)
    }

    /// Every one of them is.
    pub fn all(&self) -> Result<(), Wrong> {
        match self.asked.iter().find(|(_, said)| !said) {
            Some((named, _)) => words(format!("nothing about {}-{}", named.topic, named.index)),
            None => Ok(()),
        }
    }
}

fn api_versions(reader: &mut Reader<'_>, version: i16) -> Result<Reply, Wrong> {
    let known = ottla_protocol::versions(ApiKey::ApiVersions).expect("messages of ApiVersions");
    let version = if known.contains(&version) { version } else { 0 };
    // A node that does not know the version answers in version 0, and says so first.
    let refused = reader.clone().i16()? == UNSUPPORTED_VERSION;
    let response = ApiVersionsResponse::decode(reader, if refused { 0 } else { version })?;
    let ranges = response.api_keys.iter();
    Ok(Reply::ApiVersions {
        error: response.error_code,
        ranges: ranges
            .map(|api| (api.api_key, api.min_version, api.max_version))
            .collect(),
    })
}

fn metadata(reader: &mut Reader<'_>, version: i16) -> Result<Reply, Wrong> {
    let response = MetadataResponse::decode(reader, version)?;
    let mut topics = Vec::with_capacity(response.topics.len());
    for topic in &response.topics {
        let partitions = topic.partitions.iter().map(|partition| {
            (
                partition.partition_index,
                partition.leader_id,
                partition.leader_epoch,
                partition.error_code,
            )
        });
        topics.push(TopicShown {
            error: topic.error_code,
            name: topic.name.as_deref().unwrap_or("").into(),
            id: topic.topic_id.0,
            partitions: partitions.collect(),
        });
    }
    Ok(Reply::Metadata { topics })
}

fn init_producer_id(reader: &mut Reader<'_>, version: i16) -> Result<Reply, Wrong> {
    let response = InitProducerIdResponse::decode(reader, version)?;
    Ok(Reply::InitProducerId {
        error: response.error_code,
        producer: response.producer_id,
        epoch: response.producer_epoch,
    })
}

fn produce(mut reader: Reader<'_>, version: i16, mut asked: Parts<'_>) -> Result<Reply, Wrong> {
    let response = ProduceResponse::decode(&mut reader, version)?;
    whole(&reader)?;
    let mut parts = Vec::with_capacity(asked.asked.len());
    for topic in &response.responses {
        for said in &topic.partition_responses {
            let named = asked.take(&topic.name, topic.topic_id.0, said.index)?;
            let produced = Produced {
                error: said.error_code,
                base_offset: said.base_offset,
                log_append_time: said.log_append_time_ms,
                log_start: if version >= 5 {
                    said.log_start_offset
                } else {
                    -1
                },
            };
            parts.push((named.clone(), produced));
        }
    }
    asked.all()?;
    Ok(Reply::Produce { parts })
}

fn fetch(
    mut reader: Reader<'_>,
    version: i16,
    mut asked: Parts<'_>,
    all: bool,
) -> Result<Reply, Wrong> {
    let response = FetchResponse::decode(&mut reader, version)?;
    whole(&reader)?;
    let mut parts = Vec::new();
    for topic in &response.responses {
        for said in &topic.partitions {
            let named = asked.take(&topic.topic, topic.topic_id.0, said.partition_index)?;
            let bytes = match said.records {
                Some(Records::Bytes(bytes)) => bytes,
                _ => &[],
            };
            let shown = batch::show(bytes);
            let diverging = &said.diverging_epoch;
            let fetched = Fetched {
                error: said.error_code,
                high_watermark: said.high_watermark,
                last_stable: said.last_stable_offset,
                log_start: if version >= 5 {
                    said.log_start_offset
                } else {
                    -1
                },
                diverging: (diverging.epoch >= 0 || diverging.end_offset >= 0)
                    .then_some((diverging.epoch, diverging.end_offset)),
                batches: shown.batches,
                torn: shown.torn,
                garbled: shown.garbled,
            };
            parts.push((named.clone(), fetched));
        }
    }
    if all && response.error_code == 0 {
        asked.all()?;
    }
    Ok(Reply::Fetch {
        error: response.error_code,
        session: response.session_id,
        parts,
    })
}

fn list_offsets(
    mut reader: Reader<'_>,
    version: i16,
    mut asked: Parts<'_>,
) -> Result<Reply, Wrong> {
    let response = ListOffsetsResponse::decode(&mut reader, version)?;
    whole(&reader)?;
    let mut parts = Vec::with_capacity(asked.asked.len());
    for topic in &response.topics {
        for said in &topic.partitions {
            let named = asked.take(&topic.name, [0; 16], said.partition_index)?;
            let listed = Listed {
                error: said.error_code,
                timestamp: said.timestamp,
                offset: said.offset,
                leader_epoch: if version >= 4 { said.leader_epoch } else { -1 },
            };
            parts.push((named.clone(), listed));
        }
    }
    asked.all()?;
    Ok(Reply::ListOffsets { parts })
}

fn delete_records(
    mut reader: Reader<'_>,
    version: i16,
    mut asked: Parts<'_>,
) -> Result<Reply, Wrong> {
    let response = DeleteRecordsResponse::decode(&mut reader, version)?;
    whole(&reader)?;
    let mut parts = Vec::with_capacity(asked.asked.len());
    for topic in &response.topics {
        for said in &topic.partitions {
            let named = asked.take(&topic.name, [0; 16], said.partition_index)?;
            parts.push((named.clone(), said.low_watermark, said.error_code));
        }
    }
    asked.all()?;
    Ok(Reply::DeleteRecords { parts })
}

fn epoch_end(mut reader: Reader<'_>, version: i16, mut asked: Parts<'_>) -> Result<Reply, Wrong> {
    let response = OffsetForLeaderEpochResponse::decode(&mut reader, version)?;
    whole(&reader)?;
    let mut parts = Vec::with_capacity(asked.asked.len());
    for topic in &response.topics {
        for said in &topic.partitions {
            let named = asked.take(&topic.topic, [0; 16], said.partition)?;
            let end = EpochEnd {
                error: said.error_code,
                leader_epoch: said.leader_epoch,
                end_offset: said.end_offset,
            };
            parts.push((named.clone(), end));
        }
    }
    asked.all()?;
    Ok(Reply::EpochEnd { parts })
}

fn create_topic(reader: &mut Reader<'_>, version: i16, name: &str) -> Result<Reply, Wrong> {
    let response = CreateTopicsResponse::decode(reader, version)?;
    match &response.topics[..] {
        [topic] if topic.name == name => Ok(Reply::CreateTopic {
            error: topic.error_code,
            id: (version >= 7).then_some(topic.topic_id.0),
        }),
        topics => words(format!("{} topics, not {name}", topics.len())),
    }
}

fn delete_topic(
    reader: &mut Reader<'_>,
    version: i16,
    name: Option<&std::sync::Arc<str>>,
    id: &[u8; 16],
) -> Result<Reply, Wrong> {
    let response = DeleteTopicsResponse::decode(reader, version)?;
    let fits = |said: Option<&str>, said_id: &[u8; 16]| match name {
        Some(name) => said == Some(&**name),
        None => said_id == id,
    };
    match &response.responses[..] {
        [said] if fits(said.name.as_deref(), &said.topic_id.0) => Ok(Reply::DeleteTopic {
            error: said.error_code,
        }),
        said => words(format!("{} topics, not {name:?}", said.len())),
    }
}

fn describe_configs(reader: &mut Reader<'_>, version: i16, name: &str) -> Result<Reply, Wrong> {
    let response = DescribeConfigsResponse::decode(reader, version)?;
    let [said] = &response.results[..] else {
        return words(format!("{} resources", response.results.len()));
    };
    if said.resource_name != name {
        return words(format!(
            "{} where {name} was asked about",
            said.resource_name
        ));
    }
    let settings = said.configs.iter().map(|setting| {
        (
            setting.name.to_string(),
            setting.value.as_deref().map(str::to_owned),
        )
    });
    Ok(Reply::DescribeConfigs {
        error: said.error_code,
        settings: settings.collect(),
    })
}
