//! Torn, flipped and invented bytes: an answer every time, and never one that is larger than allowed.

use ottla_record::{Batch, Batches, Compression, HEADER_LEN, Header, Malformed, pack, unpack};

use crate::samples::{Dice, batch, runs};

const LIMIT: usize = 1 << 16;

/// Asks everything there is to ask. What can be answered must agree with itself.
fn question(bytes: &[u8]) {
    let Ok(batch) = Batch::parse(bytes) else {
        return;
    };
    assert_eq!(batch.bytes().len(), batch.header().size());
    let header = batch.header();
    let _ = (
        header.last_offset(),
        header.next_offset(),
        header.last_sequence(),
        batch.crc_is_right(),
    );
    let shallow = batch.check_shallow();
    let survey = batch.survey(LIMIT);
    if let Ok(survey) = survey {
        assert_eq!(shallow, Ok(()));
        assert!(survey.unpacked <= LIMIT.max(batch.packed().len()));
    }
    if header.compression() == Ok(Compression::None) {
        assert_eq!(shallow, survey.map(drop));
    }
    let Ok(records) = batch.records(LIMIT) else {
        return;
    };
    let mut walked = 0;
    for record in &records {
        let Ok(record) = record else { break };
        assert_eq!(record.headers().count(), record.headers().len());
        let _ = (header.offset_of(&record), header.timestamp_of(&record));
        walked += 1;
    }
    assert!(walked <= records.count());
}

/// The bytes with a length that fits them, so that what lies behind the length is reached.
fn fitted(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    if out.len() >= HEADER_LEN {
        let length = (out.len() - 12) as i32;
        out[8..12].copy_from_slice(&length.to_be_bytes());
        out[16] = 2;
    }
    out
}

#[test]
fn torn_at_every_byte() {
    for codec in Compression::ALL {
        let whole = batch(codec);
        question(&whole);
        for len in 0..whole.len() {
            let torn = &whole[..len];
            assert_eq!(
                Batch::parse(torn).map(drop),
                Err(Malformed::Short),
                "{} at {len}",
                codec.name()
            );
            let fitted = fitted(torn);
            question(&fitted);
            if let Ok(batch) = Batch::parse(&fitted) {
                assert!(!batch.crc_is_right(), "{} at {len}", codec.name());
                assert!(batch.survey(LIMIT).is_err(), "{} at {len}", codec.name());
            }
        }
    }
}

#[test]
fn packed_runs_torn() {
    for codec in Compression::ALL
        .into_iter()
        .filter(|codec| *codec != Compression::None)
    {
        for run in runs()
            .iter()
            .filter(|run| (1..=40_000).contains(&run.len()))
        {
            let packed = pack(codec, None, run);
            let step = (packed.len() / 500).max(1);
            for len in (0..packed.len()).step_by(step) {
                match unpack(codec, &packed[..len], run.len()) {
                    Ok(part) => assert!(
                        part.len() < run.len() && run.starts_with(&part),
                        "{} at {len}",
                        codec.name()
                    ),
                    Err(error) => assert_eq!(error, Malformed::Packed, "{} at {len}", codec.name()),
                }
            }
        }
    }
}

#[test]
fn every_bit_flipped() {
    for codec in Compression::ALL {
        let whole = batch(codec);
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            question(&flipped);
            question(&fitted(&flipped));
            // From the checksum on, a flip is seen.
            if bit / 8 >= 17 {
                let batch = Batch::parse(&flipped).expect("the length is whole");
                assert!(!batch.crc_is_right(), "{} bit {bit}", codec.name());
            }
        }
    }
}

#[test]
fn several_bytes_changed() {
    let mut dice = Dice::new(11);
    for codec in Compression::ALL {
        let whole = batch(codec);
        for _ in 0..3000 {
            let mut changed = whole.to_vec();
            for _ in 0..=dice.below(4) {
                let at = 21 + dice.below(changed.len() - 21);
                changed[at] = dice.next() as u8;
            }
            question(&changed);
        }
    }
}

