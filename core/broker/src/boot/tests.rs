//! Booting over a disk that uses every freedom the contract leaves: the power goes after every operation, operations fail, files are not
//! what they should be.

use ottla_machine::{DiskOp, Emit, Level, Now, Op, Spend, Time, WallMs};
use ottla_media::Media;
use ottla_quorum::Snapshot;
use ottla_testdisk::{Disk, EXPECTED, Files, ROOT, Underway, fates, recorded};

use super::*;

const ZERO: &str = "__cluster_metadata-0/00000000000000000000-0000000000.checkpoint";
const NOW: Now = Now {
    mono: Time(1_000_000_000),
    wall: WallMs(1_700_000_000_000),
};

#[derive(Default)]
struct Out(Vec<(Op, DiskOp)>);

impl Emit for Out {
    fn disk(&mut self, op: Op, what: DiskOp) {
        self.0.push((op, what));
    }

    fn note(&mut self, _: Level, _: String) {}

    fn spend(&mut self, _: Spend, _: usize) {}
}

fn rng(seed: u64) -> Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Rng::new(bytes)
}

fn settings() -> BootSettings {
    BootSettings {
        node: NodeId(1),
        cluster_id: None,
        endpoint: VoterEndpoint {
            name: "CONTROLLER".to_owned(),
            host: "localhost".to_owned(),
            port: 9093,
        },
        features: ottla_controller::feature_values(ottla_controller::FRESH_FEATURES),
    }
}

/// Boots; every state of the disk on the way is shown.
fn boot(
    disk: &mut Disk,
    settings: BootSettings,
    seed: u64,
    mut show: impl FnMut(&Disk),
) -> Booting {
    let (mut fx, mut underway, mut rng) = (Out::default(), Underway::default(), rng(seed));
    let mut boot = Boot::begin(settings, ROOT, rng.child(1), &mut fx);
    for _ in 0..1_000 {
        for (op, what) in fx.0.drain(..) {
            underway.issue(op, what);
        }
        let ended = underway.happen(disk, Some(&mut rng));
        show(disk);
        if let Some((op, result)) = ended {
            match boot.on_done(NOW, op.seq, result, &mut fx) {
                Booting::Going => {}
                end => return end,
            }
        }
    }
    panic!("booting never ends");
}

fn ready(end: Booting) -> Booted {
    match end {
        Booting::Ready(booted) => booted,
        other => panic!("{other:?}"),
    }
}

fn refusal(end: Booting, words: &[&str]) {
    let Booting::Refused(why) = end else {
        panic!("{words:?}: {end:?}")
    };
    assert!(!why.contains('\n') && !why.ends_with('.'), "{why}");
    for word in words {
        assert!(why.contains(word), "{word}: {why}");
    }
}

fn empty() -> Disk {
    Disk::over(Media::new(1 << 30))
}

fn formatted() -> (Disk, Booted) {
    let mut disk = empty();
    let booted = ready(boot(&mut disk, settings(), 1, |_| {}));
    (again(&disk), booted)
}

/// Another process over the same disk.
fn again(disk: &Disk) -> Disk {
    let mut media = disk.media.clone();
    media.kill();
    Disk::over(media)
}

fn cut(media: &Media, subset: u64, rng: &mut Rng) -> Disk {
    let mut media = media.clone();
    media.power_cut(fates(subset, rng));
    Disk::over(media)
}

/// B1: a directory with an identity has everything that belongs to it.
fn judge(disk: &Disk) -> Option<MetaProperties> {
    let meta = MetaProperties::parse(&disk.bytes(META)?).expect("B1: whole");
    let snapshot =
        |path| Snapshot::parse(&disk.bytes(path).expect("B1: before")).expect("B1: whole");
    let zero = snapshot(ZERO);
    assert_eq!(zero.voters.voters[0].directory_id, meta.directory_id);
    assert_eq!(zero.voters.voters[0].id, meta.node_id);
    assert_eq!(snapshot("bootstrap.checkpoint").values, settings().features);
    Some(meta)
}

