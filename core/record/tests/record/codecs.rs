//! Every codec there and back, at the limit and over it.

use std::io::Write;

use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use ottla_record::{Batch, Compression, HEADER_LEN, Header, Malformed, pack, unpack};

use crate::samples::{batch, runs};

const BOMB: usize = 8 << 20;

#[test]
fn what_was_packed_comes_back() {
    for codec in Compression::ALL {
        for (i, run) in runs().iter().enumerate() {
            for level in [None, Some(1), Some(9), Some(-1)] {
                let packed = pack(codec, level, run);
                assert_eq!(
                    unpack(codec, &packed, run.len()).as_ref(),
                    Ok(run),
                    "{} run {i} level {level:?}",
                    codec.name()
                );
            }
        }
    }
}

#[test]
fn the_numbers_of_the_codecs_are_kafkas() {
    for (bits, codec) in (0..).zip(Compression::ALL) {
        assert_eq!(codec.bits(), bits);
        assert_eq!(Compression::from_bits(bits), Ok(codec));
    }
    for bits in 5..8 {
        assert_eq!(
            Compression::from_bits(bits),
            Err(Malformed::Codec(bits as u8))
        );
    }
}

#[test]
fn one_byte_over_the_limit_is_too_large() {
    for codec in Compression::ALL {
        for run in runs().iter().filter(|run| !run.is_empty()) {
            let packed = pack(codec, None, run);
            for limit in [0, 1, run.len() / 2, run.len() - 1] {
                assert_eq!(
                    unpack(codec, &packed, limit.min(run.len() - 1)),
                    Err(Malformed::TooLarge),
                    "{}",
                    codec.name()
                );
            }
        }
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; BOMB];
    for codec in Compression::ALL
        .into_iter()
        .filter(|codec| *codec != Compression::None)
    {
        let packed = pack(codec, None, &zeros);
        assert!(
            packed.len() < BOMB / 10,
            "{} is no bomb at {} bytes",
            codec.name(),
            packed.len()
        );
        assert_eq!(
            unpack(codec, &packed, 64 << 10),
            Err(Malformed::TooLarge),
            "{}",
            codec.name()
        );
        assert_eq!(
            unpack(codec, &packed, BOMB).map(|out| out.len()),
            Ok(BOMB),
            "{}",
            codec.name()
        );
    }
}

/// The batch with another header and other packed records.
fn repacked(header: Header, codec: Compression, records: &[u8]) -> Vec<u8> {
    let packed = pack(codec, None, records);
    let header = Header {
        batch_length: (HEADER_LEN + packed.len() - 12) as i32,
        attributes: codec.bits(),
        ..header
    };
    [&header.to_bytes()[..], &packed].concat()
}

#[test]
fn a_survey_of_too_much_tells_what_is_wrong_with_what_it_saw() {
    let plain = batch(Compression::None);
    let plain = Batch::parse(&plain).expect("a batch");
    let (header, records) = (*plain.header(), plain.packed());
    let count = header.records_count;
    let fewer = Header {
        records_count: count - 1,
        last_offset_delta: count - 2,
        ..header
    };
    for codec in &Compression::ALL[1..] {
        let whole = repacked(header, *codec, records);
        let whole = Batch::parse(&whole).expect("a batch");
        let lying = repacked(fewer, *codec, records);
        let lying = Batch::parse(&lying).expect("a batch");
        let mut seen = [0; 2];
        for limit in 0..records.len() {
            assert_eq!(whole.survey(limit), Err(Malformed::TooLarge), "{limit}");
            match lying.survey(limit) {
                Err(Malformed::TooLarge) => seen[0] += 1,
                Err(Malformed::Count) => seen[1] += 1,
                other => panic!("{} at {limit}: {other:?}", codec.name()),
            }
        }
        assert_eq!(whole.survey(records.len()), plain.survey(0));
        assert_eq!(lying.survey(records.len()), Err(Malformed::Count));
        // What gzip unpacks is seen byte by byte, what the others unpack as a whole.
        assert_eq!(seen[1] > 0, *codec == Compression::Gzip, "{seen:?}");
        // Records of nothing are none, however many follow.
        let zeros = repacked(header, *codec, &vec![0; BOMB]);
        let zeros = Batch::parse(&zeros).expect("a batch");
        let why = match codec {
            Compression::Zstd => Malformed::TooLarge, // our frames announce what they hold
            _ => Malformed::Record,
        };
        assert_eq!(zeros.survey(BOMB / 2), Err(why));
    }
}

