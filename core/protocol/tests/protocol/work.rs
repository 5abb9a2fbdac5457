//! What decoding costs in allocations, whose number and sum stand for its work: for messages as they are meant, exactly; for messages made
//! to hurt, linear in their bytes. What takes no memory takes no time beyond linear either: R4 of the reader.

use crate::recode::{Recoded, recode};
use crate::specs;
use allocation_counter::{AllocationInfo, measure};
use ottla_generator::{Field, Kind, Message, Type};
use ottla_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use ottla_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use ottla_protocol::messages::{FetchRequest, ProduceRequest};
use ottla_protocol::{Reader, Records, Uuid, Writer};
use std::collections::BTreeSet;

/// How many topics, and how many partitions of each.
const SHAPES: [(usize, usize); 5] = [(1, 1), (1, 100), (2, 50), (10, 10), (100, 1)];

/// One allocation for each list of topics, none for their partitions: at most one per topic, however many there are.
fn one_per_list(what: &str, lists: u64, topics: usize, memory: AllocationInfo) {
    assert_eq!(memory.count_total, lists, "{what}: {memory:?}");
    assert!(memory.count_total <= topics as u64, "{what}: {memory:?}");
}

#[test]
fn a_produce_request_takes_at_most_one_allocation_per_topic() {
    let batch = [7; 100];
    for (topics, partitions) in SHAPES {
        let partition = |index: usize| PartitionProduceData {
            index: index as i32,
            records: Some(Records::Bytes(&batch)),
        };
        for version in ProduceRequest::MIN_VERSION..=ProduceRequest::MAX_VERSION {
            let topic = |at: usize| {
                let mut topic = TopicProduceData {
                    partition_data: (0..partitions).map(partition).collect(),
                    ..Default::default()
                };
                match version {
                    ..=12 => topic.name = format!("topic-{at}").into(),
                    _ => topic.topic_id = Uuid([at as u8 + 1; 16]),
                }
                topic
            };
            let request = ProduceRequest {
                transactional_id: Some("transaction".into()),
                acks: -1,
                topic_data: (0..topics).map(topic).collect(),
                ..Default::default()
            };
            let mut w = Writer::new();
            request.encode(&mut w, version).expect("it fits");
            let (bytes, _) = w.finish();
            let (mut read, mut batches) = (None, 0);
            let memory = measure(|| {
                read = ProduceRequest::decode(&mut Reader::new(&bytes), version).ok();
                let all = read.iter().flat_map(|request| &request.topic_data);
                let all = all.flat_map(|topic| &topic.partition_data);
                batches = all.filter(|one| one.records.is_some()).count();
            });
            assert_eq!(batches, topics * partitions);
            assert_eq!(read.as_ref(), Some(&request));
            one_per_list(&format!("version {version}"), 1, topics, memory);
        }
    }
}

#[test]
fn a_fetch_request_takes_at_most_one_allocation_per_topic() {
    for (topics, partitions) in SHAPES {
        let partition = |index: usize| FetchPartition {
            partition: index as i32,
            fetch_offset: 1_000,
            partition_max_bytes: 1 << 20,
            ..Default::default()
        };
        for version in FetchRequest::MIN_VERSION..=FetchRequest::MAX_VERSION {
            let named = version <= 12;
            let topic = |at: usize| FetchTopic {
                topic: if named {
                    format!("topic-{at}")
                } else {
                    String::new()
                }
                .into(),
                topic_id: Uuid([if named { 0 } else { at as u8 + 1 }; 16]),
                partitions: (0..partitions).map(partition).collect(),
            };
            let request = FetchRequest {
                topics: (0..topics).map(topic).collect(),
                ..Default::default()
            };
            let forgetful = FetchRequest {
                forgotten_topics_data: vec![ForgottenTopic {
                    topic: if named { "forgotten" } else { "" }.into(),
                    topic_id: Uuid([u8::from(!named); 16]),
                    partitions: [1, 2, 3].into(),
                }],
                ..request.clone()
            };
            // A list that is empty takes none.
            let some = [(request, 0), (forgetful, 1)];
            for (request, more) in &some[..if version < 7 { 1 } else { 2 }] {
                let mut w = Writer::new();
                request.encode(&mut w, version).expect("it fits");
                let (bytes, _) = w.finish();
                let (mut read, mut offsets) = (None, 0);
                let memory = measure(|| {
                    read = FetchRequest::decode(&mut Reader::new(&bytes), version).ok();
                    let all = read.iter().flat_map(|request| &request.topics);
                    let all = all.flat_map(|topic| &topic.partitions);
                    offsets = all.filter(|one| one.fetch_offset == 1_000).count();
                });
                assert_eq!(offsets, topics * partitions);
                assert_eq!(read.as_ref(), Some(request));
                let what = format!("version {version}");
                one_per_list(&what, 1 + *more as u64, topics + more, memory);
            }
        }
    }
}

