//! Damage to files at rest, while no process lives: in the page cache and on the media alike. What it may have cost is said at once, by
//! the bytes as they were before: the first byte that differs, and for a segment the first offset that may be lost.
//!
//! A file that lost its end or its name, lost it for good: the kernel is taken to have written everything else of it back before, which
//! it may do at any time.

use ottla_media::{Media, Node, SECTOR};
use ottla_record::Header;

use crate::atlas::Entry;
use crate::draw::{Domain, Draw, Stream};
use crate::history::Partition;
use crate::on_disk;
use crate::script::{Damage, DamageKind, Target};

/// The log that says which topics there are: losing any of it would be excused by nothing.
const METADATA: &str = "__cluster_metadata-0";

/// At most so many bytes in a row have flipped bits.
const ROTTEN: u64 = 8;

/// A file that may be damaged.
struct Candidate {
    dir: String,
    path: String,
    node: Node,
    len: u64,
}

/// Does it. `None`: there is nothing of that kind, or nothing in it that could be another.
pub fn damage(media: &mut Media, damage: &Damage, draw: Draw) -> Option<Entry> {
    let needs_bytes = damage.kind != DamageKind::Gone;
    let mut candidates = candidates(media, damage.target);
    candidates.retain(|candidate| candidate.len > 0 || !needs_bytes);
    let count = candidates.len() as u64;
    let nth = (count > 0).then(|| damage.place % count)?;
    let chosen = &candidates[nth as usize];
    let at = damage.place / count % chosen.len.max(1);
    let before = on_disk::file(media, &chosen.path)?;
    let mut stream = draw.stream(Domain::Damage, damage.place);
    match damage.kind {
        DamageKind::Rot => rot(media, chosen, at, &mut stream),
        DamageKind::Cut => {
            media.truncate(chosen.node, at).ok()?;
            media.sync(chosen.node).ok()?;
        }
        DamageKind::Gone => {
            media.unlink(&chosen.path).ok()?;
            media.sync_dir(&chosen.dir).ok()?;
        }
        DamageKind::Misdirected => {
            let stray = stray(media, &candidates, nth as usize, at, &mut stream)?;
            media
                .stray(chosen.node, at / SECTOR * SECTOR, &stray)
                .ok()?;
        }
    }
    let after = on_disk::file(media, &chosen.path).unwrap_or_default();
    let from = differs(&before, &after);
    let (_, index) = chosen.dir.rsplit_once('-')?;
    let index = index.parse().ok()?;
    let topic = on_disk::topic_id(media, &chosen.dir);
    Some(Entry::Damaged {
        damage: damage.clone(),
        path: chosen.path.clone(),
        from: from as u64,
        partition: topic.map(|topic| Partition { topic, index }),
        offset: (damage.target == Target::Segment)
            .then(|| first_lost(base(&chosen.path), &before, from)),
    })
}

/// The files of a kind in the partitions' directories, by path.
fn candidates(media: &Media, target: Target) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for dir in on_disk::names(media, "") {
        let index = dir.rsplit_once('-').map(|(_, index)| index.parse::<i32>());
        let is_partition = matches!(index, Some(Ok(_)));
        if !is_partition || (dir == METADATA && target == Target::Segment) {
            continue;
        }
        for (name, status) in media.list(&dir, None, usize::MAX).unwrap_or_default() {
            if is(&name, target) && !status.is_dir {
                candidates.push(Candidate {
                    path: format!("{dir}/{name}"),
                    dir: dir.clone(),
                    node: status.node,
                    len: status.len,
                });
            }
        }
    }
    candidates
}

fn is(name: &str, target: Target) -> bool {
    let suffix = match target {
        Target::OffsetIndex => ".index",
        Target::TimeIndex => ".timeindex",
        Target::ProducerSnapshot => ".snapshot",
        Target::Segment => ".log",
        Target::LeaderEpochs => return name == "leader-epoch-checkpoint",
    };
    let base = name.strip_suffix(suffix);
    base.is_some_and(|base| base.len() == 20 && base.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The offset in a segment's name.
fn base(path: &str) -> i64 {
    let name = path.rsplit('/').next().unwrap_or_default();
    let base = name.strip_suffix(".log").and_then(|base| base.parse().ok());
    base.expect("a segment's name is its first offset")
}

/// Bits flip in a few bytes from `at` on; in the first for sure.
fn rot(media: &mut Media, chosen: &Candidate, at: u64, stream: &mut Stream) {
    let to = (at + stream.within(1, ROTTEN)).min(chosen.len);
    let mask = |byte| {
        let bits = stream.bits();
        let (one, more) = (1 << (bits >> 8 & 7), (bits >> 16 & bits >> 24) as u8);
        if byte == at { one | more } else { more }
    };
    let rotten = media.rot(chosen.node, at, to, mask);
    rotten.expect("the file is there");
}

/// Another sector's bytes for the sector of byte `at`: of the same file or, in a small one, of another.
fn stray(
    media: &Media,
    candidates: &[Candidate],
    nth: usize,
    at: u64,
    stream: &mut Stream,
) -> Option<Vec<u8>> {
    let chosen = &candidates[nth];
    let here = at / SECTOR;
    let sectors = chosen.len.div_ceil(SECTOR);
    let room = (chosen.len - here * SECTOR).min(SECTOR) as usize;
    let read = |node, sector| media.read(node, sector * SECTOR, room).ok();
    let own = read(chosen.node, here)?;
    let other = |bytes: &[u8]| !bytes.is_empty() && bytes[..] != own[..bytes.len()];
    let first = stream.below(sectors);
    let near = (0..sectors.min(4)).filter_map(|step| read(chosen.node, (first + step) % sectors));
    let far = (1..candidates.len().min(5)).filter_map(|step| {
        let node = candidates[(nth + step) % candidates.len()].node;
        read(node, 0)
    });
    let mut found = near.chain(far).filter(|bytes| other(bytes));
    found.next().map(|bytes| bytes.to_vec())
}

/// The first byte that is another.
fn differs(before: &[u8], after: &[u8]) -> usize {
    let pairs = before.iter().zip(after);
    let same = pairs.take_while(|(before, after)| before == after);
    same.count()
}

/// The first offset of a segment whose batch does not end before byte `from`.
fn first_lost(base: i64, segment: &[u8], from: usize) -> i64 {
    let (mut next, mut at) = (base, 0);
    while let Some(Ok(header)) = segment.get(at..).map(Header::parse) {
        at += header.size();
        if at > from.min(segment.len()) {
            break;
        }
        next = header.next_offset();
    }
    next
}