#[test]
fn invented_bytes() {
    let mut dice = Dice::new(13);
    for _ in 0..5000 {
        let len = dice.below(400);
        let noise = dice.bytes(len);
        question(&noise);
        question(&fitted(&noise));
        for codec in Compression::ALL {
            if let Ok(out) = unpack(codec, &noise, LIMIT) {
                assert!(out.len() <= LIMIT);
            }
        }
        let mut batches = Batches::new(&noise);
        let errors = batches.by_ref().filter(Result::is_err).count();
        assert!(errors <= 1 && (errors == 1) == (batches.position() < noise.len()));
    }
}

#[test]
fn packed_runs_changed() {
    let mut dice = Dice::new(17);
    for codec in Compression::ALL {
        for run in runs().iter().filter(|run| !run.is_empty()) {
            let packed = pack(codec, None, run);
            for _ in 0..40 {
                let mut changed = packed.clone();
                let at = dice.below(changed.len().min(64));
                changed[at] = dice.next() as u8;
                let at = dice.below(changed.len());
                changed[at] = dice.next() as u8;
                match unpack(codec, &changed, LIMIT) {
                    Ok(out) => assert!(out.len() <= LIMIT),
                    Err(error) => assert!(
                        matches!(error, Malformed::Packed | Malformed::TooLarge),
                        "{error}"
                    ),
                }
            }
        }
    }
}

#[test]
fn counts_and_deltas_that_lie() {
    let whole = batch(Compression::None);
    let header = *Batch::parse(&whole).expect("a batch").header();
    let with = |change: &dyn Fn(&mut Header)| {
        let mut header = header;
        change(&mut header);
        let mut bytes = whole.to_vec();
        bytes[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        let batch = Batch::parse(&bytes).expect("the length is right");
        (
            batch.check_shallow(),
            batch
                .records(LIMIT)
                .map(|records| records.iter().filter(Result::is_err).count()),
        )
    };
    assert_eq!(with(&|_| ()), (Ok(()), Ok(0)));
    assert_eq!(
        with(&|header| header.last_offset_delta += 1),
        (Err(Malformed::Count), Ok(0))
    );
    for count in [i32::MIN, -1] {
        assert_eq!(
            with(&|header| header.records_count = count),
            (Err(Malformed::Count), Err(Malformed::Count))
        );
    }
    for count in [0, 3, 5, i32::MAX] {
        let lied = with(&|header| {
            header.records_count = count;
            header.last_offset_delta = count - 1;
        });
        assert_eq!(lied, (Err(Malformed::Count), Ok(1)), "{count}");
    }
    // No overflow where the fields are as large as they get.
    assert_eq!(
        Header {
            base_offset: i64::MAX,
            ..header
        }
        .next_offset(),
        i64::MAX
    );
    assert_eq!(
        Header {
            base_offset: i64::MIN,
            last_offset_delta: i32::MIN,
            ..header
        }
        .last_offset(),
        i64::MIN
    );
}

#[test]
fn offset_deltas_out_of_order() {
    let whole = batch(Compression::None);
    let first_len = whole[HEADER_LEN] as usize / 2 + 1; // a short zigzag length, and itself
    let second = HEADER_LEN + first_len;
    let mut bytes = whole.to_vec();
    let delta_at = second + 3; // after length, attributes and a short timestamp delta
    assert_eq!(bytes[delta_at], 2, "the second record's delta is 1");
    bytes[delta_at] = 4;
    assert_eq!(
        Batch::parse(&bytes).expect("a batch").check_shallow(),
        Err(Malformed::Offsets)
    );
}

#[test]
fn old_messages_are_named() {
    for magic in [0u8, 1] {
        let mut message = vec![0; 34];
        message[11] = 22;
        message[16] = magic;
        assert_eq!(
            Batch::parse(&message).map(drop),
            Err(Malformed::OldMagic(magic as i8))
        );
    }
}
