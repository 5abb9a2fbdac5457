//! A coordinator reads its log from the start to its end, a slice at a time, while everybody else is served. The log is read as any reader
//! reads it: below the high watermark, which reaches the end, for nobody appends meanwhile.
//!
//! | step | on | becomes |
//! |---|---|---|
//! | Asking | its turn | Waiting |
//! | Waiting | bytes from memory, or from the disk | Held |
//! | Waiting | there is nothing below the high watermark | Starved; over when that is the log's end |
//! | Starved | the high watermark has moved | Asking |
//! | Held | its turn, until all is loaded | Asking |
//!
//! L1: offsets only grow, and compaction may have left holes anywhere, also at the end.
//! L2: a record that cannot be understood costs its own key, a batch that is damaged its own records: what was known of them before holds.

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_coordinator::Record;
use ottla_machine::{
    DiskOp, DiskOutput, Effects, Emit, Entry, Fault, LeaderEpoch, Level, Now, Offset, Part,
    ProducerId, Spend, planted, sometimes,
};
use ottla_record::{ABORT, Batch, COMMIT, control_kind};

use crate::asked::{Asked, Asker, What};
use crate::coordinator::{Coordinator, Loading, Stage};
use crate::{Answer, Isolation, Read, Shard, Timer, limits, office};

impl Shard {
    /// A slice of loading, of one coordinator.
    pub(crate) fn load_some(&mut self, now: Now, fx: &mut Effects<Shard>) {
        if self.stage != crate::Stage::Running {
            return;
        }
        let Some(slot) = self.coordinators.loading.pop_front() else {
            return;
        };
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let assigned = entry.replica().map(|replica| replica.log().assigned());
        let name = entry.dir_name.clone();
        let (Some(coordinator), Some(assigned)) = (&mut entry.coordinator, assigned) else {
            return;
        };
        let Stage::Loading(loading) = &mut coordinator.stage else {
            return;
        };
        match loading {
            Loading::Held(bytes) => {
                let mut bytes = std::mem::take(bytes);
                let loaded = coordinator.load(&mut bytes, name.as_str(), fx);
                if let Err(why) = loaded {
                    return self.fail(slot, &why, fx);
                }
                let next = match bytes.is_empty() {
                    true => Loading::Asking,
                    false => Loading::Held(bytes),
                };
                coordinator.stage = Stage::Loading(next);
                self.coordinators.loading.push_back(slot);
            }
            Loading::Asking if coordinator.runtime.end_offset() >= assigned => {
                self.activate(now, slot, fx);
            }
            Loading::Asking => {
                *loading = Loading::Waiting;
                let from = coordinator.runtime.end_offset();
                self.ask_for(now, slot, from, fx);
            }
            Loading::Waiting | Loading::Starved => {}
        }
    }

    fn ask_for(&mut self, now: Now, slot: u32, from: Offset, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get(slot) else {
            return;
        };
        let read = Read {
            partition: entry.id,
            current_leader_epoch: LeaderEpoch::NONE,
            from,
            last_fetched_epoch: LeaderEpoch::NONE,
            max_bytes: limits::LOAD_BYTES.of(self.switch),
            at_least_one: true,
            isolation: Isolation::ReadUncommitted,
            watch: None,
        };
        let asked = Asked {
            asker: Asker::Loader(slot, self.entries.generation(slot)),
            what: What::Read(read),
            faults: 0,
            warmed: None,
            end: None,
        };
        self.ask(now, asked, fx);
    }

    /// The log has answered.
    pub(crate) fn on_loader_read(
        &mut self,
        slot: u32,
        generation: u32,
        answer: Answer,
        fx: &mut Effects<Shard>,
    ) {
        if !self.entries.lives(slot, generation) {
            return;
        }
        let assigned = self.entries.get(slot).and_then(|entry| entry.replica());
        let assigned = assigned.map(|replica| replica.log().assigned());
        let read = match answer {
            Answer::Read(read) => read,
            Answer::Refused(refused) => {
                let why = refused.message;
                let why = why.unwrap_or_else(|| refused.error.name().to_owned());
                return self.fail(slot, &why, fx);
            }
            _ => return,
        };
        let Some(coordinator) = self.coordinator_mut(slot) else {
            return;
        };
        let Stage::Loading(loading @ Loading::Waiting) = &mut coordinator.stage else {
            return; // of an earlier tenure
        };
        let mut bytes = VecDeque::new();
        for part in &read.records.0 {
            match part {
                Part::Bytes(part) => bytes.push_back(part.clone()),
                Part::File {
                    file,
                    position,
                    length,
                } => {
                    let what = DiskOp::Read {
                        file: *file,
                        at: *position,
                        len: *length,
                    };
                    let number = self.number();
                    self.coordinators.reads.insert(number, (slot, generation));
                    return self.disk(office::LOADERS, number, what, fx);
                }
            }
        }
        if !bytes.is_empty() {
            *loading = Loading::Held(bytes);
        } else if Some(read.high_watermark) == assigned {
            // L1: nothing is left of what the log ends with.
            sometimes!(fx, "a coordinator's log ended in a hole");
            *loading = Loading::Asking;
            coordinator.runtime.skip(read.high_watermark);
        } else {
            *loading = Loading::Starved;
            return;
        }
        self.coordinators.loading.push_back(slot);
    }

