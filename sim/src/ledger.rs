//! What is known to be true, from what clients were told and shown: the books that several oracles read. Written after the oracles have
//! judged what happened; it judges nothing itself.
//!
//! G1: what was told or shown is struck out only for a reason of the atlas: what no sync covered when the power went or the disk failed
//! (`log.flush.on.ack=false`, or acks=1), a wiped disk, damage to the segment.
//! G2: a name that was deleted once may mean another topic: what was said by such a name is not written down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ottla_media::Media;

use crate::atlas::{Atlas, Entry};
use crate::group_log;
use crate::history::{
    Ask, Asked, Batch, BatchShown, Death, Fetched, Key, Named, Partition, Produced, RecordId,
    Reply, Seen, TopicId,
};
use crate::on_disk;
use crate::script::{NEVER, Nanos, Operation, Script};

/// A batch that a reader was shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The batch.
    pub batch: Arc<BatchShown>,
    /// When a reader was shown it last.
    pub last: Nanos,
}

impl Book {
    /// The largest log start and high watermark that anybody had been told before `at`. An answer may be long on its way: it is judged by what
    /// was known when it was asked for.
    pub fn told_before(&self, at: Nanos) -> (i64, i64) {
        let known = self.told.partition_point(|(told, ..)| *told < at);
        let last = known.checked_sub(1).map(|last| self.told[last]);
        last.map_or((0, 0), |(_, start, high)| (start, high))
    }

    fn tell(&mut self, at: Nanos, log_start: i64, high_watermark: i64) {
        let more = log_start > self.log_start || high_watermark > self.high_watermark;
        self.log_start = self.log_start.max(log_start);
        self.high_watermark = self.high_watermark.max(high_watermark);
        if more {
            let start = self.told.last().map_or(0, |(_, start, _)| *start);
            self.told
                .push((at, start.max(log_start), self.high_watermark));
        }
    }
}

/// A batch that a producer was told is taken.
#[derive(Clone, Debug)]
pub struct Acked {
    /// The batch.
    pub batch: Arc<Batch>,
    /// When it was told.
    pub at: Nanos,
    /// What the producer asked for: 1 or -1.
    pub acks: i16,
}

/// What is known of one partition.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// What readers were shown, by base offset.
    pub shown: BTreeMap<i64, Shown>,
    /// What producers were told, by base offset.
    pub acked: BTreeMap<i64, Acked>,
    /// The largest log start that anybody was told.
    pub log_start: i64,
    /// The largest high watermark that anybody was told.
    pub high_watermark: i64,
    /// When somebody was told a larger log start or high watermark than anybody before: time, log start, high watermark.
    pub told: Vec<(Nanos, i64, i64)>,
    /// Since when everything in it counts: nothing was struck out after that.
    pub struck: Option<Nanos>,
}

/// What is known of one topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub name: Arc<str>,
    /// When its deletion was asked for first.
    pub delete_asked: Option<Nanos>,
    /// When its deletion was answered without an error.
    pub deleted: Option<Nanos>,
    /// When it was known first.
    pub since: Nanos,
}

/// One batch that left a client, however often.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The batch.
    pub batch: Arc<Batch>,
    /// Where to; the ids under which the client sent it.
    pub topic: Arc<str>,
    /// Topic ids by which it was sent: only these may hold it; empty when it was sent by name as well.
    pub ids: BTreeSet<TopicId>,
    /// Whether it was sent by name.
    pub by_name: bool,
    /// The partition.
    pub index: i32,
    /// How many times it left.
    pub times: u32,
}

/// Everything that is known.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Topics by id.
    pub topics: BTreeMap<TopicId, Topic>,
    /// Names whose deletion was asked for, or whose topic was lost with a wiped disk.
    pub unsure: BTreeSet<Arc<str>>,
    /// Partitions.
    pub books: BTreeMap<Partition, Book>,
    /// When a process died last.
    died: Option<Nanos>,
    /// When a process died last in a way that may have lost what no sync covered.
    pub lossy: Option<Nanos>,
    /// Batches by client, operation and batch.
    pub sent: BTreeMap<(u32, u32, u16), Sent>,
    /// Topics whose logs may be compacted.
    pub compacted: BTreeSet<Arc<str>>,
    /// Below which offset records were to be deleted, by topic and partition.
    given_up: BTreeMap<(Arc<str>, i32), i64>,
    /// What was sent to those, by topic, partition and key.
    keyed: BTreeMap<(Arc<str>, i32, u64), Keyed>,
}