/// What there is very much of, at a place in a message: the names of fields from the outside in.
#[derive(Clone, Debug, PartialEq)]
enum Much<'m> {
    /// Elements of this array, the smallest there are.
    Elements(Vec<&'m str>),
    /// Bytes of this string, none of them text, or of this field of bytes.
    Bytes(Vec<&'m str>),
    /// Tagged fields nobody knows, in the struct of this field.
    Strangers(Vec<&'m str>),
    /// This tagged field, over and over.
    Again(Vec<&'m str>),
}

impl<'m> Much<'m> {
    fn place(&self) -> &[&'m str] {
        match self {
            Much::Elements(at) | Much::Bytes(at) | Much::Strangers(at) | Much::Again(at) => at,
        }
    }
}

/// A message in one version that holds the least but for one thing.
struct Hostile<'m> {
    message: &'m Message,
    version: i16,
    much: Much<'m>,
    count: usize,
}

/// Everything that there can be much of.
fn targets(message: &Message, version: i16) -> Vec<Much<'_>> {
    let mut found = Vec::new();
    let flexible = message.flexible.contains(version);
    let mut open = vec![(Vec::new(), &message.fields)];
    while let Some((at, fields)) = open.pop() {
        if flexible {
            found.push(Much::Strangers(at.clone()));
        }
        for field in fields.iter().filter(|f| f.versions.contains(version)) {
            let at = [&at[..], &[field.name.as_str()]].concat();
            if field.tag.is_some() {
                found.push(Much::Again(at.clone()));
            }
            match field.kind {
                Type::Array(_) => found.push(Much::Elements(at.clone())),
                Type::String | Type::Bytes | Type::Records => found.push(Much::Bytes(at.clone())),
                _ => {}
            }
            if let Some(inside) = field.kind.structure().and_then(|s| message.structure(s)) {
                open.push((at, &inside.fields));
            }
        }
    }
    found
}

impl<'m> Hostile<'m> {
    fn fields(&self, at: &mut Vec<&'m str>, fields: &'m [Field], out: &mut Vec<u8>) {
        let here = |field: &&Field| field.versions.contains(self.version);
        for field in fields.iter().filter(here).filter(|f| f.tag.is_none()) {
            self.field(at, field, out);
        }
        if !self.message.flexible.contains(self.version) {
            return;
        }
        let place = self.much.place();
        let tagged = fields.iter().filter(here).find(|field| {
            field.tag.is_some()
                && place.starts_with(at)
                && place.get(at.len()) == Some(&&*field.name)
        });
        if let Some(field) = tagged {
            let mut value = Vec::new();
            self.field(at, field, &mut value);
            let again = matches!(&self.much, Much::Again(of) if of.len() == at.len() + 1);
            let times = if again { self.count } else { 1 };
            uvarint(out, times);
            for _ in 0..times {
                uvarint(out, field.tag.unwrap_or_default() as usize);
                uvarint(out, value.len());
                out.extend(&value);
            }
        } else if matches!(&self.much, Much::Strangers(of) if of == at) {
            uvarint(out, self.count);
            // The number takes two bytes, its field none.
            out.extend([0x80, 0x7f, 0].repeat(self.count));
        } else {
            uvarint(out, 0);
        }
    }

    fn field(&self, at: &mut Vec<&'m str>, field: &'m Field, out: &mut Vec<u8>) {
        let flexible = self.message.flexible.contains(self.version) && !field.rigid;
        at.push(&field.name);
        let length = |length: usize, width: usize, out: &mut Vec<u8>| {
            if flexible {
                uvarint(out, length + 1);
            } else {
                out.extend(&(length as u32).to_be_bytes()[4 - width..]);
            }
        };
        let bytes = if self.much == Much::Bytes(at.clone()) {
            self.count
        } else {
            0
        };
        match &field.kind {
            Type::String => {
                length(bytes, 2, out);
                out.resize(out.len() + bytes, 0xff);
            }
            Type::Bytes | Type::Records => {
                length(bytes, 4, out);
                out.resize(out.len() + bytes, 0xff);
            }
            Type::Array(element) => {
                let place = self.much.place();
                let count = match &self.much {
                    Much::Elements(of) if of == at => self.count,
                    _ if place.starts_with(at)
                        && !matches!(&self.much, Much::Again(of) if of == at) =>
                    {
                        1
                    }
                    _ => 0,
                };
                length(count, 4, out);
                for _ in 0..count {
                    self.least(at, element, flexible, out);
                }
            }
            kind => {
                if field.nullable.contains(self.version) && matches!(kind, Type::Struct(_)) {
                    out.push(1);
                }
                self.least(at, kind, flexible, out);
            }
        }
        at.pop();
    }

    /// The smallest value.
    fn least(&self, at: &mut Vec<&'m str>, kind: &'m Type, flexible: bool, out: &mut Vec<u8>) {
        let zeros = match kind {
            Type::Bool | Type::Int8 => 1,
            Type::Int16 | Type::Uint16 => 2,
            Type::Int32 | Type::Uint32 => 4,
            Type::Int64 | Type::Float64 => 8,
            Type::Uuid => 16,
            Type::String if flexible => return out.push(1),
            Type::String => 2,
            Type::Struct(name) => {
                let inside = self.message.structure(name).expect("the spec has it");
                return self.fields(at, &inside.fields, out);
            }
            Type::Bytes | Type::Records | Type::Array(_) => panic!("no array holds these"),
        };
        out.resize(out.len() + zeros, 0);
    }
}

fn uvarint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How much of it there is at first, and in the end; a string may have 32 KiB less one byte.
const FEW: usize = 400;
const MANY: usize = 8 * FEW;

/// Memory that a byte may take over the whole of reading and writing, and what a message may take besides. A small element is larger in
/// memory than on the wire, is moved when its vector grows, and is written again.
const PER_BYTE: u64 = 96;
const BESIDES: u64 = 8 << 10;

/// Bytes and number of allocations for a count of something, and the bytes of the message.
fn cost(hostile: &Hostile<'_>) -> (AllocationInfo, u64) {
    let Hostile {
        message, version, ..
    } = hostile;
    let mut bytes = Vec::new();
    hostile.fields(&mut Vec::new(), &message.fields, &mut bytes);
    let mut recoded = None;
    let memory = measure(|| recoded = Some(recode(&message.name, *version, &bytes)));
    let of = format!(
        "{} {version}, {} {:?}",
        message.name, hostile.count, hostile.much
    );
    match recoded {
        Some(Recoded::Written(read, _)) => assert_eq!(read, bytes.len(), "{of}"),
        other => panic!("{of}: {other:?}"),
    }
    (memory, bytes.len() as u64)
}

#[test]
fn much_of_anything_costs_as_much_more() {
    let (mut tried, mut kinds, mut worst) = (0, BTreeSet::new(), 0);
    for message in &specs() {
        for version in message.coded().first..=message.coded().last {
            for much in targets(message, version) {
                let of = format!("{} {version}, {much:?}", message.name);
                let costs = [FEW, MANY].map(|count| {
                    cost(&Hostile {
                        message,
                        version,
                        much: much.clone(),
                        count,
                    })
                });
                let [(few, few_bytes), (many, many_bytes)] = costs;
                assert!(
                    many.bytes_total <= BESIDES + PER_BYTE * many_bytes,
                    "{of}: {many:?}"
                );
                // Eight times as much; were it quadratic, 64 times. Half as much again is for where a vector happens to double.
                assert!(
                    many.count_total <= 12 * few.count_total + 64,
                    "{of}: {few:?} {many:?}"
                );
                assert!(
                    many.bytes_total <= 12 * few.bytes_total + BESIDES,
                    "{of}: {few:?} {many:?}"
                );
                assert!(many_bytes > 4 * few_bytes, "{of}: {few_bytes} {many_bytes}");
                worst = worst.max(many.bytes_total / many_bytes);
                tried += 1;
                if message.kind == Kind::Request {
                    kinds.insert(message.key);
                }
            }
        }
    }
    let requests = specs()
        .iter()
        .filter(|message| message.kind == Kind::Request)
        .count();
    println!(
        "{tried} places, {} of {requests} APIs, at worst {worst} bytes of memory for a byte",
        kinds.len()
    );
    assert!(tried > 0);
}
