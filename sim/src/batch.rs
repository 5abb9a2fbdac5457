//! Batches as clients make and see them: a recipe goes in, bytes and what oracles are told of them come out; bytes that a reader was given
//! go in, what they hold comes out.
//!
//! B1: every record says who made it: the value begins with its [`RecordId`], or, where the value is null, the key; or, where that is one
//! that others have, too, the header "id" is.
//! B2: what a batch holds depends on its recipe and the seed alone, never on when it is made; only its times do.

use bytes::Bytes;
use ottla_record::{
    Batch as View, Builder, BuilderSettings, Compression, Malformed, NO_TIMESTAMP, RecordHeader,
};

use crate::draw::{Domain, Draw, Stream, mix};
use crate::history::{Batch, BatchShown, Key, Producer, RecordId};

/// What [`RecordId`] takes of a value.
const ID_BYTES: usize = 16;

/// What packed records may unpack to.
const UNPACKED: usize = 256 << 20;

/// The header that names who made a record that has neither a value nor a key of its own.
const ID_HEADER: &[u8] = b"id";

/// The keys that records share.
const KEYS: u64 = 16;

/// What a batch is made of.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub client: u32,
    pub op: u32,
    pub batch: u16,
    pub records: u32,
    /// What the batch shall take, unpacked. It takes more when its records cannot be made so small.
    pub bytes: u32,
    pub codec: u8,
    /// The first record's time.
    pub time: i64,
    /// Whether every record needs a key.
    pub keyed: bool,
    pub producer: Option<Producer>,
}

/// Makes it.
pub(crate) fn make(draw: Draw, recipe: &Recipe) -> (Batch, Bytes) {
    let entity =
        u64::from(recipe.client) << 48 | u64::from(recipe.op) << 16 | u64::from(recipe.batch);
    let mut kitchen = Kitchen {
        stream: draw.stream(Domain::ClientValue, entity),
        builder: Builder::new(settings(recipe)),
        value: Vec::new(),
        key: Vec::new(),
        records: Vec::with_capacity(recipe.records as usize),
        contents: Vec::with_capacity(recipe.records as usize),
        keys: Vec::with_capacity(recipe.records as usize),
    };
    // A producer whose newest batch has no time is forgotten at once.
    let timeless = kitchen.stream.one_in(64) && recipe.producer.is_none();
    let mut time = recipe.time;
    for record in 0..recipe.records.max(1) {
        kitchen.add(recipe, record, if timeless { NO_TIMESTAMP } else { time });
        time += kitchen.stream.below(5) as i64 - 1;
    }
    let bytes = kitchen.builder.finish();
    let batch = Batch {
        producer: recipe.producer,
        records: kitchen.records,
        codec: recipe.codec,
        wrong: None,
        contents: kitchen.contents,
        keys: kitchen.keys,
        bytes: bytes.len(),
    };
    (batch, bytes)
}

fn settings(recipe: &Recipe) -> BuilderSettings {
    let mut settings = BuilderSettings {
        compression: Compression::from_bits(i16::from(recipe.codec)).unwrap_or_default(),
        ..BuilderSettings::default()
    };
    if let Some(producer) = recipe.producer {
        settings.producer_id = producer.id;
        settings.producer_epoch = producer.epoch;
        settings.base_sequence = producer.sequence;
    }
    settings
}

/// A batch in the making.
struct Kitchen {
    stream: Stream,
    builder: Builder,
    value: Vec<u8>,
    key: Vec<u8>,
    records: Vec<(RecordId, i64)>,
    contents: Vec<u64>,
    keys: Vec<Key>,
}

