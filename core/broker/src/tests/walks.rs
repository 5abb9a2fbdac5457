//! Random walks: clients that pipeline, dawdle and hang up, a shard that answers in any order, time that passes. After every turn
//! the invariants hold; in the end every request of a connection that lasted was answered, once, in its turn.

use std::collections::BTreeMap;

use ottla_machine::{Conn, Rng};
use ottla_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use ottla_protocol::messages::{ApiVersionsRequest, FetchRequest, FetchResponse, MetadataRequest};
use ottla_protocol::{ApiKey, Records};
use ottla_record::Batches;

use super::house::{House, opened, request};
use super::produces::produce;

struct Walk {
    house: House,
    rng: Rng,
    /// How many requests each client has sent, and which of them wait for no answer.
    sent: BTreeMap<Conn, (i32, Vec<i32>)>,
}

impl Walk {
    fn below(&mut self, limit: u64) -> u64 {
        self.rng.below(limit)
    }

    fn any(&mut self) -> Option<Conn> {
        let at = self.rng.below(self.sent.len().max(1) as u64) as usize;
        self.sent.keys().nth(at).copied()
    }

    fn fetch(&mut self, number: i32) -> Vec<u8> {
        let mut partitions = Vec::new();
        for partition in 0..3 {
            let fetch_offset = self.below(3) as i64;
            let partition_max_bytes = 1 << self.below(12);
            if self.below(3) > 0 {
                let wanted = FetchPartition {
                    partition,
                    fetch_offset,
                    partition_max_bytes,
                    ..FetchPartition::default()
                };
                partitions.push(wanted);
            }
        }
        let topics = vec![FetchTopic {
            topic: "t".into(),
            partitions: partitions.into(),
            ..FetchTopic::default()
        }];
        let session_epoch = self.rng.below(3) as i32 - 1;
        let fetch = FetchRequest {
            max_wait_ms: self.rng.below(2_000) as i32,
            min_bytes: self.rng.below(300) as i32,
            max_bytes: 1 << self.rng.below(12),
            session_id: self.rng.below(2) as i32,
            session_epoch,
            topics,
            ..FetchRequest::default()
        };
        request(ApiKey::Fetch, 11, number, |w, v| fetch.encode(w, v))
    }

    fn send(&mut self, conn: Conn) {
        let number = self.sent[&conn].0;
        let partition = self.below(3) as i32;
        let mut silent = false;
        let bytes = match self.below(6) {
            0 => request(ApiKey::Metadata, 4, number, |w, v| {
                MetadataRequest::default().encode(w, v)
            }),
            1 => request(ApiKey::ApiVersions, 0, number, |w, v| {
                ApiVersionsRequest::default().encode(w, v)
            }),
            2 => self.fetch(number),
            3 => {
                silent = true;
                produce(number, "t", partition, 0)
            }
            _ => produce(number, "t", partition, -1),
        };
        if let Some((count, silents)) = self.sent.get_mut(&conn) {
            *count += 1;
            if silent {
                silents.push(number);
            }
        }
        // In pieces as the network likes.
        let cut = self.below(bytes.len() as u64) as usize;
        self.house.send(conn, &bytes[..cut]);
        self.house.send(conn, &bytes[cut..]);
    }

    fn answer_one(&mut self) {
        let waiting = self.house.held.as_ref().map_or(0, |held| held.len());
        if waiting == 0 {
            return;
        }
        let at = self.below(waiting as u64) as usize;
        let tell = self.house.held.as_mut().and_then(|held| held.remove(at));
        self.house.tell(tell.into_iter().collect());
        self.house.turn();
    }

    fn step(&mut self) {
        match self.below(20) {
            0 => {
                let conn = self.house.connect();
                self.sent.insert(conn, (0, Vec::new()));
            }
            1 => {
                if let Some(conn) = self.any() {
                    self.sent.remove(&conn);
                    self.house.hang_up(conn);
                }
            }
            2 => {
                let ms = self.below(700) as i64;
                self.house.pass_ms(ms);
            }
            3..=10 => self.answer_one(),
            _ => {
                if let Some(conn) = self.any() {
                    self.send(conn);
                }
            }
        }
    }

    /// Everything is answered in the end.
    fn end(mut self, seed: u8) {
        while self
            .house
            .held
            .as_ref()
            .is_some_and(|held| !held.is_empty())
        {
            self.answer_one();
        }
        self.house.release(false);
        // Long polls in a row wait for one another.
        (0..20).for_each(|_| self.house.pass_ms(2_000));
        for (conn, (count, silents)) in self.sent {
            let frames = self.house.frames(conn);
            let said: Vec<i32> = frames
                .iter()
                .map(|frame| i32::from_be_bytes(*frame.first_chunk().expect("a header")))
                .collect();
            let expected: Vec<i32> = (0..count)
                .filter(|number| !silents.contains(number))
                .collect();
            assert_eq!(said, expected, "seed {seed}: {conn:?}");
            self.house.hang_up(conn);
        }
        assert_eq!(self.house.front.bench.gathers.len(), 0, "seed {seed}");
        let watches: usize = self.house.logs.values().map(|log| log.watches.len()).sum();
        let (_, cached, _) = self.house.front.bench.sessions.counts();
        assert!(
            watches <= cached,
            "seed {seed}: {watches} watches of {cached} partitions"
        );
    }
}

