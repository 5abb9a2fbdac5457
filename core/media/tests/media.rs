//! The disk against what a disk may do: names, room, and what a power cut leaves.

use ottla_media::{Failed, Fate, Media, MediaError, Node, Opening, SECTOR, Unsynced};

const CREATE: Opening = Opening {
    create: true,
    truncate: false,
};

fn file(media: &mut Media, path: &str, bytes: &[u8]) -> Node {
    let node = media.open(path, CREATE).unwrap().node;
    media.write(node, 0, bytes).unwrap();
    node
}

fn content(media: &Media, path: &str) -> Vec<u8> {
    let status = media.status(path).unwrap();
    media
        .read(status.node, 0, status.len as usize)
        .unwrap()
        .to_vec()
}

#[test]
fn writes_are_read_across_chunks_and_holes_are_zeros() {
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "a", b"start");
    let long: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
    media.write(node, 65_000, &long).unwrap();
    assert_eq!(media.read(node, 65_000, long.len()).unwrap(), long);
    assert_eq!(media.read(node, 5, 10).unwrap().as_ref(), [0; 10]);
    assert_eq!(media.read(node, 264_990, 100).unwrap().len(), 10);
    media.truncate(node, 3).unwrap();
    media.write(node, 6, b"x").unwrap();
    assert_eq!(content(&media, "a"), b"sta\0\0\0x");
    media.check();
}

#[test]
fn names_move_and_open_files_outlive_them() {
    let mut media = Media::new(1 << 20);
    media.make_dir("d").unwrap();
    let node = file(&mut media, "d/a", b"one");
    file(&mut media, "d/b", b"two");
    media.rename("d/a", "d/b").unwrap();
    assert_eq!(content(&media, "d/b"), b"one");
    assert_eq!(media.status("d/a"), Err(MediaError::NotFound));
    media.rename("d", "e").unwrap();
    media.unlink("e/b").unwrap();
    assert_eq!(media.read(node, 0, 3).unwrap().as_ref(), b"one");
    assert_eq!(media.remove_dir("d"), Err(MediaError::NotFound));
    media.remove_dir("e").unwrap();
    assert_eq!(media.list("", None, 9).unwrap(), vec![]);
}

#[test]
fn a_full_disk_refuses_and_heals() {
    let mut media = Media::volatile(8192);
    let node = file(&mut media, "a", &[1; 4096]);
    media.allocate(node, 8192).unwrap();
    assert_eq!(media.space(), (0, 8192));
    let other = media.open("b", CREATE).unwrap().node;
    assert_eq!(media.write(other, 0, b"x"), Err(MediaError::NoSpace));
    media.write(node, 4096, &[2; 4096]).unwrap();
    media.unlink("a").unwrap();
    assert_eq!(media.space().0, 0, "an open file keeps its room");
    media.close(node);
    assert_eq!(media.space().0, 8192);
    media.write(other, 0, b"x").unwrap();
    media.check();
}

#[test]
fn a_power_cut_takes_what_no_sync_covered_in_any_subset() {
    for pattern in 0..16u64 {
        let mut media = Media::new(1 << 20);
        let node = file(&mut media, "a", &[1; 512 * 2]);
        media.sync(node).unwrap();
        media.sync_dir("").unwrap();
        media.write(node, SECTOR, &[2; 512 * 2]).unwrap();
        file(&mut media, "new", b"n");
        let fate = |bit: u64| [Fate::Old, Fate::New][(pattern >> bit & 1) as usize];
        media.power_cut(|what| match what {
            Unsynced::Sector(at, sector) if at == node => fate(sector - 1),
            Unsynced::Length { node: at, .. } if at == node => fate(2),
            Unsynced::Names(_) => fate(3),
            _ => Fate::New,
        });
        let left = content(&media, "a");
        let sector = |kept: bool, old: u8| [if kept { 2 } else { old }; 512];
        assert_eq!(left[..512], [1; 512], "M1");
        assert_eq!(left[512..1024], sector(pattern & 1 == 1, 1));
        match pattern >> 2 & 1 {
            1 => assert_eq!(left[1024..], sector(pattern & 2 == 2, 0)),
            _ => assert_eq!(left.len(), 1024),
        }
        assert_eq!(media.status("new").is_ok(), pattern & 8 == 8);
    }
}

