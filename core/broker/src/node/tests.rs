//! A whole node over a disk that uses every freedom the contract leaves, without clients: it starts, it stops, the power goes at every moment of
//! either, operations fail, directories are not its own. With clients, and how a stop takes leave of them: `answers`.

mod answers;
mod snapshots;

use std::collections::{BTreeMap, BTreeSet};

use answers::Client;
use ottla_machine::{Conn, Dir, DiskOp, Job, Mode, NodeId, Op, Output, WallMs};
use ottla_media::Media;
use ottla_metadata::config::StaticConfig;
use ottla_quorum::QuorumState;
use ottla_testdisk::{Disk, EXPECTED, Files, ROOT, Underway, fates, recorded};

use super::*;
use crate::boot::MetaProperties;

const MARKER: &str = clean_shutdown::FILE;
const STATE: &str = "__cluster_metadata-0/quorum-state";

/// A node and its world.
struct World {
    broker: Broker,
    disk: Disk,
    underway: Underway,
    jobs: VecDeque<(Op, LogJob)>,
    fx: Effects<Broker>,
    now: Now,
    rng: Rng,
    told: Vec<BrokerTell>,
    clients: BTreeMap<Conn, Client>,
    /// What the sockets tell next.
    events: VecDeque<Event<Broker>>,
    /// The flusher's syncs, when they are held up.
    held: Option<Vec<(Op, DiskOp)>>,
    /// When it is kept: the disk at every moment, and whether the node had said that it serves.
    moments: Option<Vec<(Media, bool)>>,
}

fn rng(seed: u64) -> Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Rng::new(bytes)
}

fn starting(settings: &[(&str, &str)], seed: u64) -> StartBroker {
    let mut statics = StaticConfig::new();
    for (name, value) in [("node.id", "1")].iter().chain(settings) {
        statics.set(name, value).expect("a setting of Kafka's");
    }
    let at = |name: &str, port| ListenerAddress {
        name: name.to_owned(),
        host: "localhost".to_owned(),
        port,
    };
    StartBroker {
        settings: Arc::new(statics),
        listeners: vec![at("PLAINTEXT", 9092)],
        controller: at("CONTROLLER", 9093),
        dirs: vec![ROOT],
        cluster_id: None,
        seed: [seed as u8 + 1; 32],
    }
}

impl World {
    fn over(media: Media, seed: u64) -> World {
        World::with(media, seed, starting(&[], seed))
    }

    fn with(media: Media, seed: u64, start: StartBroker) -> World {
        let mut world = World {
            broker: Broker::new(),
            disk: Disk::over(media),
            underway: Underway::default(),
            jobs: VecDeque::new(),
            fx: Effects::new(),
            now: Now {
                mono: Time(1_000_000_000),
                wall: WallMs(1_700_000_000_000),
            },
            rng: rng(seed),
            told: Vec::new(),
            clients: BTreeMap::new(),
            events: VecDeque::new(),
            held: None,
            moments: None,
        };
        world.step(Event::Asked(BrokerAsk::Start(Box::new(start))));
        world
    }

    fn step(&mut self, event: Event<Broker>) {
        self.broker.step(self.now, event, &mut self.fx);
        self.broker.check();
    }

    fn settle(&mut self) {
        self.broker.settle(self.now, &mut self.fx);
        self.broker.check();
        for effect in self.fx.drain().collect::<Vec<_>>() {
            match effect {
                Effect::Tell(tell) => {
                    assert!(
                        !matches!(self.told.last(), Some(BrokerTell::Stopped(_))),
                        "{tell:?}"
                    );
                    self.told.push(tell);
                }
                Effect::Disk(op, what) => {
                    self.judge(&op, &what);
                    match &mut self.held {
                        Some(held) if op.owner.part == ottla_shard::OWN => held.push((op, what)),
                        _ => self.underway.issue(op, what),
                    }
                }
                Effect::Work(op, job) => self.jobs.push_back((op, job)),
                Effect::Note(_) => {}
                other => self.socket(other),
            }
        }
    }

