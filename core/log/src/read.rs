//! Reading: the newest batches from memory, older ones as a range of their file, found by the sparse index and the
//! batch headers after it.
//!
//! Everything here is a question: `&self`, asked again from the start when what it missed is there.
//!
//! Invariants
//! - Q1: nothing at or beyond `upto` is handed out, nor anything not written.
//! - Q3: an index entry is believed when the batch it names is there; otherwise the segment counts as cold, and warming
//!   it again rebuilds its index.
//! - Q4: a batch whose offsets do not rise, or are not the segment's, is damage: it is neither passed over nor waited for.
//! - Q2: a file range begins at a batch, and the first batch in it is whole.

use bytes::Bytes;
use ottla_machine::{File, Offset, Part, Parts};
use ottla_record::{HEADER_LEN, Header};

use crate::limits::BLOCK_BYTES;
use crate::segment::{Opened, Segment};
use crate::tail_cache::Cached;
use crate::{Absent, BlockKey, Blocks, Log, Phase, Slice};

/// A batch found in a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located {
    pub(crate) position: u64,
    pub(crate) header: Header,
}

impl Log {
    /// Batches from the one that holds `from`, all of it below `upto`: at most `max_bytes`, but the first batch in
    /// any case when `at_least_one`. Nothing below `upto`: an empty slice.
    pub fn read(
        &self,
        blocks: &Blocks,
        from: Offset,
        upto: Offset,
        max_bytes: usize,
        at_least_one: bool,
    ) -> Result<Slice, Absent> {
        self.readable()?;
        if !self.reaches(from) {
            return Err(Absent::OutOfRange);
        }
        let upto = upto.min(self.written);
        let nothing = Slice {
            parts: Parts::default(),
            next: from,
        };
        if from >= upto {
            return Ok(nothing);
        }
        let is_open = |batch: &Cached| {
            let segment = self.segments.range(..=batch.base.0).next_back();
            segment.and_then(|(_, segment)| segment.file()) == Some(batch.file)
        };
        let recent = self
            .cache
            .read(from, upto, max_bytes, at_least_one, is_open);
        if let Some((parts, next)) = recent {
            let next = next.max(from);
            return Ok(Slice { parts, next });
        }
        let Some((segment, found)) = self.locate(blocks, from)? else {
            return Ok(nothing);
        };
        let size = found.header.size();
        if found.header.next_offset() > upto.0 || (size > max_bytes && !at_least_one) {
            return Ok(nothing);
        }
        let opened = opened(segment)?;
        let end = self.end_position(blocks, segment, opened, upto)?;
        let room = end.saturating_sub(found.position).max(size as u64);
        let most = max_bytes.max(size) as u64;
        let length = if room <= most {
            room
        } else {
            // The rest of a batch would be sent in vain. An entry that lies costs no more than that.
            let whole = opened.index.last_until(found.position + most);
            let whole = whole.and_then(|end| end.checked_sub(found.position));
            whole.filter(|len| *len >= size as u64).unwrap_or(most)
        };
        let mut parts = Parts::default();
        parts.push(Part::File {
            file: opened.file,
            position: found.position,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        });
        Ok(Slice {
            parts,
            next: Offset(found.header.next_offset()),
        })
    }

    pub(crate) fn readable(&self) -> Result<(), Absent> {
        if self.phase == Phase::Open {
            Ok(())
        } else {
            Err(Absent::Closed)
        }
    }

    /// The first batch that ends beyond `offset`, and its segment. `None`: there is none.
    fn locate(
        &self,
        blocks: &Blocks,
        offset: Offset,
    ) -> Result<Option<(&Segment, Located)>, Absent> {
        let floor = self.segments.range(..=offset.0).next_back();
        let from = floor.map_or(i64::MIN, |(base, _)| *base);
        for segment in self.segments.range(from..).map(|(_, segment)| segment) {
            // Offsets may be missing at a segment's end; then the next one has what follows.
            if let Some(found) = locate_in(blocks, segment, offset.0)? {
                return Ok(Some((segment, found)));
            }
        }
        Ok(None)
    }

    /// A position in the segment before which everything is below `upto`: exact where that is cheap.
    fn end_position(
        &self,
        blocks: &Blocks,
        segment: &Segment,
        opened: &Opened,
        upto: Offset,
    ) -> Result<u64, Absent> {
        if upto >= segment.end {
            return Ok(segment.size);
        }
        match self.cache.at(upto) {
            Some(cached) if cached.file == opened.file => Ok(cached.position),
            _ => {
                let relative = u32::try_from(upto.0 - segment.base).unwrap_or(0);
                floor(blocks, segment, opened, relative)
            }
        }
    }
}