impl Kitchen {
    fn add(&mut self, recipe: &Recipe, record: u32, time: i64) {
        let id = RecordId {
            client: recipe.client,
            op: recipe.op,
            batch: recipe.batch,
            record: record as u16,
        };
        let drawn = self.stream.bits();
        let left = recipe.records.max(1) - record;
        let last = left == 1;
        let without_value = drawn.is_multiple_of(16) && !last;
        let with_key = recipe.keyed || without_value || (drawn >> 8).is_multiple_of(2);
        let mut id_bytes = Vec::with_capacity(ID_BYTES);
        put_id(id, &mut id_bytes);
        let mut headers = headers(drawn >> 16).to_vec();
        self.key.clear();
        if without_value && recipe.keyed {
            headers.push(RecordHeader {
                key: ID_HEADER,
                value: Some(&id_bytes),
            });
        }
        if without_value && !recipe.keyed {
            put_id(id, &mut self.key);
        } else if with_key {
            let key = (drawn >> 24) % KEYS;
            self.key.extend_from_slice(format!("k{key}").as_bytes());
        }
        self.value.clear();
        put_id(id, &mut self.value);
        let room = (recipe.bytes as usize).saturating_sub(self.builder.size());
        let filler = if last {
            self.filler(room, record, time, &headers)
        } else {
            (room / left as usize).saturating_sub(ID_BYTES + 8)
        };
        fill(&mut self.stream, filler, &mut self.value);
        let key = (!self.key.is_empty()).then_some(&self.key[..]);
        let value = (!without_value).then_some(&self.value[..]);
        self.builder.append(time, key, value, &headers);
        self.keys.push(Key {
            hash: key.map(|key| hash(7, key)),
            tombstone: without_value,
        });
        self.records.push((id, time));
        let headers = headers.iter().map(|header| (header.key, header.value));
        self.contents.push(content(key, value, headers));
    }

    /// How much the last record's value must be filled with, so that the batch takes `room` more. A key is lengthened where the value's
    /// length stands in the way; where the record's own does, no batch takes just that, and this one takes a byte less.
    fn filler(
        &mut self,
        room: usize,
        record: u32,
        time: i64,
        headers: &[RecordHeader<'_>],
    ) -> usize {
        let first = self.records.first().map_or(time, |(_, first)| *first);
        let nullable = |length: usize| varint(length as i64) + length;
        let extras = headers.iter().map(|header| {
            nullable(header.key.len()) + header.value.map_or(1, |value| nullable(value.len()))
        });
        let fixed = 1
            + varint(time - first)
            + varint(i64::from(record))
            + varint(headers.len() as i64)
            + extras.sum::<usize>();
        let longer = self.key.len() + 1;
        for (room, key) in [
            (room, self.key.len()),
            (room, longer),
            (room.saturating_sub(1), self.key.len()),
        ] {
            let fixed = fixed + if key == 0 { 1 } else { nullable(key) };
            let taken = |value: usize| {
                let length = fixed + nullable(value);
                varint(length as i64) + length
            };
            let most = room.saturating_sub(fixed);
            let mut fits = (ID_BYTES.max(most.saturating_sub(10))..=most).rev();
            if let Some(value) = fits.find(|value| taken(*value) == room) {
                self.key.resize(key, b'x');
                return value - ID_BYTES;
            }
        }
        0
    }
}

/// How many bytes a zigzag varint takes.
fn varint(value: i64) -> usize {
    let zigzag = (value << 1) as u64 ^ (value >> 63) as u64;
    (64 - (zigzag | 1).leading_zeros() as usize).div_ceil(7)
}

/// Some headers, mostly none.
fn headers(drawn: u64) -> &'static [RecordHeader<'static>] {
    const fn header(key: &'static [u8], value: Option<&'static [u8]>) -> RecordHeader<'static> {
        RecordHeader { key, value }
    }
    const ALL: &[RecordHeader<'static>] = &[
        header(b"trace", Some(b"0123456789")),
        header(b"", Some(b"")),
        header(b"trace", None),
    ];
    match drawn % 16 {
        0 => ALL,
        1 => &ALL[..1],
        2 => &ALL[1..],
        _ => &[],
    }
}

