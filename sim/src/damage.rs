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
            let nth = nth as usize;
            let stray = stray(media, damage.target, &candidates, nth, at, &mut stream)?;
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
        offset: (damage.target == Target::Segment).then(|| {
            if has_segments(media, &chosen.dir) {
                first_lost(base(&chosen.path), &before, from)
            } else {
                // Nothing says any more which offsets had been given.
                0
            }
        }),
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

fn has_segments(media: &Media, dir: &str) -> bool {
    let files = on_disk::names(media, dir);
    files.iter().any(|name| is(name, Target::Segment))
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

/// Another sector's bytes for the sector of byte `at`: of the same file or, in a small one, of another. Never a whole producer snapshot for
/// another, nor bytes that make whole batches of a segment again, which are another's: nothing says whose they are, so that nobody could tell.
fn stray(
    media: &Media,
    target: Target,
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
        let other = &candidates[(nth + step) % candidates.len()];
        let whole = other.len == chosen.len && chosen.len <= SECTOR;
        let tells = target != Target::ProducerSnapshot || !whole;
        tells.then(|| read(other.node, 0)).flatten()
    });
    let before = on_disk::file(media, &chosen.path)?;
    let tells = |bytes: &[u8]| {
        let mut after = before.to_vec();
        let at = (here * SECTOR) as usize;
        after[at..at + bytes.len()].copy_from_slice(bytes);
        target != Target::Segment || !on_disk::has_whole_batches_only(&after)
    };
    let mut found = near.chain(far).filter(|bytes| other(bytes) && tells(bytes));
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use ottla_media::{Fate, Media};
    use ottla_protocol::Uuid;

    use super::damage;
    use crate::atlas::Entry;
    use crate::draw::Draw;
    use crate::history::Partition;
    use crate::on_disk::{
        self,
        made::{put, segment},
    };
    use crate::script::{Damage, DamageKind, Target};

    const TOPIC: [u8; 16] = [7; 16];

    fn disk() -> Media {
        let mut media = Media::new(1 << 20);
        for dir in ["t1-0", "t1-12", "__cluster_metadata-0", "t2-0.aa-delete"] {
            media.make_dir(dir).expect("room");
            let metadata = format!("version: 0\ntopic_id: {}", Uuid(TOPIC));
            put(
                &mut media,
                &format!("{dir}/partition.metadata"),
                metadata.as_bytes(),
            );
            put(
                &mut media,
                &format!("{dir}/leader-epoch-checkpoint"),
                b"0\n1\n0 0\n",
            );
            for base in [0, 30] {
                let at = |suffix: &str| format!("{dir}/{base:020}.{suffix}");
                put(&mut media, &at("log"), &segment(base));
                put(&mut media, &at("index"), &[base as u8, 1, 2, 3, 4, 5, 6, 7]);
                put(&mut media, &at("timeindex"), &[base as u8; 24]);
                let snapshot = vec![base as u8 + 1; 60 + base as usize];
                put(&mut media, &at("snapshot"), &snapshot);
            }
            put(&mut media, &format!("{dir}/{:020}.log", 60), b"");
            media.sync_dir(dir).expect("there");
        }
        put(&mut media, "recovery-point-offset-checkpoint", b"0\n0\n");
        media.sync_dir("").expect("there");
        media
    }

    fn files(media: &Media) -> BTreeMap<String, Vec<u8>> {
        let paths = media.paths().into_keys();
        let files = paths.filter_map(|path| {
            let bytes = on_disk::file(media, &path)?.to_vec();
            Some((path, bytes))
        });
        files.collect()
    }

    const KINDS: [DamageKind; 4] = [
        DamageKind::Rot,
        DamageKind::Cut,
        DamageKind::Gone,
        DamageKind::Misdirected,
    ];

    const TARGETS: [(Target, &str); 5] = [
        (Target::OffsetIndex, ".index"),
        (Target::TimeIndex, ".timeindex"),
        (Target::ProducerSnapshot, ".snapshot"),
        (Target::LeaderEpochs, "leader-epoch-checkpoint"),
        (Target::Segment, ".log"),
    ];

    /// The one file that is another, and what should be said of it.
    fn expected(
        before: &BTreeMap<String, Vec<u8>>,
        after: &BTreeMap<String, Vec<u8>>,
        damage: Damage,
    ) -> Entry {
        let others = |path: &&String| before.get(*path) != after.get(*path);
        let changed: Vec<&String> = before.keys().filter(others).collect();
        let [path] = changed[..] else {
            panic!("{changed:?} are others after {damage:?}");
        };
        let none = Vec::new();
        let (old, new) = (&before[path], after.get(path).unwrap_or(&none));
        let same = old.iter().zip(new).take_while(|(old, new)| old == new);
        let first = same.count();
        let (dir, name) = path.split_once('/').expect("in a directory");
        let batch = first / (old.len() / 10).max(1);
        let offset = (damage.target == Target::Segment).then(|| {
            let base: i64 = name[..20].parse().expect("digits");
            base + 3 * batch as i64
        });
        Entry::Damaged {
            damage,
            path: path.clone(),
            from: first as u64,
            partition: Some(Partition {
                topic: TOPIC,
                index: if dir == "t1-12" { 12 } else { 0 },
            }),
            offset,
        }
    }

    #[test]
    fn a_whole_batch_of_another_is_no_damage() {
        let mut media = Media::new(1 << 20);
        for (dir, of) in [("t1-0", 0), ("t1-1", 1)] {
            let segment = segment(of);
            let mut batch = segment[..segment.len() / 10].to_vec();
            batch[..8].fill(0);
            media.make_dir(dir).expect("room");
            put(&mut media, &format!("{dir}/{:020}.log", 0), &batch);
            media.sync_dir(dir).expect("there");
        }
        for place in 0..50 {
            let how = Damage {
                target: Target::Segment,
                kind: DamageKind::Misdirected,
                place,
            };
            assert_eq!(damage(&mut media, &how, Draw::new(place)), None);
        }
    }

    #[test]
    fn one_file_is_damaged_for_good_and_the_entry_says_where() {
        let intact = disk();
        let before = files(&intact);
        let mut damaged = BTreeMap::<Target, BTreeSet<String>>::new();
        let cases = TARGETS
            .iter()
            .flat_map(|target| KINDS.map(|kind| (*target, kind)));
        for ((target, suffix), kind) in cases {
            for place in (0..60).map(|place| place * 7919) {
                let mut media = intact.clone();
                let asked = Damage {
                    target,
                    place,
                    kind,
                };
                let Some(entry) = damage(&mut media, &asked, Draw::new(3)) else {
                    // All that could lie there looks the same.
                    let same = target == Target::LeaderEpochs;
                    assert!(kind == DamageKind::Misdirected && same);
                    continue;
                };
                media.power_cut(|_| Fate::Old);
                assert_eq!(entry, expected(&before, &files(&media), asked));
                if let Entry::Damaged { path, .. } = entry {
                    assert!(path.ends_with(suffix));
                    damaged.entry(target).or_default().insert(path);
                }
            }
        }
        for (target, paths) in &damaged {
            assert!(paths.iter().all(|path| !path.contains("delete")));
            let metadata = paths.iter().any(|path| path.starts_with("__"));
            assert_eq!(metadata, *target != Target::Segment, "{target:?}");
            assert!(paths.iter().any(|path| path.starts_with("t1-12")));
        }
        // Of an empty segment there is nothing but the name to lose.
        assert!(damaged[&Target::Segment].contains(&format!("t1-0/{:020}.log", 60)));
    }

    #[test]
    fn nothing_to_damage() {
        let mut media = Media::new(1 << 20);
        let asked = Damage {
            target: Target::Segment,
            place: 5,
            kind: DamageKind::Gone,
        };
        assert_eq!(damage(&mut media, &asked, Draw::new(1)), None);
    }
}