/// The records of one key.
#[derive(Clone, Debug)]
struct Keyed {
    /// The largest offset where one is known to lie.
    newest: i64,
    /// Those that may lie anywhere.
    anywhere: BTreeSet<RecordId>,
}

impl Ledger {
    /// Nothing is known but what the script will have.
    pub fn new(script: &Script) -> Ledger {
        let mut ledger = Ledger::default();
        let setting = |name: &str| script.settings.get(name).map(String::as_str);
        if setting("log.cleaner.enable") == Some("false") {
            return ledger;
        }
        ledger.compacted.insert(group_log::TOPIC.into());
        let ops = script.clients.iter().flat_map(|client| &client.ops);
        for op in ops {
            if let Operation::CreateTopic {
                topic, settings, ..
            } = &op.what
                && settings
                    .iter()
                    .any(|(name, value)| name == "cleanup.policy" && value.contains("compact"))
            {
                ledger.compacted.insert(format!("t{topic}").into());
            }
        }
        ledger
    }

    /// Whether the log of this partition may be compacted.
    pub fn is_compacted(&self, partition: Partition) -> bool {
        let topic = self.topics.get(&partition.topic);
        topic.is_some_and(|topic| self.compacted.contains(&topic.name))
    }

    /// Whether a compaction may have left out this record, which lies at `offset`: it has no value, or another of its key lies behind it, or may.
    pub fn may_be_left_out(&self, record: RecordId, offset: i64) -> bool {
        let Some((key, sent)) = self.key_of(record) else {
            return true;
        };
        let keyed = key.hash.and_then(|hash| {
            let of = (Arc::clone(&sent.topic), sent.index, hash);
            self.keyed.get(&of)
        });
        key.tombstone
            || keyed.is_none_or(|keyed| keyed.newest > offset || !keyed.anywhere.is_empty())
    }

    /// Below which offset somebody wanted records deleted.
    pub fn given_up(&self, partition: Partition) -> i64 {
        let topic = self.topics.get(&partition.topic);
        let of = topic.map(|topic| (Arc::clone(&topic.name), partition.index));
        of.and_then(|of| self.given_up.get(&of))
            .copied()
            .unwrap_or(0)
    }

    /// The newest record of a key is known, and lies here.
    pub fn newest_of(&self, topic: &Arc<str>, index: i32, hash: u64) -> Option<i64> {
        let keyed = self.keyed.get(&(Arc::clone(topic), index, hash))?;
        keyed.anywhere.is_empty().then_some(keyed.newest)
    }

    /// What a record's key is, and what it was sent with.
    pub fn key_of(&self, record: RecordId) -> Option<(Key, &Sent)> {
        let sent = self.sender(record)?;
        let key = sent.batch.keys.get(usize::from(record.record))?;
        Some((*key, sent))
    }

    /// A record lies here.
    fn lies(&mut self, record: RecordId, offset: i64) {
        let Some((key, sent)) = self.key_of(record) else {
            return;
        };
        // What was sent twice may lie twice.
        let once = sent.times == 1 || sent.batch.producer.is_some();
        let of = key
            .hash
            .map(|hash| (Arc::clone(&sent.topic), sent.index, hash));
        if let Some(keyed) = of.and_then(|of| self.keyed.get_mut(&of)) {
            keyed.newest = keyed.newest.max(offset);
            if once {
                keyed.anywhere.remove(&record);
            }
        }
    }

    /// Which partition is meant, if that is sure (G2).
    pub fn sure(&self, named: &Named) -> Option<Partition> {
        let known = named.id != [0; 16];
        let sure = known && (named.by_id || !self.unsure.contains(&named.topic));
        sure.then_some(Partition {
            topic: named.id,
            index: named.index,
        })
    }

    /// Whether a topic's end was asked for; by its name perhaps before anybody knew this topic, and done late.
    pub fn may_be_gone(&self, topic: &TopicId) -> bool {
        self.topics
            .get(topic)
            .is_none_or(|topic| topic.delete_asked.is_some() || self.unsure.contains(&topic.name))
    }

    /// Whether a process has ended since then.
    pub fn died_since(&self, at: Nanos) -> bool {
        self.died.is_some_and(|died| died >= at)
    }

    /// Who made a record.
    pub fn sender(&self, record: RecordId) -> Option<&Sent> {
        self.sent.get(&(record.client, record.op, record.batch))
    }

    /// Writes down what happened.
    pub fn take(&mut self, at: Nanos, seen: &Seen<'_>, atlas: &Atlas, media: &Media) {
        match seen {
            Seen::Asked(asked) => self.asked(at, asked),
            Seen::Answered(asked, reply) => self.answered(at, asked, reply, atlas),
            Seen::Died { how, .. } => self.died(at, how, atlas, media),
            Seen::Started { .. } => self.started(at, atlas, media),
            _ => {}
        }
    }