/// What is in memory of an open segment.
pub(crate) fn opened(segment: &Segment) -> Result<&Opened, Absent> {
    let cold = || Absent::Cold(Offset(segment.base));
    segment.opened.as_ref().ok_or_else(cold)
}

/// The first batch of a segment that ends beyond `offset`.
pub(crate) fn locate_in(
    blocks: &Blocks,
    segment: &Segment,
    offset: i64,
) -> Result<Option<Located>, Absent> {
    if segment.size == 0 || segment.end.0 <= offset {
        return Ok(None);
    }
    let opened = opened(segment)?;
    let relative = u32::try_from(offset - segment.base).unwrap_or(0);
    let from = floor(blocks, segment, opened, relative)?;
    walk(blocks, opened.file, segment, from, |header| {
        header.next_offset() > offset
    })
}

/// The position of a batch that begins at or before `relative`, by an index entry that was looked up in the segment: Q3.
pub(crate) fn floor(
    blocks: &Blocks,
    segment: &Segment,
    opened: &Opened,
    relative: u32,
) -> Result<u64, Absent> {
    let Some((last, position)) = opened.index.floor_entry(relative) else {
        return Ok(0);
    };
    let position = u64::from(position);
    match header_at(blocks, opened.file, segment.size, position) {
        Ok(header) if header.last_offset() == segment.base + i64::from(last) => Ok(position),
        Ok(_) | Err(Absent::Damaged(_)) => Err(Absent::Cold(Offset(segment.base))),
        Err(absent) => Err(absent),
    }
}

/// The first batch from `position` on of which `wanted` is true.
pub(crate) fn walk(
    blocks: &Blocks,
    file: File,
    segment: &Segment,
    mut position: u64,
    wanted: impl Fn(&Header) -> bool,
) -> Result<Option<Located>, Absent> {
    let mut expected = segment.base;
    while position < segment.size {
        let header = header_at(blocks, file, segment.size, position)?;
        let size = header.size() as u64;
        if size > segment.size - position {
            return Err(damaged(position, "the segment ends inside the batch"));
        }
        // Q4
        let offsets = header.base_offset..header.next_offset();
        if offsets.start < expected || offsets.end > segment.end.0 || offsets.is_empty() {
            return Err(damaged(
                position,
                "the batch's offsets are not of this place",
            ));
        }
        expected = offsets.end;
        if wanted(&header) {
            return Ok(Some(Located { position, header }));
        }
        position += size;
    }
    Ok(None)
}

fn damaged(position: u64, why: &str) -> Absent {
    Absent::Damaged(format!("position {position}: {why}"))
}

/// The header of the batch at `position`.
fn header_at(blocks: &Blocks, file: File, size: u64, position: u64) -> Result<Header, Absent> {
    let mut bytes = [0; HEADER_LEN];
    let mut filled = 0;
    while filled < HEADER_LEN {
        let at = position + filled as u64;
        if at >= size {
            return Err(damaged(position, "the segment ends inside a header"));
        }
        let (key, skip) = block_of(file, size, at);
        let block = blocks.get(key).ok_or(Absent::Block(key))?;
        let from = block.get(skip..).unwrap_or_default();
        let take = from.len().min(HEADER_LEN - filled);
        if take == 0 {
            return Err(damaged(position, "the file is shorter than it was"));
        }
        bytes[filled..filled + take].copy_from_slice(&from[..take]);
        filled += take;
    }
    Header::parse(&bytes).map_err(|why| damaged(position, &why.to_string()))
}

/// The block that holds the byte at `at`, and how far into it. What grows at a file's end gets another key.
fn block_of(file: File, size: u64, at: u64) -> (BlockKey, usize) {
    let start = at - at % u64::from(BLOCK_BYTES);
    let len = u64::from(BLOCK_BYTES).min(size - start) as u32;
    let key = BlockKey {
        file,
        at: start,
        len,
        unpacked: false,
    };
    (key, (at - start) as usize)
}

/// The whole batch at a place, or its unpacked records.
pub(crate) fn batch_at(
    blocks: &Blocks,
    file: File,
    found: &Located,
    unpacked: bool,
) -> Result<Bytes, Absent> {
    let key = BlockKey {
        file,
        at: found.position,
        len: found.header.size() as u32,
        unpacked,
    };
    match blocks.get(key) {
        Some(bytes) => Ok(bytes.clone()),
        None if unpacked => Err(Absent::Unpacked(key)),
        None => Err(Absent::Block(key)),
    }
}
