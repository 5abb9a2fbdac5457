//! What a batch costs that unpacks to far more than it is, or to just as much as is allowed: less than 64 MiB for a batch of 1 MiB, whoever
//! of a log unpacks it. In: this program's own peak, as the system saw it (zstd's memory is C's and passes no allocator of ours). One
//! process for each measurement: a peak is never forgotten.

use std::env;
use std::fs::read_to_string;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use ottla_log::{LogConfig, LogJob, LogProduct, Origin, RefusalKind};
use ottla_machine::{Job, WallMs};
use ottla_record::{Batch, Compression, HEADER_LEN, Header, Malformed, crc32c, pack, unpack};

/// What a batch of so many bytes may cost.
const PACKED: usize = 1 << 20;
const COST: usize = 64 << 20;

/// What goes off, and what is just allowed.
const BOMB: usize = 10 << 30;
const ALLOWED: usize = 39 << 20;
/// Snappy makes no bomb: 1 MiB of it is never more than 22.
const SNAPPY: usize = 20 << 20;

static ZEROS: [u8; BLOCK] = [0; BLOCK];
const BLOCK: usize = 64 << 10;

/// Everything that unpacks.
const WAYS: [&str; 5] = ["unpack", "read", "strict", "plain", "packed"];

/// A batch of about `unpacked` bytes as one record (or the front of one), packed as densely as the codec can, but at most 1 MiB of it.
fn batch(codec: Compression, unpacked: usize) -> Bytes {
    let blocks = unpacked / BLOCK;
    let front = front((blocks * BLOCK).min(i32::MAX as usize - 64));
    let packed = match codec {
        Compression::None => panic!("nothing to unpack"),
        // Members behind each other.
        Compression::Gzip => repeated(&pack(codec, None, &front), &member(), blocks / 16, b""),
        Compression::Zstd => zstd(&front, blocks),
        // A front whose last block is stored, blocks, an end.
        Compression::Lz4 | Compression::Snappy => {
            let end = if codec == Compression::Lz4 { 4 } else { 0 };
            let fronts = pack(codec, None, &front);
            let nothing = pack(codec, None, b"").len() - end;
            let zeros = pack(codec, None, &ZEROS);
            let (head, tail) = fronts.split_at(fronts.len() - end);
            repeated(head, &zeros[nothing..zeros.len() - end], blocks, tail)
        }
    };
    assert!(packed.len() <= PACKED - HEADER_LEN, "{}", packed.len());
    let header = Header {
        base_offset: 0,
        batch_length: (packed.len() + HEADER_LEN - 12) as i32,
        partition_leader_epoch: 0,
        magic: 2,
        crc: 0,
        attributes: codec.bits(),
        last_offset_delta: 0,
        base_timestamp: 0,
        max_timestamp: 0,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        records_count: 1,
    };
    let mut batch = [&header.to_bytes()[..], &packed].concat();
    let crc = crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
    batch.into()
}

/// The front of a record that ends with so many zeros: its value, and that it has no headers.
fn front(zeros: usize) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 1];
    varint(&mut body, zeros - 1);
    let mut front = Vec::new();
    varint(&mut front, body.len() + zeros);
    front.extend(body);
    front
}

fn varint(out: &mut Vec<u8>, value: usize) {
    let mut left = value << 1;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

/// As many pieces between `head` and `tail` as there is room for.
fn repeated(head: &[u8], piece: &[u8], times: usize, tail: &[u8]) -> Vec<u8> {
    let room = (PACKED - HEADER_LEN - head.len() - tail.len()) / piece.len();
    let mut out = head.to_vec();
    for _ in 0..times.min(room) {
        out.extend_from_slice(piece);
    }
    out.extend_from_slice(tail);
    out
}

/// A member of gzip: 1 MiB of zeros.
fn member() -> Vec<u8> {
    pack(Compression::Gzip, Some(9), &vec![0; 16 * BLOCK])
}

/// A frame that asks for the largest window there is, of blocks that repeat one byte; then a frame that is skipped, up to 1 MiB.
fn zstd(front: &[u8], blocks: usize) -> Vec<u8> {
    let header = |kind: u32, len: usize, last: bool| {
        let word = (len as u32) << 3 | kind << 1 | u32::from(last);
        word.to_le_bytes()[..3].to_vec()
    };
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x88];
    out.extend(header(0, front.len(), false));
    out.extend(front);
    for at in 0..blocks {
        out.extend(header(1, BLOCK, at + 1 == blocks));
        out.push(0);
    }
    let skipped = PACKED - HEADER_LEN - out.len() - 8;
    out.extend(0x184d_2a50u32.to_le_bytes());
    out.extend((skipped as u32).to_le_bytes());
    out.resize(out.len() + skipped, 0);
    out
}