    /// The disk has answered.
    pub(crate) fn on_loader_bytes(
        &mut self,
        now: Now,
        number: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut Effects<Shard>,
    ) {
        let Some((slot, generation)) = self.coordinators.reads.remove(&number) else {
            return;
        };
        if !self.entries.lives(slot, generation) {
            return;
        }
        let Some(coordinator) = self.coordinator_mut(slot) else {
            return;
        };
        let Stage::Loading(loading @ Loading::Waiting) = &mut coordinator.stage else {
            return;
        };
        match result {
            Ok(DiskOutput::Read(bytes)) => *loading = Loading::Held(VecDeque::from([bytes])),
            // Compaction has put another file in its place.
            Ok(_) | Err(Fault::Gone) => *loading = Loading::Asking,
            Err(Fault::Busy | Fault::Full) => {
                sometimes!(fx, "a coordinator could not read its log for now");
                *loading = Loading::Asking;
                let at = now.mono.after_ms(limits::BUSY_PAUSE_MS);
                self.timers.set(Timer::Coordinator(slot), Some(at));
                return;
            }
            Err(Fault::Broken) => {
                let dir = self.entries.get(slot).map_or(0, |entry| entry.dir);
                return self.offline(dir, "a segment cannot be read".to_owned(), fx);
            }
        }
        self.coordinators.loading.push_back(slot);
    }

    /// The pause of one who could not read is over; whether it was that.
    pub(crate) fn resume_loading(&mut self, slot: u32) -> bool {
        let coordinator = self.coordinator_mut(slot);
        let asks =
            coordinator.is_some_and(|it| matches!(it.stage, Stage::Loading(Loading::Asking)));
        if asks {
            self.coordinators.loading.push_back(slot);
        }
        asks
    }

    fn fail(&mut self, slot: u32, why: &str, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let name = entry.dir_name.clone();
        if let Some(coordinator) = &mut entry.coordinator {
            coordinator.stage = Stage::Failed;
            let text = format!(
                "the groups of {name} are not served, those of other partitions are: its log cannot be read ({why})"
            );
            fx.note(Level::Error, text);
        }
    }
}

impl Coordinator {
    /// Loads batches from the front, a bounded number of records but at least one batch.
    fn load(
        &mut self,
        bytes: &mut VecDeque<Bytes>,
        name: &str,
        fx: &mut Effects<Shard>,
    ) -> Result<(), String> {
        let mut left = limits::LOAD_RECORDS.of(fx.switch());
        let before = self.runtime.end_offset();
        while let Some(front) = bytes.front_mut() {
            let Ok(batch) = Batch::parse(front) else {
                bytes.pop_front();
                continue;
            };
            let header = *batch.header();
            if header.next_offset() > self.runtime.end_offset().0 {
                let count = header.records_count.max(1) as usize;
                fx.spend(Spend::Records, count);
                fx.spend(Spend::Bytes, header.size());
                left = left.saturating_sub(count);
                self.load_batch(&batch, name, fx);
                self.runtime.skip(Offset(header.next_offset()));
            }
            let _ = front.split_to(header.size());
            // Nothing is left, or what is torn: it is read again from its beginning.
            if Batch::parse(front).is_err() {
                bytes.pop_front();
            }
            if left == 0 {
                break;
            }
        }
        if self.runtime.end_offset() == before {
            return Err(format!("there is no batch at offset {before}"));
        }
        Ok(())
    }