/// So many bytes, easily packed or not at all.
fn fill(stream: &mut Stream, length: usize, out: &mut Vec<u8>) {
    let seed = stream.bits();
    if seed.is_multiple_of(2) {
        out.resize(out.len() + length, b'a' + (seed >> 8) as u8 % 26);
        return;
    }
    out.reserve(length + 8);
    let end = out.len() + length;
    let mut word = seed;
    while out.len() < end {
        word = word.wrapping_mul(0x2545_f491_4f6c_dd1d).rotate_left(23) ^ seed;
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.truncate(end);
}

fn check(id: RecordId) -> u32 {
    let left = u64::from(id.client) << 32 | u64::from(id.op);
    mix(left ^ mix(u64::from(id.batch) << 16 | u64::from(id.record))) as u32
}

fn put_id(id: RecordId, out: &mut Vec<u8>) {
    out.extend_from_slice(&id.client.to_be_bytes());
    out.extend_from_slice(&id.op.to_be_bytes());
    out.extend_from_slice(&id.batch.to_be_bytes());
    out.extend_from_slice(&id.record.to_be_bytes());
    out.extend_from_slice(&check(id).to_be_bytes());
}

fn read_id(bytes: &[u8]) -> Option<RecordId> {
    let &[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bytes.first_chunk::<ID_BYTES>()?;
    let id = RecordId {
        client: u32::from_be_bytes([a, b, c, d]),
        op: u32::from_be_bytes([e, f, g, h]),
        batch: u16::from_be_bytes([i, j]),
        record: u16::from_be_bytes([k, l]),
    };
    (check(id) == u32::from_be_bytes([m, n, o, p])).then_some(id)
}

/// The same bytes but for one that the checksum covers, or the checksum.
pub(crate) fn corrupted(bytes: &Bytes, stream: &mut Stream) -> Bytes {
    let mut bytes = bytes.to_vec();
    // Before it stand base offset, length, leader epoch and magic, which it does not cover.
    let at = stream.within(17, bytes.len() as u64 - 1) as usize;
    bytes[at] ^= 1 << stream.below(8);
    Bytes::from(bytes)
}

/// What records bytes hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shown {
    pub batches: Vec<BatchShown>,
    pub torn: usize,
    pub garbled: Option<String>,
}

/// Reads what a partition was answered with.
pub(crate) fn show(mut bytes: &[u8]) -> Shown {
    let mut shown = Shown::default();
    while !bytes.is_empty() {
        match View::parse(bytes) {
            Ok(batch) => {
                bytes = &bytes[batch.bytes().len()..];
                if let Err(why) = show_batch(&batch, &mut shown) {
                    let at = batch.header().base_offset;
                    shown
                        .garbled
                        .get_or_insert_with(|| format!("the batch at offset {at}: {why}"));
                }
            }
            Err(why) => {
                shown.torn = bytes.len();
                if why != Malformed::Short {
                    shown.garbled.get_or_insert_with(|| why.to_string());
                }
                break;
            }
        }
    }
    shown
}

fn show_batch(batch: &View<'_>, shown: &mut Shown) -> Result<(), Malformed> {
    let header = batch.header();
    shown.batches.push(BatchShown {
        base_offset: header.base_offset,
        last_offset: header.last_offset(),
        leader_epoch: header.partition_leader_epoch,
        producer: header.has_producer_id().then_some(Producer {
            id: header.producer_id,
            epoch: header.producer_epoch,
            sequence: header.base_sequence,
        }),
        attributes: header.attributes,
        crc_fits: batch.crc_is_right(),
        hash: hash(0, batch.bytes()),
        records: Vec::new(),
    });
    let Some(last) = shown.batches.last_mut() else {
        return Ok(());
    };
    let records = batch.records(UNPACKED)?;
    for record in &records {
        let record = record?;
        let id = match record.value {
            Some(value) => read_id(value),
            None => record.key.and_then(read_id).or_else(|| {
                let mut headers = record.headers();
                let header = headers.find(|header| header.key == ID_HEADER)?;
                header.value.and_then(read_id)
            }),
        };
        let headers = record.headers().map(|header| (header.key, header.value));
        last.records.push((
            header.offset_of(&record),
            header.timestamp_of(&record),
            id,
            content(record.key, record.value, headers),
        ));
    }
    Ok(())
}

/// The hash of a record's key, value and headers.
fn content<'a>(
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
) -> u64 {
    let part = |state: u64, bytes: Option<&[u8]>| match bytes {
        Some(bytes) => hash(state ^ 1, bytes),
        None => mix(state ^ 2),
    };
    headers.fold(part(part(3, key), value), |state, (key, value)| {
        part(part(state, Some(key)), value)
    })
}