/// What the system saw this process hold at most.
fn peak() -> usize {
    let status = read_to_string("/proc/self/status").expect("a process has a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<usize>().ok()).expect("KiB") << 10
}

fn judged(batch: Bytes, config: LogConfig) -> Result<(), RefusalKind> {
    let job = LogJob::Judge {
        config: Arc::new(config),
        now: WallMs(0),
        pins: batch.len(),
        records: batch,
        origin: Origin::Client {
            transactional: false,
        },
    };
    match job.run() {
        LogProduct::Judged(judged) => judged.map(drop).map_err(|refusal| refusal.kind),
        other => panic!("it was to be judged: {other:?}"),
    }
}

/// One way to unpack one batch; whether that was allowed.
fn measured(way: &str, batch: Bytes) -> bool {
    let wanted = |codec| LogConfig {
        compression: Some((codec, None)),
        ..LogConfig::default()
    };
    let unpacked = match way {
        "unpack" => {
            let batch = Batch::parse(&batch).expect("a batch");
            let codec = batch.header().compression().expect("a codec");
            unpack(codec, batch.packed(), ALLOWED + BLOCK).map(drop)
        }
        "read" => match LogJob::unpack(batch).run() {
            LogProduct::Unpacked(unpacked) => unpacked.map(drop),
            other => panic!("it was to be unpacked: {other:?}"),
        },
        judge => {
            let codec = Header::parse(&batch).and_then(|header| header.compression());
            let is_zstd = codec == Ok(Compression::Zstd);
            let config = match judge {
                "strict" => LogConfig {
                    strict_validation: true,
                    ..LogConfig::default()
                },
                "plain" => wanted(Compression::None),
                _ if is_zstd => wanted(Compression::Gzip),
                _ => wanted(Compression::Zstd),
            };
            judged(batch, config).map_err(|kind| {
                assert_eq!(kind, RefusalKind::TooLarge);
                Malformed::TooLarge
            })
        }
    };
    if let Err(why) = unpacked {
        assert_eq!(why, Malformed::TooLarge, "{way}");
    }
    unpacked.is_ok()
}

/// In a process of its own.
fn child(what: &str) {
    let [codec, size, way] = what.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{what}");
    };
    let codec = Compression::ALL[codec.parse::<usize>().expect("a codec")];
    let unpacked = size.parse().expect("a size");
    let batch = batch(codec, unpacked);
    let before = peak();
    let allowed = measured(way, batch);
    let fits = unpacked != BOMB && way != "plain";
    assert_eq!(allowed, fits, "{what}");
    println!(
        "{} {size} {way}: {} KiB",
        codec.name(),
        (peak() - before) >> 10
    );
    assert!(peak() < COST, "{} of {COST} bytes", peak());
}

#[test]
fn a_batch_of_a_mebibyte_costs_less_than_64_whatever_it_unpacks_to() {
    if let Ok(what) = env::var("OTTLA_BOMB") {
        return child(&what);
    }
    for codec in &Compression::ALL[1..] {
        let sizes: &[usize] = match codec {
            Compression::Snappy => &[SNAPPY],
            _ => &[BOMB, ALLOWED],
        };
        for size in sizes {
            for way in WAYS {
                run(&format!("{} {size} {way}", codec.bits()), true);
            }
        }
    }
}

/// The measure sees C's memory and ours: who unpacks 10 GiB without a limit worth the name is seen.
#[test]
fn a_peak_is_seen() {
    if env::var("OTTLA_BOMB").is_ok() {
        let batch = batch(Compression::Zstd, 80 << 20);
        let batch = Batch::parse(&batch).expect("a batch");
        unpack(Compression::Zstd, batch.packed(), 96 << 20).expect("it unpacks");
        assert!(peak() < COST);
        return;
    }
    run("any", false);
}

/// This test once more, in a process of its own.
fn run(what: &str, passes: bool) {
    let thread = std::thread::current();
    let test = thread.name().expect("tests have names");
    let ended = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env("OTTLA_BOMB", what)
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&ended.stdout);
    print!(
        "{}",
        text.lines()
            .filter(|line| line.ends_with("KiB"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    );
    let more = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.success(), passes, "{what}: {text}{more}");
}
