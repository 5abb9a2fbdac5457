//! The messages that are most work: Produce and Fetch over 100 partitions (read, and gone through once), metadata of 10,000. Also printed:
//! what they allocate.

use bytes::Bytes;
use divan::{AllocProfiler, Bencher, black_box};
use ottla_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use ottla_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use ottla_protocol::messages::metadata_response::{
    MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use ottla_protocol::messages::{FetchRequest, FetchResponse, MetadataResponse, ProduceRequest};
use ottla_protocol::{Reader, Records, Uuid, Writer};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// How 100 partitions lie in topics.
const SHAPES: [Shape; 2] = [Shape(1, 100), Shape(10, 10)];

/// Topics, and partitions of each.
#[derive(Clone, Copy, Debug)]
struct Shape(usize, usize);

const PRODUCE: i16 = 13;
const FETCH: i16 = 18;
const METADATA: i16 = 13;

fn topic_id(topic: usize) -> Uuid {
    Uuid([topic as u8 + 1; 16])
}

fn produce(topics: usize, partitions: usize) -> Bytes {
    let records = vec![7; 1_000];
    let partition = |index: usize| PartitionProduceData {
        index: index as i32,
        records: Some(Records::Bytes(&records)),
    };
    let topic = |at: usize| TopicProduceData {
        topic_id: topic_id(at),
        partition_data: (0..partitions).map(partition).collect(),
        ..Default::default()
    };
    let request = ProduceRequest {
        acks: -1,
        timeout_ms: 30_000,
        topic_data: (0..topics).map(topic).collect(),
        ..Default::default()
    };
    let mut w = Writer::new();
    request.encode(&mut w, PRODUCE).expect("a version of it");
    w.finish().0
}

#[divan::bench(args = SHAPES)]
fn produce_request_decode(bencher: Bencher<'_, '_>, Shape(topics, partitions): Shape) {
    let bytes = produce(topics, partitions);
    bencher.bench(|| {
        let mut r = Reader::new(black_box(&bytes));
        let request = ProduceRequest::decode(&mut r, PRODUCE).expect("it fits");
        let all = request.topic_data.iter().flat_map(|t| &t.partition_data);
        all.for_each(|partition| {
            black_box(partition);
        });
        request
    });
}

#[divan::bench(args = SHAPES)]
fn fetch_request_decode(bencher: Bencher<'_, '_>, Shape(topics, partitions): Shape) {
    let partition = |index: usize| FetchPartition {
        partition: index as i32,
        fetch_offset: 1_000,
        partition_max_bytes: 1 << 20,
        ..Default::default()
    };
    let topic = |at: usize| FetchTopic {
        topic_id: topic_id(at),
        partitions: (0..partitions).map(partition).collect(),
        ..Default::default()
    };
    let request = FetchRequest {
        topics: (0..topics).map(topic).collect(),
        ..Default::default()
    };
    let mut w = Writer::new();
    request.encode(&mut w, FETCH).expect("a version of it");
    let bytes = w.finish().0;
    bencher.bench(|| {
        let mut r = Reader::new(black_box(&bytes));
        let request = FetchRequest::decode(&mut r, FETCH).expect("it fits");
        let all = request.topics.iter().flat_map(|t| &t.partitions);
        all.for_each(|partition| {
            black_box(partition);
        });
        request
    });
}

/// Records are ranges of files: only their place is left.
#[divan::bench(args = SHAPES)]
fn fetch_response_encode(bencher: Bencher<'_, '_>, Shape(topics, partitions): Shape) {
    let partition = |index: usize| PartitionData {
        partition_index: index as i32,
        high_watermark: 1_000,
        last_stable_offset: 1_000,
        records: Some(Records::Apart(100_000)),
        ..Default::default()
    };
    let topic = |at: usize| FetchableTopicResponse {
        topic_id: topic_id(at),
        partitions: (0..partitions).map(partition).collect(),
        ..Default::default()
    };
    let response = FetchResponse {
        responses: (0..topics).map(topic).collect(),
        ..Default::default()
    };
    bencher.bench(|| {
        let mut w = Writer::new();
        black_box(&response)
            .encode(&mut w, FETCH)
            .expect("a version of it");
        w.finish()
    });
}

#[divan::bench(args = [Shape(100, 100), Shape(10_000, 1)])]
fn metadata_response_encode(bencher: Bencher<'_, '_>, Shape(topics, partitions): Shape) {
    let partition = |index: usize| MetadataResponsePartition {
        partition_index: index as i32,
        leader_id: 1,
        leader_epoch: 5,
        replica_nodes: vec![1, 2, 3],
        isr_nodes: vec![1, 2, 3],
        ..Default::default()
    };
    let topic = |at: usize| MetadataResponseTopic {
        name: Some(format!("a topic of some name {at}").into()),
        topic_id: topic_id(at),
        partitions: (0..partitions).map(partition).collect(),
        ..Default::default()
    };
    let response = MetadataResponse {
        topics: (0..topics).map(topic).collect(),
        ..Default::default()
    };
    bencher.bench(|| {
        let mut w = Writer::new();
        black_box(&response)
            .encode(&mut w, METADATA)
            .expect("a version of it");
        w.finish()
    });
}