    /// B2, N2: no log is changed while a marker says that all is as a clean stop left it.
    fn judge(&mut self, op: &Op, what: &DiskOp) {
        let reads = match what {
            DiskOp::Open { mode, .. } => *mode == Mode::Read,
            DiskOp::Read { .. } | DiskOp::Close(_) | DiskOp::List { .. } => true,
            _ => false,
        };
        let stopped = matches!(self.broker.life, Life::Marking(_) | Life::Ended);
        if op.owner.part != BOOT && !(reads && stopped) {
            let left = durable(&self.disk.media);
            assert!(left.bytes(MARKER).is_none(), "B2: {what:?}");
        }
    }

    /// One thing happens, or nothing is under way and the next deadline comes.
    fn turn(&mut self) {
        self.happen();
        let idle = self.underway.is_empty() && self.events.is_empty();
        if let (true, Some(due)) = (idle, self.broker.deadline()) {
            let passed = due.since(self.now.mono);
            self.now.mono = self.now.mono.after(passed);
            self.now.wall.0 += passed.as_millis() as i64;
        }
    }

    fn happen(&mut self) {
        for _ in 0..1 + self.rng.below(4) {
            if let Some(event) = self.events.pop_front() {
                self.step(event);
            }
            if let Some((op, job)) = self.jobs.pop_front() {
                let product = Output::Product(job.run());
                self.step(Event::Done(op, Ok(product)));
            }
            if let Some((op, result)) = self.underway.happen(&mut self.disk, Some(&mut self.rng)) {
                self.step(Event::Done(op, result.map(Output::Disk)));
            }
            let serves = self.told.contains(&BrokerTell::Ready);
            if let Some(moments) = &mut self.moments {
                moments.push((self.disk.media.clone(), serves));
            }
        }
        self.settle();
    }

    /// Runs until it tells something more.
    fn told(&mut self) -> BrokerTell {
        let before = self.told.len();
        for _ in 0..50_000 {
            if let Some(tell) = self.told.get(before) {
                return tell.clone();
            }
            self.turn();
        }
        panic!(
            "nothing is told after {:?}: {:?}",
            self.told,
            self.broker.deadline()
        );
    }