#[test]
fn a_rename_survives_whole_and_only_when_its_directory_was_synced_for_sure() {
    for survives in [false, true] {
        let mut media = Media::new(1 << 20);
        let old = file(&mut media, "state", b"old");
        media.sync(old).unwrap();
        media.sync_dir("").unwrap();
        let new = file(&mut media, "state.tmp", b"new");
        media.sync(new).unwrap();
        media.rename("state.tmp", "state").unwrap();
        media.close(new);
        media.close(old);
        let mut synced = media.clone();
        synced.sync_dir("").unwrap();
        synced.power_cut(|_| Fate::Old);
        assert_eq!(content(&synced, "state"), b"new");
        assert_eq!(synced.status("state.tmp"), Err(MediaError::NotFound));

        // The creation of the temporary name survives in both; the rename as the case says.
        media.power_cut(|what| match what {
            Unsynced::Names(1..) if !survives => Fate::Old,
            _ => Fate::New,
        });
        assert_eq!(
            content(&media, "state"),
            if survives { b"new" } else { b"old" }
        );
        assert_eq!(media.status("state.tmp").is_ok(), !survives);
        media.check();
    }
}

#[test]
fn a_sync_covers_what_was_there_when_it_began() {
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "a", &[1; 1024]);
    media.sync_dir("").unwrap();
    let first = media.sync_begins(node).unwrap();
    media.write(node, 0, &[2; 512]).unwrap();
    media.write(node, 1024, &[3; 512]).unwrap();
    let second = media.sync_begins(node).unwrap();
    media.write(node, 1024, &[4; 512]).unwrap();
    let cut = |media: &Media| content(&media.durable_image(), "a");
    assert_eq!(cut(&media), b"");
    media.sync_ends(node, first).unwrap();
    assert_eq!(cut(&media), [1; 1024]);
    media.sync_ends(node, second).unwrap();
    let covered = [[2; 512], [1; 512], [3; 512]].concat();
    assert_eq!(cut(&media), covered);
    // One that began earlier and ends later takes nothing back.
    media.sync_ends(node, first).unwrap();
    assert_eq!(cut(&media), covered);
    media.sync(node).unwrap();
    assert_eq!(cut(&media)[1024..], [4; 512]);
}

#[test]
fn a_sync_of_names_covers_those_changed_before_it_began() {
    let mut media = Media::new(1 << 20);
    file(&mut media, "a", b"a");
    let began = media.dir_sync_begins();
    file(&mut media, "b", b"b");
    media.dir_sync_ends("", began).unwrap();
    media.power_cut(|_| Fate::Old);
    assert!(media.status("a").is_ok());
    assert_eq!(media.status("b"), Err(MediaError::NotFound));
}

#[test]
fn what_a_failed_sync_left_is_gone_when_the_power_goes_though_later_syncs_succeed() {
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "a", &[1; 1024]);
    media.sync(node).unwrap();
    media.sync_dir("").unwrap();
    media.write(node, 0, &[2; 1024]).unwrap();
    media.sync_fails(node, Failed::Keeps).unwrap();
    assert_eq!(content(&media, "a"), [2; 1024]);
    media.sync(node).unwrap();
    media.write(node, 512, &[3; 512]).unwrap();
    media.sync(node).unwrap();
    media.power_cut(|_| Fate::New);
    assert_eq!(content(&media, "a"), [[1; 512], [3; 512]].concat());
}

#[test]
fn a_failed_sync_may_leave_the_cache_as_the_media_has_it() {
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "a", &[1; 1000]);
    media.sync(node).unwrap();
    media.sync_dir("").unwrap();
    media.write(node, 500, &[2; 9000]).unwrap();
    let under_way = media.sync_begins(node).unwrap();
    media.sync_fails(node, Failed::Reverts).unwrap();
    assert_eq!(content(&media, "a"), [1; 1000]);
    media.sync_ends(node, under_way).unwrap();
    media.check();
    media.power_cut(|what| panic!("{what:?} is durable"));
    assert_eq!(content(&media, "a"), [1; 1000]);
}