    fn load_batch(&mut self, batch: &Batch<'_>, name: &str, fx: &mut Effects<Shard>) {
        let header = batch.header();
        let spoilt = |fx: &mut Effects<Shard>, why: &str| {
            let (from, to) = (header.base_offset, header.last_offset());
            let text = format!(
                "{name}: what stands at offsets {from} to {to} is lost ({why}); what was known of it before holds"
            );
            fx.note(Level::Error, text);
        };
        if !batch.crc_is_right() {
            return spoilt(fx, "its checksum is wrong");
        }
        let producer = (ProducerId(header.producer_id), header.producer_epoch);
        let records = match batch.records(limits::UNPACKED_BYTES) {
            Ok(records) => records,
            Err(why) => return spoilt(fx, &why.to_string()),
        };
        for record in &records {
            let record = match record {
                Ok(record) => record,
                Err(why) => return spoilt(fx, &why.to_string()),
            };
            let offset = Offset(header.offset_of(&record));
            if offset < self.runtime.end_offset() {
                continue;
            }
            if header.is_control() {
                let commit = match control_kind(record.key) {
                    Ok(COMMIT) => true,
                    Ok(ABORT) => false,
                    _ => continue,
                };
                self.runtime
                    .load(offset, Entry::Marker { producer, commit });
                continue;
            }
            if record.value.is_none() && planted!(fx, "loader-forgets-tombstones") {
                continue;
            }
            let Some(key) = record.key else { continue };
            match Record::decode(key, record.value) {
                Ok(decoded) => {
                    let producer = header.is_transactional().then_some(producer);
                    let record = &decoded;
                    self.runtime
                        .load(offset, Entry::Record { producer, record });
                }
                Err(why) => {
                    let text = format!(
                        "{name}: the record at offset {offset} is not understood ({why}); what was known of its key before holds"
                    );
                    fx.note(Level::Error, text);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use bytes::Bytes;
    use ottla_machine::{Effect, Effects, Offset};
    use ottla_record::{Builder, BuilderSettings, COMMIT, control_batch, end_transaction_value};

    use crate::Shard;
    use crate::coordinator::Coordinator;

    fn key(record_type: i16) -> Vec<u8> {
        let mut key = record_type.to_be_bytes().to_vec();
        key.extend_from_slice(&[0, 1, b'g', 0, 1, b't', 0, 0, 0, 0]);
        key
    }

    fn commit(offset: u8) -> Vec<u8> {
        let mut value = vec![0, 3, 0, 0, 0, 0, 0, 0, 0, offset];
        value.extend_from_slice(&(-1_i32).to_be_bytes());
        value.extend_from_slice(&[0, 0]);
        value.extend_from_slice(&7_i64.to_be_bytes());
        value
    }

    fn batch(base_offset: i64, producer_id: i64, records: &[(&[u8], &[u8])]) -> Bytes {
        let mut builder = Builder::new(BuilderSettings {
            base_offset,
            producer_id,
            transactional: producer_id >= 0,
            ..BuilderSettings::default()
        });
        for (key, value) in records {
            builder.append(1, Some(key), Some(value), &[]);
        }
        builder.finish()
    }

    /// What is committed, and what the operator was told.
    fn load(batches: Vec<Bytes>) -> (Option<i64>, Offset, usize) {
        let mut coordinator = Coordinator::new(Offset(0));
        let mut fx: Effects<Shard> = Effects::new();
        let mut bytes = VecDeque::from(batches);
        while !bytes.is_empty() {
            let loaded = coordinator.load(&mut bytes, "offsets-0", &mut fx);
            loaded.expect("there are batches");
        }
        let notes = fx
            .drain()
            .filter(|it| matches!(it, Effect::Note(_)))
            .count();
        let group = coordinator.runtime.state().group("g");
        let commit = group.and_then(|it| it.commit("t", 0)).map(|it| it.offset);
        (commit, coordinator.runtime.end_offset(), notes)
    }

    #[test]
    fn what_cannot_be_understood_costs_its_own_key_and_is_told() {
        let good = batch(0, -1, &[(&key(1), &commit(5))]);
        let newer = batch(1, -1, &[(&key(1), &[0x7f, 0]), (&key(99), &[1])]);
        assert_eq!(load(vec![good.clone(), newer]), (Some(5), Offset(3), 1));
        let mut spoilt = batch(4, -1, &[(&key(1), &commit(6))]).to_vec();
        *spoilt.last_mut().expect("bytes") ^= 1;
        let after = batch(9, -1, &[(&key(99), &[1])]);
        let all = vec![good, spoilt.into(), after];
        assert_eq!(load(all), (Some(5), Offset(10), 1), "and there are holes");
    }

    #[test]
    fn a_transaction_counts_at_its_marker() {
        let open = batch(0, 8, &[(&key(1), &commit(5))]);
        assert_eq!(load(vec![open.clone()]), (None, Offset(1), 0));
        let settings = BuilderSettings {
            base_offset: 1,
            producer_id: 8,
            producer_epoch: 0,
            transactional: true,
            ..BuilderSettings::default()
        };
        let marker = control_batch(settings, 1, &[(COMMIT, &end_transaction_value(0))]);
        assert_eq!(load(vec![open, marker]), (Some(5), Offset(2), 0));
    }

    #[test]
    fn what_a_read_cut_off_is_asked_for_again_and_junk_is_no_end() {
        let whole = batch(0, -1, &[(&key(1), &commit(5))]);
        let next = batch(1, -1, &[(&key(1), &commit(6))]);
        let torn = next.slice(..next.len() - 3);
        assert_eq!(load(vec![whole, torn]), (Some(5), Offset(1), 0));
        let mut coordinator = Coordinator::new(Offset(0));
        let mut fx: Effects<Shard> = Effects::new();
        let mut junk = VecDeque::from([Bytes::from_static(&[7; 100])]);
        assert!(coordinator.load(&mut junk, "offsets-0", &mut fx).is_err());
    }
}