#[test]
fn formatting_cut_short_at_any_operation_is_done_again_or_was_complete() {
    let (mut complete, mut cuts) = (0, 0);
    for seed in 0..10 {
        let mut rng = rng(seed);
        let mut moments = Vec::new();
        let mut disk = empty();
        boot(&mut disk, settings(), seed, |disk| {
            moments.push(disk.media.clone())
        });
        for media in moments {
            for subset in 0..6 {
                let mut disk = cut(&media, subset, &mut rng);
                let before = judge(&disk);
                // Cut short once more while it is done again.
                let mut second = Vec::new();
                let booted = ready(boot(&mut disk, settings(), seed + 50, |disk| {
                    second.push(disk.media.clone());
                }));
                assert_eq!(judge(&disk).as_ref(), Some(&booted.meta));
                assert!(before.as_ref().is_none_or(|meta| *meta == booted.meta));
                assert_eq!(
                    booted.clean,
                    before.is_none(),
                    "an identity without a marker: not clean"
                );
                complete += usize::from(before.is_some());
                cuts += 1;
                let at = rng.below(second.len() as u64) as usize;
                let mut disk = cut(&second[at], subset, &mut rng);
                let before = judge(&disk);
                let booted = ready(boot(&mut disk, settings(), seed + 90, |_| {}));
                assert!(before.is_none_or(|meta| meta == booted.meta));
                assert_eq!(judge(&disk), Some(booted.meta));
            }
        }
    }
    assert!(
        complete > 50 && cuts - complete > 500,
        "{complete} of {cuts} were complete"
    );
}

#[test]
fn what_a_ready_directory_needs_is_durable() {
    for seed in 0..20 {
        let mut disk = empty();
        let booted = ready(boot(&mut disk, settings(), seed, |_| {}));
        assert_eq!((booted.clean, booted.stopped_epoch), (true, None));
        let mut left = cut(&disk.media, 0, &mut rng(seed));
        assert_eq!(judge(&left).as_ref(), Some(&booted.meta));
        let next = ready(boot(&mut left, settings(), seed + 1, |_| {}));
        assert_eq!((next.meta, next.clean), (booted.meta, false));
    }
}

#[test]
fn the_marker_is_gone_for_good_before_anybody_hears_of_it() {
    let (mut disk, _) = formatted();
    disk.put("", clean_shutdown::FILE, &clean_shutdown::print(77));
    for seed in 0..20 {
        let mut disk = disk.clone();
        let mut moments = Vec::new();
        let booted = ready(boot(&mut disk, settings(), seed, |disk| {
            moments.push(disk.media.clone())
        }));
        assert_eq!((booted.clean, booted.stopped_epoch), (true, Some(77)));
        let mut after = cut(&disk.media, 0, &mut rng(seed));
        assert!(after.bytes(clean_shutdown::FILE).is_none(), "B2");
        assert!(
            !ready(boot(&mut after, settings(), seed, |_| {})).clean,
            "B2"
        );
        for media in moments {
            // Killed between the removal and its sync: what the next life does not see is not gone yet.
            let mut killed = Disk::over(media.clone());
            killed.media.kill();
            ready(boot(&mut killed, settings(), seed, |_| {}));
            let durable = killed.media.durable_image();
            assert!(durable.status(clean_shutdown::FILE).is_err(), "B2");
            let mut left = cut(&media, seed % 3, &mut rng(seed));
            let there = left.bytes(clean_shutdown::FILE).is_some();
            assert_eq!(
                ready(boot(&mut left, settings(), seed, |_| {})).clean,
                there
            );
        }
    }
}

#[test]
fn a_marker_that_says_nothing_is_still_a_clean_stop() {
    let (mut disk, _) = formatted();
    disk.put("", clean_shutdown::FILE, b"");
    let booted = ready(boot(&mut disk, settings(), 1, |_| {}));
    assert_eq!((booted.clean, booted.stopped_epoch), (true, None));
}

/// Whatever is refused is left as it was.
fn untouched(mut disk: Disk, settings: BootSettings, words: &[&str]) {
    let before = disk.clone();
    refusal(boot(&mut disk, settings, 1, |_| {}), words);
    assert_eq!(disk.names(""), before.names(""), "B3");
    for name in disk.names("") {
        assert_eq!(disk.bytes(&name), before.bytes(&name), "B3: {name}");
    }
}

