//! What lies behind a batch that is none: batches of two epochs there say that a life later than its own had found this place in order, so
//! that what is wrong with it now is damage (`one_epoch_a_life`). Those of one epoch say nothing: a power cut may take any of what was not synced. Looked for
//! byte by byte, because a bad length leads nowhere. In: where to begin; the rest of the file, chunk by chunk. Out: what to read next, and
//! in the end where the second epoch begins.

use bytes::Bytes;
use ottla_machine::Offset;
use ottla_record::{Batch, HEADER_LEN, Header};

/// A leader begins its epoch with a batch that is much shorter.
const BATCH: usize = 16 << 10;

/// The search through one file.
#[derive(Clone, Debug)]
pub(crate) struct Behind {
    /// Where what is held begins.
    at: u64,
    held: Vec<u8>,
    end: u64,
    offset: Offset,
    /// The epoch of the first batch that is whole: perhaps that of the bad one.
    first: Option<i32>,
    found: Option<u64>,
}

impl Behind {
    /// From behind `position` to `end`: batches of later offsets than `offset`.
    pub(crate) fn new(position: u64, end: u64, offset: Offset) -> Behind {
        Behind {
            at: (position + 1).min(end),
            held: Vec::new(),
            end,
            offset,
            first: None,
            found: None,
        }
    }

    /// What to read next: position and length, at most `most`. `None`: it is over.
    pub(crate) fn ask(&self, most: usize) -> Option<(u64, u32)> {
        let at = self.at + self.held.len() as u64;
        let left = self.end.saturating_sub(at).min(most as u64);
        (left > 0 && self.found.is_none()).then_some((at, left as u32))
    }

    /// Takes what was read. Nothing: the file ends there.
    pub(crate) fn feed(&mut self, bytes: &Bytes) {
        if bytes.is_empty() {
            self.end = self.at + self.held.len() as u64;
        }
        self.held.extend_from_slice(bytes);
        let last = self.at + self.held.len() as u64 == self.end;
        // What may be cut in two by the end of the chunk is looked at again with the next one.
        let sure = self.held.len().saturating_sub(if last { 0 } else { BATCH });
        for place in 0..sure {
            let Some(epoch) = self.epoch_at(place) else {
                continue;
            };
            if epoch > *self.first.get_or_insert(epoch) {
                self.found = Some(self.at + place as u64);
                break;
            }
        }
        self.held.drain(..sure);
        self.at += sure as u64;
    }

    /// Where a batch of a later epoch than the first one's begins.
    pub(crate) fn found(&self) -> Option<u64> {
        self.found
    }

    /// The epoch of the whole batch that begins there.
    fn epoch_at(&self, place: usize) -> Option<i32> {
        let header = Header::parse(&self.held[place..]).ok()?;
        let plausible =
            (HEADER_LEN..=BATCH).contains(&header.size()) && header.base_offset > self.offset.0;
        let bytes = self.held.get(place..place + header.size())?;
        let whole = plausible && Batch::parse(bytes).is_ok_and(|batch| batch.crc_is_right());
        whole.then_some(header.partition_leader_epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ottla_record::{Builder, BuilderSettings};

    fn batch(offset: i64, epoch: i32) -> Bytes {
        let mut builder = Builder::new(BuilderSettings {
            base_offset: offset,
            leader_epoch: epoch,
            ..BuilderSettings::default()
        });
        builder.append(5, None, Some(b"value"), &[]);
        builder.finish()
    }

    fn search(file: &[u8], most: usize) -> Option<u64> {
        let mut behind = Behind::new(0, file.len() as u64, Offset(9));
        while let Some((at, len)) = behind.ask(most) {
            let chunk = &file[at as usize..at as usize + len as usize];
            behind.feed(&Bytes::copy_from_slice(chunk));
        }
        behind.found()
    }

    #[test]
    fn only_whole_batches_of_two_epochs_count_wherever_they_lie() {
        let junk = vec![2; 40_000];
        let first = batch(11, 3);
        for most in [1, 100, 4096, 1 << 20] {
            let both = [&junk[..], &first, &junk, &batch(12, 4)].concat();
            assert_eq!(
                search(&both, most),
                Some(80_000 + first.len() as u64),
                "{most}"
            );
            let mut torn = both.clone();
            torn.pop();
            assert_eq!(search(&torn, most), None);
            let same = [&junk[..], &first, &batch(12, 3), &batch(9, 4)].concat();
            assert_eq!(search(&same, most), None);
            assert_eq!(search(&[&junk[..], &batch(12, 4)].concat(), most), None);
        }
    }
}