    fn asked(&mut self, at: Nanos, asked: &Asked) {
        match &asked.ask {
            Ask::Produce { parts, .. } => {
                for (named, batch) in parts {
                    self.sending(named, batch);
                }
            }
            Ask::DeleteRecords { parts } => {
                // What lies behind everything is refused.
                for (named, before) in parts.iter().filter(|(_, before)| *before < NEVER) {
                    let of = (Arc::clone(&named.topic), named.index);
                    let before = if *before < 0 { i64::MAX } else { *before };
                    let known = self.given_up.entry(of).or_insert(before);
                    *known = before.max(*known);
                }
            }
            Ask::DeleteTopic { name, id, .. } => {
                self.unsure.insert(Arc::clone(name));
                for (known, topic) in &mut self.topics {
                    if known == id || topic.name == *name {
                        topic.delete_asked.get_or_insert(at);
                    }
                }
            }
            _ => {}
        }
    }

    fn sending(&mut self, named: &Named, batch: &Arc<Batch>) {
        let Some((first, _)) = batch.records.first() else {
            return;
        };
        let key = (first.client, first.op, first.batch);
        let sent = self.sent.entry(key).or_insert_with(|| Sent {
            batch: Arc::clone(batch),
            topic: Arc::clone(&named.topic),
            ids: BTreeSet::new(),
            by_name: false,
            index: named.index,
            times: 0,
        });
        sent.times += 1;
        if self.compacted.contains(&named.topic) {
            for ((record, _), key) in batch.records.iter().zip(&batch.keys) {
                let Some(hash) = key.hash else { continue };
                let of = (Arc::clone(&named.topic), named.index, hash);
                let keyed = self.keyed.entry(of).or_insert_with(|| Keyed {
                    newest: -1,
                    anywhere: BTreeSet::new(),
                });
                // One that is known to lie somewhere, and has a producer, lies nowhere else.
                if sent.times == 1 || sent.batch.producer.is_none() {
                    keyed.anywhere.insert(*record);
                }
            }
        }
        if named.by_id {
            sent.ids.insert(named.id);
        } else {
            sent.by_name = true;
        }
    }

    fn answered(&mut self, at: Nanos, asked: &Asked, reply: &Reply, atlas: &Atlas) {
        // The answer may be of a life that has ended since, and what it says no longer so: G1.
        let late = self.lossy.is_some_and(|lossy| lossy >= asked.at);
        match (&asked.ask, reply) {
            (Ask::Produce { acks, parts, .. }, Reply::Produce { parts: answers }) => {
                for (named, produced) in answers {
                    let batch = parts.iter().find(|(asked, _)| same(asked, named));
                    let weak = *acks != -1 || !atlas.flush_on_ack;
                    if let Some((_, batch)) = batch.filter(|_| !(late && weak)) {
                        self.produced(at, asked, *acks, named, batch, produced);
                    }
                }
            }
            (_, Reply::Fetch { parts, .. }) if atlas.flush_on_ack || !late => {
                for (named, fetched) in parts {
                    self.fetched(at, asked, named, fetched);
                }
            }
            (_, Reply::Metadata { topics }) => {
                for topic in topics.iter().filter(|topic| topic.error == 0) {
                    self.known(at, topic.id, &topic.name);
                }
            }
            (
                Ask::CreateTopic { name, .. },
                Reply::CreateTopic {
                    error: 0,
                    id: Some(id),
                },
            ) => {
                self.known(at, *id, name);
            }
            (Ask::DeleteTopic { id, by_id, .. }, Reply::DeleteTopic { error: 0 }) if *by_id => {
                if let Some(topic) = self.topics.get_mut(id) {
                    topic.deleted.get_or_insert(at);
                }
            }
            _ => {}
        }
    }

    fn known(&mut self, at: Nanos, id: TopicId, name: &Arc<str>) {
        if id != [0; 16] {
            self.topics.entry(id).or_insert_with(|| Topic {
                name: Arc::clone(name),
                delete_asked: None,
                deleted: None,
                since: at,
            });
        }
    }