#[test]
fn an_announced_length_is_not_believed() {
    // Raw snappy that announces 4 GiB, framed and unframed.
    let announced = [0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, b'x'];
    assert_eq!(
        unpack(Compression::Snappy, &announced, usize::MAX),
        Err(Malformed::Packed)
    );
    let mut framed = pack(Compression::Snappy, None, b"");
    framed.extend_from_slice(&7u32.to_be_bytes());
    framed.extend_from_slice(&announced);
    assert_eq!(
        unpack(Compression::Snappy, &framed, usize::MAX),
        Err(Malformed::Packed)
    );
    // A snappy frame whose block would be 4 GiB.
    let mut framed = pack(Compression::Snappy, None, b"");
    framed.extend_from_slice(&[0xff; 8]);
    assert_eq!(
        unpack(Compression::Snappy, &framed, usize::MAX),
        Err(Malformed::Packed)
    );
}

#[test]
fn gzip_and_zstd_may_come_in_pieces() {
    for codec in [Compression::Gzip, Compression::Zstd] {
        let mut packed = pack(codec, None, b"one ");
        packed.extend_from_slice(&pack(codec, None, b"two"));
        assert_eq!(unpack(codec, &packed, 100).as_deref(), Ok(&b"one two"[..]));
    }
}

#[test]
fn snappy_needs_no_frame() {
    for run in runs() {
        let raw = snap::raw::Encoder::new()
            .compress_vec(&run)
            .expect("snappy packs anything");
        assert_eq!(
            unpack(Compression::Snappy, &raw, run.len()).as_ref(),
            Ok(&run)
        );
    }
}

fn lz4_frame(info: FrameInfo, run: &[u8]) -> Vec<u8> {
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(run).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[test]
fn lz4_frames_of_other_writers_are_read() {
    for run in runs() {
        for size in [
            BlockSize::Max64KB,
            BlockSize::Max256KB,
            BlockSize::Max1MB,
            BlockSize::Max4MB,
        ] {
            let plain = FrameInfo::new()
                .block_size(size)
                .block_mode(BlockMode::Independent);
            let sized = plain.clone().content_size(Some(run.len() as u64));
            let checked = plain.clone().block_checksums(true).content_checksum(true);
            for info in [plain, sized, checked] {
                let packed = lz4_frame(info, &run);
                assert_eq!(
                    unpack(Compression::Lz4, &packed, run.len()).as_ref(),
                    Ok(&run)
                );
                assert_eq!(
                    unpack(Compression::Lz4, &packed[..packed.len() - 1], run.len()),
                    Err(Malformed::Packed)
                );
            }
        }
    }
}

#[test]
fn lz4_frames_that_no_consumer_could_read_are_refused() {
    let run = &runs()[4];
    let packed = lz4_frame(FrameInfo::new().block_mode(BlockMode::Linked), run);
    assert_eq!(
        unpack(Compression::Lz4, &packed, run.len()),
        Err(Malformed::Packed)
    );
    let right = pack(Compression::Lz4, None, run);
    let mut wrong = right.clone();
    wrong[6] ^= 1; // the header's checksum
    assert_eq!(
        unpack(Compression::Lz4, &wrong, run.len()),
        Err(Malformed::Packed)
    );
    let mut longer = right.clone();
    longer.push(0);
    assert_eq!(
        unpack(Compression::Lz4, &longer, run.len()),
        Err(Malformed::Packed)
    );
    // Without the four bytes that end it, a frame is torn.
    assert_eq!(
        unpack(Compression::Lz4, &right[..right.len() - 4], run.len()),
        Err(Malformed::Packed)
    );
}