/// Two strings of bytes that differ in one place never have the same hash.
fn hash(state: u64, bytes: &[u8]) -> u64 {
    let step =
        |state: u64, word: u64| (state.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (words, tail) = bytes.as_chunks::<8>();
    let state = words
        .iter()
        .fold(state ^ bytes.len() as u64, |state, word| {
            step(state, u64::from_le_bytes(*word))
        });
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    mix(step(state, u64::from_le_bytes(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(records: u32, bytes: u32, codec: u8) -> Recipe {
        Recipe {
            client: 3,
            op: 77,
            batch: 2,
            records,
            bytes,
            codec,
            time: 1_700_000_000_000,
            keyed: false,
            producer: Some(Producer {
                id: 9,
                epoch: 1,
                sequence: 40,
            }),
        }
    }

    #[test]
    fn what_is_made_is_seen_again() {
        for codec in 0..5 {
            for records in [1, 2, 40] {
                let (made, bytes) = make(Draw::new(5), &recipe(records, 5_000, codec));
                let shown = show(&bytes);
                assert_eq!(
                    (shown.torn, &shown.garbled, shown.batches.len()),
                    (0, &None, 1)
                );
                let batch = &shown.batches[0];
                assert!(batch.crc_fits);
                assert_eq!(batch.producer, made.producer);
                let records = batch
                    .records
                    .iter()
                    .map(|(_, time, id, _)| (id.unwrap(), *time));
                assert_eq!(records.collect::<Vec<_>>(), made.records);
                let contents = batch.records.iter().map(|record| record.3);
                assert_eq!(contents.collect::<Vec<_>>(), made.contents);
                assert_eq!(made.bytes, bytes.len());
            }
        }
    }

    #[test]
    fn a_batch_takes_exactly_what_it_shall() {
        let mut less = 0;
        for bytes in (400..700)
            .chain(8_000..8_400)
            .chain([65_536, 1_048_588, 1_048_589])
        {
            for records in [1, 3] {
                let (made, _) = make(Draw::new(u64::from(bytes)), &recipe(records, bytes, 0));
                less += bytes as usize - made.bytes;
                assert!(made.bytes + 1 >= bytes as usize, "{bytes}: {}", made.bytes);
            }
        }
        assert!(less <= 3, "what no batch takes is rare: {less}");
        let (least, _) = make(Draw::new(1), &recipe(2, 0, 0));
        assert!(least.bytes < 200);
    }

    #[test]
    fn bytes_that_are_wrong_are_seen_to_be() {
        let (_, bytes) = make(Draw::new(5), &recipe(3, 500, 0));
        let mut stream = Draw::new(6).stream(Domain::ClientThink, 1);
        for _ in 0..200 {
            let shown = show(&corrupted(&bytes, &mut stream));
            assert!(shown.garbled.is_some() || !shown.batches[0].crc_fits);
            assert_ne!(shown.batches[0].hash, show(&bytes).batches[0].hash);
        }
        let torn = show(&bytes[..bytes.len() - 1]);
        assert_eq!((torn.torn, torn.batches.len()), (bytes.len() - 1, 0));
        assert_eq!(torn.garbled, None);
        let mut other = bytes.to_vec();
        other[16] = 7;
        assert!(show(&other).garbled.is_some());
    }

    #[test]
    fn hashes_tell_null_from_empty_and_key_from_value() {
        let none = || std::iter::empty();
        let all = [
            content(None, None, none()),
            content(Some(b""), None, none()),
            content(None, Some(b""), none()),
            content(Some(b"a"), Some(b""), none()),
            content(Some(b""), Some(b"a"), none()),
            content(None, None, [(&b"a"[..], None)].into_iter()),
            content(None, None, [(&b"a"[..], Some(&b""[..]))].into_iter()),
        ];
        let mut unlike = all.to_vec();
        unlike.sort_unstable();
        unlike.dedup();
        assert_eq!(unlike.len(), all.len());
    }
}
