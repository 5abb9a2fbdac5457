//! A partition's directory in which one file is not what it was: it opens or is refused, is read from end to end, goes on, and stops.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use ottla_log::{
    Absent, Blocks, Dirty, Log, LogConfig, LogEvent, LogJob, LogProduct, Origin, Phase, Place,
    Start,
};
use ottla_machine::{
    DiskOp, DiskOutput, Emit, Job, LeaderEpoch, Level, Name, Names, Now, Offset, Op, Owner, Part,
    Spend, Time, WallMs,
};
use ottla_media::Media;
use ottla_record::{Builder, BuilderSettings};
use ottla_testdisk::{Disk, ROOT, Underway};

use crate::{Chooser, mangled};

const DIR: &str = "t-0";

/// Files that are there in a directory that was stopped, and what they are chosen by.
const FILES: [&str; 8] = [
    "00000000000000000000.log",
    "00000000000000000000.index",
    "00000000000000000000.timeindex",
    "00000000000000000000.txnindex",
    "00000000000000000012.log",
    "00000000000000000024.snapshot",
    "leader-epoch-checkpoint",
    "partition.metadata",
];

#[derive(Default)]
struct Fx(Vec<(Op, DiskOp)>);

impl Emit for Fx {
    fn disk(&mut self, op: Op, what: DiskOp) {
        self.0.push((op, what));
    }

    fn note(&mut self, _: Level, _: String) {}

    fn spend(&mut self, _: Spend, _: usize) {}
}

const OURS: Owner = Owner {
    part: 3,
    slot: 0,
    generation: 0,
};

struct World {
    disk: Disk,
    log: Log,
    fx: Fx,
    events: Vec<LogEvent>,
    underway: Underway,
    syncs: Vec<Offset>,
    blocks: Blocks,
}

const NOW: Now = Now {
    mono: Time(1_000_000_000),
    wall: WallMs(1_000_000),
};

impl World {
    fn open(disk: Disk, start: Start) -> World {
        let mut fx = Fx::default();
        let place = Place {
            owner: Owner {
                part: 2,
                slot: 7,
                generation: 1,
            },
            names: Names::new(2).range(),
            parent: ROOT,
            dir_name: Name::new(DIR).expect("a name"),
            topic_id: [9; 16],
        };
        let config = Arc::new(LogConfig {
            segment_bytes: 1_000,
            index_interval_bytes: 100,
            ..LogConfig::default()
        });
        let log = Log::open(place, config, start, NOW, &mut fx);
        let mut world = World {
            disk,
            log,
            fx,
            events: Vec::new(),
            underway: Underway::default(),
            syncs: Vec::new(),
            blocks: Blocks::new(1 << 20),
        };
        world.run();
        world
    }

    fn run(&mut self) {
        for _ in 0..10_000 {
            if let Some(Dirty { file, to }) = self.log.settle(NOW, &mut self.fx, &mut self.events) {
                let op = OURS.op(self.syncs.len() as u64);
                self.syncs.push(to);
                self.fx.disk(op, DiskOp::Sync(file));
            }
            self.log.check();
            for (op, what) in self.fx.0.drain(..) {
                self.underway.issue(op, what);
            }
            while !self.underway.is_empty() {
                let Some((op, result)) = self.underway.happen(&mut self.disk, None) else {
                    continue;
                };
                if op.owner == OURS {
                    result.expect("a disk without faults");
                    self.log.on_durable(self.syncs[op.seq as usize]);
                } else {
                    let (fx, events) = (&mut self.fx, &mut self.events);
                    self.log.on_done(NOW, op.seq, result, fx, events);
                }
            }
            if self.fx.0.is_empty() && self.log.deadline() != Some(Time::ZERO) {
                return;
            }
        }
        panic!("the log never comes to rest");
    }

    /// Reads from the start to the end; a damaged place ends it.
    fn read_all(&mut self) {
        let end = self.log.written();
        let mut at = self.log.start_offset();
        while at < end {
            let Some(next) = self.read(at, end) else {
                return;
            };
            assert!(next > at, "a read goes on");
            at = next;
        }
    }