    /// Nothing is under way any more.
    fn rest(&mut self) {
        for _ in 0..50_000 {
            self.turn();
            if self.underway.is_empty() && self.jobs.is_empty() {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn up(mut self) -> World {
        assert_eq!(self.told(), BrokerTell::Ready);
        self
    }

    fn refused(mut self, words: &[&str]) {
        let BrokerTell::Stopped(Cause::Refused(why) | Cause::Offline(why)) = self.told() else {
            panic!("{words:?}: {:?}", self.told)
        };
        assert!(!why.contains('\n') && !why.ends_with('.'), "{why}");
        for word in words {
            assert!(why.contains(word), "{word}: {why}");
        }
    }

    fn stop(&mut self) -> BrokerTell {
        self.step(Event::Asked(BrokerAsk::Stop { by: Time::NEVER }));
        self.told()
    }
}

fn stopped(clean: bool) -> BrokerTell {
    BrokerTell::Stopped(Cause::Asked { clean })
}

/// What a power cut would leave if it took everything it may.
fn durable(media: &Media) -> Disk {
    let media = media.durable_image();
    Disk::over(media)
}

fn cut(media: &Media, subset: u64, rng: &mut Rng) -> Media {
    let mut media = media.clone();
    match subset {
        2 => media.kill(),
        subset => media.power_cut(fates(subset, rng)),
    }
    media
}

fn empty() -> Media {
    Media::new(1 << 30)
}

/// A directory in which a node has lived and stopped cleanly.
fn lived() -> Media {
    // No other life has this seed: a node is known by what it draws.
    let mut world = World::over(empty(), 99).up();
    assert_eq!(world.stop(), stopped(true));
    world.disk.media.kill();
    world.disk.media
}

/// Every file with its bytes.
fn tree(disk: &Disk, dir: &str, into: &mut Vec<(String, Option<Vec<u8>>)>) {
    for name in disk.names(dir) {
        let path = format!("{dir}/{name}");
        let path = path.trim_start_matches('/');
        match disk.media.status(path) {
            Ok(status) if status.is_dir => tree(disk, path, into),
            _ => into.push((
                path.to_owned(),
                disk.bytes(path).map(|bytes| bytes.to_vec()),
            )),
        }
    }
}

fn all(disk: &Disk) -> Vec<(String, Option<Vec<u8>>)> {
    let mut files = Vec::new();
    tree(disk, "", &mut files);
    files
}

#[test]
fn after_a_clean_stop_a_power_cut_takes_nothing() {
    for seed in 0..20 {
        let mut world = World::over(empty(), seed).up();
        assert_eq!(world.stop(), stopped(true), "seed {seed}");
        let left = durable(&world.disk.media);
        assert!(all(&left) == all(&world.disk), "seed {seed}");
        assert!(left.bytes(MARKER).is_some());
    }
}

#[test]
fn the_marker_is_written_last() {
    for seed in 0..10 {
        let mut world = World::over(lived(), seed).up();
        world.moments = Some(Vec::new());
        assert_eq!(world.stop(), stopped(true));
        let mut end = all(&world.disk);
        // Names of old ones may come back; they are never believed before newer ones.
        end.retain(|(path, _)| !path.ends_with(".snapshot"));
        let mut marked = 0;
        for (media, _) in world.moments.into_iter().flatten() {
            let left = durable(&media);
            if left.bytes(MARKER).is_some() {
                let mut left = all(&left);
                left.retain(|(path, _)| !path.ends_with(".snapshot"));
                assert!(left == end, "N2, seed {seed}");
                marked += 1;
            }
        }
        assert!(marked > 0, "seed {seed}");
    }
}

#[test]
fn a_start_cut_short_at_any_moment_is_followed_by_a_start() {
    let mut cuts = 0;
    for first in [true, false] {
        for seed in 0..3 {
            let media = if first { empty() } else { lived() };
            let mut rng = rng(seed);
            let mut world = World::over(media, seed);
            world.moments = Some(Vec::new());
            let mut world = world.up();
            let identity = durable(&world.disk.media).bytes("meta.properties");
            let epoch = |disk: &Disk| {
                let state = QuorumState::parse(&disk.bytes(STATE)?).expect("whole or absent");
                Some(state.epoch)
            };
            for (media, served) in world.moments.take().into_iter().flatten() {
                let subset = rng.below(6);
                let before = durable(&media);
                let next = World::over(cut(&media, subset, &mut rng), seed + 9).up();
                let what = format!("first {first} seed {seed} subset {subset} served {served}");
                if served || before.bytes("meta.properties").is_some() {
                    assert_eq!(next.disk.bytes("meta.properties"), identity, "{what}");
                }
                assert!(epoch(&next.disk) > epoch(&before), "{what}");
                cuts += 1;
            }
        }
    }
    assert!(cuts > 500, "{cuts}");
}

#[test]
fn a_stop_cut_short_at_any_moment_is_followed_by_a_start() {
    for seed in 0..4 {
        let mut rng = rng(seed);
        let mut world = World::over(empty(), seed).up();
        world.moments = Some(Vec::new());
        world.stop();
        for (media, _) in world.moments.into_iter().flatten() {
            let subset = rng.below(6);
            World::over(cut(&media, subset, &mut rng), seed + 9).up();
        }
    }
}

#[test]
fn a_stop_is_possible_at_any_moment_of_a_start() {
    for seed in 0..2 {
        for turns in 0..120 {
            let mut world = World::over(lived(), seed);
            for _ in 0..turns {
                world.turn();
            }
            world.told.retain(|tell| *tell != BrokerTell::Ready);
            let end = world.stop();
            let BrokerTell::Stopped(Cause::Asked { clean }) = end else {
                panic!("{end:?}")
            };
            let left = durable(&world.disk.media);
            let untouched = all(&left) == all(&Disk::over(lived()));
            let marked = left.bytes(MARKER).is_some();
            assert!(untouched || clean == marked, "N2, {turns}");
            World::over(left.media, seed + 9).up();
        }
    }
}

#[test]
fn whatever_fails_the_node_ends_with_a_sentence_and_the_next_start_goes_on() {
    let mut ended = BTreeSet::new();
    for start in [empty(), lived()] {
        for fault in [Fault::Broken, Fault::Full, Fault::Busy] {
            for at in 0..200 {
                let mut world = World::over(start.clone(), at);
                world.disk.fails = Some((at, fault));
                let tell = world.told();
                if world.disk.fails.is_some() {
                    break;
                }
                match tell {
                    BrokerTell::Ready => {}
                    BrokerTell::Stopped(Cause::Refused(why) | Cause::Offline(why)) => {
                        assert!(!why.contains('\n') && !why.ends_with('.'), "{why}");
                        ended.insert(why);
                    }
                    other => panic!("{fault:?} of operation {at}: {other:?}"),
                }
                let media = cut(&world.disk.media, at % 6, &mut rng(at));
                World::over(media, at).up();
            }
        }
    }
    assert!(ended.len() > 10, "{ended:?}");
}

#[test]
fn whatever_fails_while_it_stops_a_marker_is_only_left_with_what_it_says() {
    let mut unclean = 0;
    for fault in [Fault::Broken, Fault::Full, Fault::Busy] {
        for at in 0..200 {
            let mut world = World::over(lived(), at).up();
            world.disk.fails = Some((at, fault));
            let end = world.stop();
            if world.disk.fails.is_some() {
                break;
            }
            let left = durable(&world.disk.media);
            if left.bytes(MARKER).is_some() {
                let mut files = [all(&left), all(&world.disk)];
                for files in &mut files {
                    files.retain(|(path, _)| !path.ends_with(".snapshot"));
                }
                assert!(files[0] == files[1], "N2, {fault:?} of operation {at}");
            } else {
                assert_ne!(end, stopped(true), "{fault:?} of operation {at}");
                unclean += 1;
            }
            World::over(left.media, at + 1).up();
        }
    }
    assert!(unclean > 20, "{unclean}");
}

#[test]
fn another_nodes_directory_and_a_torn_identity_are_refused() {
    World::with(lived(), 1, starting(&[("node.id", "2")], 1)).refused(&[
        "meta.properties",
        "node.id=1",
        "node.id=2",
    ]);
    let mut disk = Disk::over(lived());
    disk.put("", "meta.properties", b"");
    World::over(disk.media, 1).refused(&["meta.properties"]);
    let mut disk = Disk::over(lived());
    disk.put("__cluster_metadata-0", "quorum-state", b"");
    World::over(disk.media, 1).refused(&["quorum-state", "restore"]);
    // Another directory's identity: the voter is another one.
    let mut disk = Disk::over(lived());
    let mut other =
        MetaProperties::parse(&disk.bytes("meta.properties").expect("there")).expect("whole");
    other.directory_id = ottla_protocol::Uuid([9; 16]);
    disk.put("", "meta.properties", &other.print());
    World::over(disk.media, 1).refused(&["__cluster_metadata-0", "meta.properties", "restore"]);
}

#[test]
fn more_than_one_log_directory_is_refused() {
    let start = StartBroker {
        dirs: vec![ROOT, Dir(2)],
        ..starting(&[], 1)
    };
    World::with(empty(), 1, start).refused(&["2 log directories", "log.dirs"]);
}

fn disk_of(files: &Files) -> Disk {
    let mut disk = Disk::over(empty());
    for (path, bytes) in files {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        disk.put(dir, name, bytes);
    }
    disk
}

#[test]
fn kafkas_directories_start_when_their_acls_are_given_up() {
    for which in EXPECTED {
        let disk = disk_of(&recorded(which));
        World::over(disk.media.clone(), 1).refused(&["ACL", "authorizer.class.name"]);
        let mut media = disk.media;
        for life in 0..2 {
            let given_up = [("authorizer.class.name", ""), ("log.retention.ms", "-1")];
            let mut world = World::with(media, life, starting(&given_up, life)).up();
            let broker = world
                .broker
                .image()
                .broker(NodeId(1))
                .expect("it is registered");
            assert!(!broker.fenced, "{which}");
            assert_eq!(world.broker.image().topics().count(), 8, "{which}");
            // After a kill it is clean when every log has been looked at.
            world.rest();
            assert_eq!(world.stop(), stopped(true), "{which} life {life}");
            world.disk.media.kill();
            media = world.disk.media;
        }
    }
}

#[test]
fn a_stop_before_every_log_was_looked_at_leaves_no_marker() {
    let start = |life| {
        starting(
            &[("authorizer.class.name", ""), ("log.retention.ms", "-1")],
            life,
        )
    };
    let crashed = disk_of(&recorded("crashed")).media;
    let mut unclean = 0;
    for life in 0..5 {
        let mut world = World::with(crashed.clone(), life, start(life)).up();
        let end = world.stop();
        let left = durable(&world.disk.media);
        assert_eq!(left.bytes(MARKER).is_some(), end == stopped(true), "N2");
        unclean += usize::from(end == stopped(false));
        World::with(left.media, life + 9, start(life + 9)).up();
    }
    assert!(unclean > 0);
}
