//! Damage from outside is in the cache and on the media alike, durable at once, and nowhere else.

use ottla_media::{Failed, Fate, Media, MediaError, Node, Opening};

const CREATE: Opening = Opening {
    create: true,
    truncate: false,
};

/// A durable file.
fn file(media: &mut Media, path: &str, bytes: &[u8]) -> Node {
    let node = media.open(path, CREATE).unwrap().node;
    media.write(node, 0, bytes).unwrap();
    media.sync(node).unwrap();
    media.sync_dir("").unwrap();
    node
}

fn content(media: &Media, node: Node) -> Vec<u8> {
    media.read(node, 0, 1 << 20).unwrap().to_vec()
}

#[test]
fn rot_flips_the_bits_that_were_asked_for() {
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "a", &[0x55; 2000]);
    // Beyond the end there is nothing to rot.
    let mask = |at: u64| [0, 0x81][usize::from(at.is_multiple_of(100))];
    media.rot(node, 450, 5000, mask).unwrap();
    let expected: Vec<u8> = (0..2000)
        .map(|at| 0x55 ^ if at >= 450 { mask(at) } else { 0 })
        .collect();
    assert_eq!(content(&media, node), expected);
    assert_eq!(media.durable(node, 0, 2000), Ok(true));
    media.power_cut(|what| panic!("{what:?}: rot is durable"));
    assert_eq!(content(&media, node), expected);
    media.check();
    assert_eq!(media.rot(Node(99), 0, 1, |_| 1), Err(MediaError::NotFound));
}

#[test]
fn what_is_written_over_and_what_is_lost_rots_too() {
    let mut media = Media::new(1 << 20);
    let node = file(&mut media, "a", &[1; 1024]);
    media.write(node, 0, &[2; 512]).unwrap();
    media.sync_fails(node, Failed::Keeps).unwrap();
    media.write(node, 512, &[3; 512]).unwrap();
    media.rot(node, 500, 600, |_| 0x10).unwrap();
    let parts = |first: u8, second: u8| {
        let mut bytes = [[first; 512], [second; 512]].concat();
        bytes[500..600].iter_mut().for_each(|byte| *byte ^= 0x10);
        bytes
    };
    assert_eq!(content(&media, node), parts(2, 3));
    for (fate, second) in [(Fate::Old, 1), (Fate::New, 3)] {
        let mut left = media.clone();
        left.power_cut(|_| fate);
        assert_eq!(content(&left, node), parts(1, second));
    }
}

#[test]
fn a_misdirected_write_is_found_elsewhere() {
    let mut media = Media::new(1 << 20);
    let meant = file(&mut media, "meant", &[1; 1000]);
    let other = file(&mut media, "other", &[2; 1000]);
    media
        .misdirect((meant, 900), &[9; 300], (other, 800))
        .unwrap();
    let mut grown = vec![1; 1000];
    grown.resize(1200, 0);
    assert_eq!(content(&media, meant), grown);
    let hit = [[2; 800].as_slice(), &[9; 200]].concat();
    assert_eq!(content(&media, other), hit);
    assert_eq!(media.durable(other, 0, 1000), Ok(true));
    // Whoever meant it syncs it in good faith.
    media.sync(meant).unwrap();
    let image = media.durable_image();
    assert_eq!(content(&image, meant), grown);
    assert_eq!(content(&image, other), hit);
    // Within one file.
    media.misdirect((meant, 0), &[7; 10], (meant, 100)).unwrap();
    grown[100..110].fill(7);
    assert_eq!(content(&media, meant), grown);
    media.check();
}

#[test]
fn a_full_disk_and_an_unknown_file_are_not_misdirected_to() {
    let mut media = Media::new(4096);
    let node = file(&mut media, "a", b"a");
    let beyond = media.misdirect((node, 4096), b"x", (node, 0));
    assert_eq!(beyond, Err(MediaError::NoSpace));
    let nowhere = media.misdirect((node, 0), b"x", (Node(99), 0));
    assert_eq!(nowhere, Err(MediaError::NotFound));
    assert_eq!(content(&media, node), b"a");
}