#[test]
fn what_was_written_over_before_any_sync_may_be_what_is_left() {
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "a", &[1; 1024]);
    media.sync(node).unwrap();
    media.sync_dir("").unwrap();
    for byte in 2..5 {
        media.write(node, 512, &[byte; 512]).unwrap();
    }
    for (nth, byte) in [(0, 1), (1, 2), (2, 3), (3, 1)] {
        let mut left = media.clone();
        left.power_cut(|_| Fate::Earlier(nth));
        assert_eq!(content(&left, "a"), [[1; 512], [byte; 512]].concat());
    }
    // So may what was cut away, and the length with it.
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "b", &[]);
    media.sync_dir("").unwrap();
    media.write(node, 0, &[7; 700]).unwrap();
    media.truncate(node, 0).unwrap();
    media.write(node, 0, &[8; 100]).unwrap();
    media.power_cut(|what| match what {
        Unsynced::Length { least, most, .. } => {
            assert_eq!((least, most), (0, 700));
            Fate::Length(600)
        }
        _ => Fate::Earlier(0),
    });
    assert_eq!(content(&media, "b"), [7; 600]);
}

#[test]
fn zeros_and_stale_bytes_stand_only_where_the_length_may_have_come_before_the_data() {
    let fates = [Fate::Zero, Fate::Garbage(1), Fate::Garbage(2)];
    let lefts = fates.map(|fate| {
        let mut media = Media::new(1 << 20);
        let node = file(&mut media, "a", &[1; 600]);
        media.sync(node).unwrap();
        media.sync_dir("").unwrap();
        media.write(node, 100, &[2; 1400]).unwrap();
        media.power_cut(|what| match what {
            Unsynced::Sector(..) => fate,
            _ => Fate::New,
        });
        content(&media, "a")
    });
    for left in &lefts {
        assert_eq!(left.len(), 1500);
        assert_eq!(left[..600], [1; 600]);
    }
    assert_eq!(lefts[0][600..], [0; 900]);
    assert_ne!(lefts[1], lefts[2]);
    assert!(lefts[1][600..].chunks(100).all(|stale| stale != [0; 100]));
}

#[test]
fn a_write_that_is_cut_short_leaves_any_of_its_sectors() {
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "a", &[1; 700]);
    let mut asked = Vec::new();
    let fates = [Fate::TornFrom(300), Fate::Old, Fate::Torn(100), Fate::Zero];
    let choose = |sector| {
        asked.push(sector);
        fates[sector as usize]
    };
    media.write_some(node, 200, &[2; 1500], choose).unwrap();
    let mut expected = vec![1; 300];
    expected.extend([2; 212]);
    expected.extend([1; 188]);
    expected.extend([0; 324]);
    expected.extend([2; 100]);
    assert_eq!(content(&media, "a"), expected);
    assert_eq!(asked, [0, 1, 2, 3]);
    assert_eq!(media.space().0, (1 << 20) - 4096);
    media
        .write_some(node, 1 << 30, b"x", |_| Fate::Old)
        .unwrap_err();
    media.check();
}

#[test]
fn a_power_cut_after_a_kill_takes_no_less() {
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "a", b"never synced");
    media.kill();
    assert_eq!(media.durable(node, 0, 12), Ok(false));
    assert!(media.durable_image().paths().is_empty());
    assert_eq!(media.paths().len(), 1);
}

#[test]
fn a_killed_process_loses_nothing_but_what_only_it_held() {
    let mut media = Media::new(8192);
    let node = file(&mut media, "a", b"never synced");
    let gone = file(&mut media, "b", b"unlinked");
    media.unlink("b").unwrap();
    assert_eq!(media.read(gone, 0, 8).unwrap().as_ref(), b"unlinked");
    media.kill();
    assert_eq!(content(&media, "a"), b"never synced");
    assert_eq!(media.open("a", CREATE).unwrap().node, node);
    media.check();
}