    fn read(&mut self, from: Offset, upto: Offset) -> Option<Offset> {
        for _ in 0..64 {
            match self.log.read(&self.blocks, from, upto, 1_000, true) {
                Ok(slice) => {
                    for part in &slice.parts.0 {
                        if let Part::File {
                            file,
                            position,
                            length,
                        } = part
                        {
                            let _ = self.disk.range(*file, *position, *length as usize);
                        }
                    }
                    return Some(slice.next);
                }
                Err(Absent::Block(key)) => {
                    let (file, at, len) = Blocks::want(key);
                    let read = self.disk.perform(DiskOp::Read { file, at, len });
                    let Ok(DiskOutput::Read(bytes)) = read else {
                        panic!("{read:?}");
                    };
                    self.blocks.put(key, bytes);
                }
                Err(Absent::Unpacked(key)) => {
                    let (file, at, len) = Blocks::want(key);
                    let read = self.disk.perform(DiskOp::Read { file, at, len });
                    let Ok(DiskOutput::Read(bytes)) = read else {
                        panic!("{read:?}");
                    };
                    match LogJob::unpack(bytes).run() {
                        LogProduct::Unpacked(Ok(records)) => self.blocks.put(key, records),
                        _ => return None,
                    }
                }
                Err(Absent::Cold(base)) => {
                    self.log.warm(base, &mut self.fx);
                    self.run();
                    if matches!(self.log.phase(), Phase::Offline(_)) {
                        return None;
                    }
                }
                Err(_) => return None,
            }
        }
        panic!("the question faults for ever");
    }
}

fn batch(sequence: i32) -> Bytes {
    let mut builder = Builder::new(BuilderSettings {
        producer_id: 5,
        producer_epoch: 0,
        base_sequence: sequence,
        ..BuilderSettings::default()
    });
    let value = vec![sequence as u8; 100];
    for at in 0..3 {
        builder.append(990_000 + i64::from(sequence) + at, None, Some(&value), &[]);
    }
    builder.finish()
}

/// A directory of two segments and an empty one, stopped in order.
static STOPPED: LazyLock<Media> = LazyLock::new(|| {
    let mut world = World::open(Disk::over(Media::new(1 << 30)), Start::Absent);
    for at in 0..8 {
        let origin = Origin::Client {
            transactional: false,
        };
        let epoch = LeaderEpoch(at / 3);
        let taken = world.log.append(NOW, batch(at * 3), epoch, origin);
        taken.expect("appended");
        world.run();
    }
    world.log.stop(NOW, &mut world.fx);
    world.run();
    assert_eq!(world.log.phase(), Phase::Closed, "{:?}", world.events);
    world.disk.killed().media
});

/// The first byte chooses the file, the second how the log is started; the rest is written over the file: in place of it, or from somewhere
/// on.
pub fn directory(bytes: &[u8]) {
    let mut chooser = Chooser(bytes);
    let name = FILES[usize::from(chooser.byte()) % FILES.len()];
    // The same byte says how the file is mangled.
    let how = chooser.0.first().copied().unwrap_or(0);
    let start = match how % 4 {
        0 => Start::Clean {
            log_start: Offset(0),
        },
        from => Start::Recover {
            from: Offset(i64::from(from) * 9 - 9),
            log_start: Offset(0),
            show: how & 4 != 0,
        },
    };
    let mut disk = Disk::over(STOPPED.clone());
    let path = format!("{DIR}/{name}");
    let file = mangled(disk.bytes(&path).as_deref().unwrap_or_default(), chooser);
    disk.put(DIR, name, &file);
    let mut world = World::open(disk, start);
    if world.log.phase() != Phase::Open {
        return;
    }
    world.read_all();
    if world.log.phase() != Phase::Open {
        return;
    }
    let origin = Origin::Client {
        transactional: false,
    };
    let _ = world.log.append(NOW, batch(100), LeaderEpoch(9), origin);
    world.run();
    world.log.retain(NOW, &mut world.fx, &mut world.events);
    world.run();
    if world.log.phase() == Phase::Open {
        world.log.stop(NOW, &mut world.fx);
        world.run();
    }
}