#[test]
fn a_directory_of_something_else_is_never_formatted() {
    for name in [
        "thesis.txt",
        "t-0",
        ".kafka_cleanshutdown",
        "recovery-point-offset-checkpoint",
    ] {
        let mut disk = empty();
        disk.put("", name, b"words");
        untouched(disk.clone(), settings(), &[META, name, "empty one"]);
        // Nor behind what a half-made format looks like, nor behind many others.
        disk.put("", "bootstrap.checkpoint", b"");
        disk.put(
            "__cluster_metadata-0",
            "00000000000000000000-0000000000.checkpoint.tmp",
            b"",
        );
        (0..100).for_each(|n| disk.put("", &format!("z{n}"), b""));
        untouched(disk, settings(), &[META, "empty one"]);
    }
    for name in [
        "00000000000000000000.log",
        "quorum-state",
        "00000000000000000100-0000000001.checkpoint",
    ] {
        let mut disk = empty();
        disk.put("__cluster_metadata-0", name, b"");
        untouched(disk, settings(), &[META, METADATA_DIR, name, "backup"]);
    }
    // The identity was lost after a life.
    for which in EXPECTED {
        let mut disk = disk_of(&recorded(which));
        disk.media.unlink(META).expect("a file");
        untouched(disk, settings(), &[META, "restore"]);
    }
}

#[test]
fn another_nodes_directory_is_refused() {
    let (disk, _) = formatted();
    let other = BootSettings {
        node: NodeId(2),
        ..settings()
    };
    untouched(disk, other, &[META, "node.id=1", "node.id=2", "use that"]);
}

#[test]
fn an_identity_that_cannot_be_read_is_refused() {
    let (disk, booted) = formatted();
    let text = String::from_utf8(booted.meta.print()).expect("text");
    for (bytes, word) in [
        (String::new(), "version"),
        (text.replace("version=1", "version=7"), "version 7"),
        (text.replace("node.id=1", "node.id=one"), "node.id"),
        (text.replace("node.id=1\n", ""), "node.id"),
        (text.replace("cluster.id", "cluster.name"), "cluster.id"),
        (
            text.replace("directory.id=", "directory.id=!"),
            "directory.id",
        ),
        ("x".repeat(70_000), META),
    ] {
        let mut disk = disk.clone();
        disk.put("", META, bytes.as_bytes());
        untouched(disk, settings(), &[META, word]);
    }
    let mut disk = disk;
    disk.put("", META, &[0xff; 10]);
    untouched(disk, settings(), &[META, "not text"]);
}

#[test]
fn whatever_fails_is_said_in_a_sentence_and_the_next_start_goes_on() {
    let (mut marked, _) = formatted();
    marked.put("", clean_shutdown::FILE, b"");
    for start in [empty(), marked] {
        let mut refused = 0;
        for fault in [Fault::Broken, Fault::Full, Fault::Busy] {
            for at in 0.. {
                let mut disk = start.clone();
                disk.fails = Some((at, fault));
                let end = boot(&mut disk, settings(), at, |_| {});
                if disk.fails.is_some() {
                    break;
                }
                refusal(end, &[]);
                refused += 1;
                let mut next = cut(&disk.media, at % 4, &mut rng(at));
                ready(boot(&mut next, settings(), at, |_| {}));
            }
        }
        assert!(refused >= 6, "{refused}");
    }
}

fn disk_of(files: &Files) -> Disk {
    let mut disk = empty();
    for (path, bytes) in files {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        disk.put(dir, name, bytes);
    }
    disk
}

#[test]
fn kafkas_directories_boot() {
    for (which, clean, epoch) in [("clean", true, Some(13)), ("crashed", false, None)] {
        let files = recorded(which);
        let mut disk = disk_of(&files);
        let booted = ready(boot(&mut disk, settings(), 1, |_| {}));
        assert_eq!(
            (booted.clean, booted.stopped_epoch),
            (clean, epoch),
            "{which}"
        );
        assert_eq!(Ok(booted.meta), MetaProperties::parse(&files[META]));
        assert_eq!(
            disk.bytes(META).as_deref(),
            Some(&files[META][..]),
            "{which}"
        );
    }
}