#[test]
fn every_request_is_answered_once_and_in_its_turn() {
    for seed in 0..80 {
        let mut house = House::new();
        house.topic("t", 3);
        house.held = Some(Default::default());
        let mut walk = Walk {
            house,
            rng: Rng::new([seed; 32]),
            sent: BTreeMap::new(),
        };
        for _ in 0..400 {
            walk.step();
        }
        walk.end(seed);
    }
}

/// A client that follows the protocol of sessions, and what it has read of each partition.
struct Reader {
    conn: Conn,
    session: (i32, i32),
    offsets: Vec<i64>,
    /// Partitions whose offset the session does not know yet.
    changed: Vec<usize>,
}

impl Reader {
    fn ask(&mut self, walk: &mut Walk) {
        let most = 1 << (6 + walk.below(6));
        let partitions = self.changed.drain(..).map(|partition| FetchPartition {
            partition: partition as i32,
            fetch_offset: self.offsets[partition],
            partition_max_bytes: most,
            ..FetchPartition::default()
        });
        let topic = FetchTopic {
            topic: "t".into(),
            partitions: partitions.collect(),
            ..FetchTopic::default()
        };
        let fetch = FetchRequest {
            max_wait_ms: 500,
            min_bytes: 1 + walk.below(150) as i32,
            max_bytes: 2 * most,
            session_id: self.session.0,
            session_epoch: self.session.1,
            topics: if topic.partitions.is_empty() {
                Vec::new()
            } else {
                vec![topic]
            },
            ..FetchRequest::default()
        };
        let bytes = request(ApiKey::Fetch, 11, 0, |w, v| fetch.encode(w, v));
        walk.house.send(self.conn, &bytes);
    }

    /// Takes an answer, if there is one.
    fn take(&mut self, walk: &mut Walk) -> bool {
        let frames = walk.house.frames(self.conn);
        let Some(frame) = frames.first() else {
            return false;
        };
        let (_, mut reader) = opened(ApiKey::Fetch, 11, frame);
        let said = FetchResponse::decode(&mut reader, 11).expect("an answer");
        assert_eq!(said.error_code, 0);
        self.session = (said.session_id, self.session.1 + 1);
        for said in said.responses.iter().flat_map(|topic| &topic.partitions) {
            assert_eq!(said.error_code, 0);
            let Some(Records::Bytes(records)) = said.records else {
                panic!("batches")
            };
            let batches: Result<Vec<_>, _> = Batches::new(records).collect();
            let count = batches.expect("whole batches").len();
            let partition = said.partition_index as usize;
            self.offsets[partition] += count as i64;
            if count > 0 {
                self.changed.push(partition);
            }
        }
        true
    }
}

#[test]
fn a_session_reads_everything() {
    const PARTITIONS: usize = 8;
    for seed in 0..20 {
        let mut house = House::new();
        house.topic("t", PARTITIONS as i32);
        house.held = Some(Default::default());
        let mut walk = Walk {
            house,
            rng: Rng::new([seed; 32]),
            sent: BTreeMap::new(),
        };
        let writer = walk.house.connect();
        let conn = walk.house.connect();
        let mut reader = Reader {
            conn,
            session: (0, 0),
            offsets: vec![0; PARTITIONS],
            changed: (0..PARTITIONS).collect(),
        };
        let mut asks = 0;
        reader.ask(&mut walk);
        loop {
            let writes = asks < 150;
            if writes && walk.below(3) == 0 {
                // Partition 0 gets as much as all the others together.
                let partition = (walk.below(2) * walk.below(PARTITIONS as u64)) as i32;
                walk.house.send(writer, &produce(0, "t", partition, 0));
            }
            if walk.below(4) > 0 {
                walk.answer_one();
            } else {
                walk.house.pass_ms(60);
            }
            if reader.take(&mut walk) {
                asks += 1;
                reader.ask(&mut walk);
            }
            let ends: Vec<i64> = walk.house.logs.values().map(|log| log.end()).collect();
            if !writes && reader.offsets == ends {
                break;
            }
            assert!(
                asks < 600,
                "seed {seed}: {:?} is not everything",
                reader.offsets
            );
        }
        assert!(
            reader.offsets.iter().sum::<i64>() > 50,
            "seed {seed}: there was much to read"
        );
    }
}