    fn produced(
        &mut self,
        at: Nanos,
        asked: &Asked,
        acks: i16,
        named: &Named,
        batch: &Arc<Batch>,
        produced: &Produced,
    ) {
        let Some(partition) = self.sure(named) else {
            return;
        };
        if produced.error != 0 || produced.base_offset < 0 {
            return;
        }
        self.known(at, partition.topic, &named.topic);
        let of_this_life = self.died.is_none_or(|died| died < asked.at);
        let book = self.books.entry(partition).or_default();
        book.tell(at, if of_this_life { produced.log_start } else { -1 }, 0);
        let acked = book
            .acked
            .entry(produced.base_offset)
            .or_insert_with(|| Acked {
                batch: Arc::clone(batch),
                at,
                acks,
            });
        if acks == -1 {
            acked.acks = -1;
        }
        if self.compacted.contains(&named.topic) {
            for (offset, (record, _)) in (produced.base_offset..).zip(&batch.records) {
                self.lies(*record, offset);
            }
        }
    }

    fn fetched(&mut self, at: Nanos, asked: &Asked, named: &Named, fetched: &Fetched) {
        let Some(partition) = self.sure(named) else {
            return;
        };
        if fetched.error != 0 {
            return;
        }
        let of_this_life = self.died.is_none_or(|died| died < asked.at);
        let book = self.books.entry(partition).or_default();
        let start = if of_this_life { fetched.log_start } else { -1 };
        book.tell(at, start, fetched.high_watermark);
        // What a damaged batch says of itself proves nothing.
        for batch in fetched.batches.iter().filter(|batch| batch.crc_fits) {
            let shown = book.shown.entry(batch.base_offset);
            let shown = shown.or_insert_with(|| Shown {
                batch: Arc::new(batch.clone()),
                last: at,
            });
            shown.last = at;
        }
        if self.compacted.contains(&named.topic) {
            self.fetched_compacted(partition, fetched);
        }
    }

    /// What a compacted log shows now is what it holds.
    fn fetched_compacted(&mut self, partition: Partition, fetched: &Fetched) {
        for batch in fetched.batches.iter().filter(|batch| batch.crc_fits) {
            let book = self.books.get_mut(&partition);
            if let Some(shown) = book.and_then(|book| book.shown.get_mut(&batch.base_offset)) {
                shown.batch = Arc::new(batch.clone());
            }
            for (offset, _, record, _) in &batch.records {
                if let Some(record) = record {
                    self.lies(*record, *offset);
                }
            }
        }
    }

    /// G1.
    fn died(&mut self, at: Nanos, how: &Death, atlas: &Atlas, media: &Media) {
        self.died = Some(at);
        for book in self.books.values_mut() {
            // What retention had begun to take away may be there once more, as with Kafka.
            book.told.push((at, 0, book.high_watermark));
        }
        let failed = |entry: &Entry| matches!(entry, Entry::Failed { .. });
        let lossy = *how == Death::PowerCut || atlas.entries().any(|(_, entry)| failed(entry));
        if !lossy {
            return;
        }
        self.lossy = Some(at);
        let logs = on_disk::logs(media, &self.compacted);
        for (partition, book) in &mut self.books {
            let end = logs.get(partition).map_or(0, |log| log.end);
            if atlas.flush_on_ack {
                book.acked
                    .retain(|base, acked| acked.acks == -1 || *base < end);
            } else {
                strike(book, at, end);
            }
        }
    }

    fn started(&mut self, at: Nanos, atlas: &Atlas, _media: &Media) {
        if atlas.wiped().is_some() {
            let names = self.topics.values().map(|topic| Arc::clone(&topic.name));
            self.unsure.extend(names);
        }
        let wiped = atlas.wiped();
        for (id, topic) in &mut self.topics {
            if wiped.is_some_and(|wiped| topic.since <= wiped) {
                topic.delete_asked.get_or_insert(at);
                self.books.retain(|partition, _| partition.topic != *id);
            }
        }
        for (partition, book) in &mut self.books {
            if let Some(from) = atlas.damaged_from(*partition) {
                strike(book, at, from);
            }
        }
    }
}

/// What lies at or behind this offset is not known any more.
fn strike(book: &mut Book, at: Nanos, from: i64) {
    let whole = |shown: &mut Shown| shown.batch.last_offset < from;
    book.shown.retain(|_, shown| whole(shown));
    book.acked
        .retain(|base, acked| *base + acked.batch.records.len() as i64 <= from);
    book.high_watermark = book.high_watermark.min(from);
    book.log_start = book.log_start.min(from);
    book.told = vec![(at, 0, book.high_watermark)];
    book.struck = Some(at);
}

/// Whether both name the same partition, as far as request and response say.
pub fn same(asked: &Named, answered: &Named) -> bool {
    let topic = if asked.by_id {
        asked.id == answered.id
    } else {
        asked.topic == answered.topic
    };
    topic && asked.index == answered.index
}
