//! Record batches and what is packed in them.

use ottla_record::{
    Batch, Batches, Compression, clear_timestamp_type_bit, recompress, restamp_append_time, stamp,
    unpack,
};

use crate::Chooser;

/// The most that anything here may unpack to.
const LIMIT: usize = 64 << 10;

/// What unpacking and packing so much may take besides: the codec's own state.
pub const MEMORY: u64 = 1 << 20;

/// Batches behind each other: everything that can be asked of them, and that what is changed in place stays whole.
pub fn batch(bytes: &[u8]) {
    let mut batches = Batches::new(bytes);
    while let Some(Ok(batch)) = batches.next() {
        question(&batch);
    }
    assert!(batches.position() <= bytes.len());
}

fn question(batch: &Batch<'_>) {
    let header = batch.header();
    assert_eq!(
        header.to_bytes()[..],
        batch.bytes()[..header.to_bytes().len()]
    );
    let _ = (
        header.last_offset(),
        header.next_offset(),
        header.last_sequence(),
    );
    let survey = batch.survey(LIMIT);
    if survey.is_ok() {
        assert_eq!(batch.check_shallow(), Ok(()));
    }
    if let Ok(records) = batch.records(LIMIT) {
        let walked = records.iter().take_while(Result::is_ok).flatten();
        let walked = walked.map(|record| {
            assert_eq!(record.headers().count(), record.headers().len());
            let _ = (header.offset_of(&record), header.timestamp_of(&record));
        });
        assert!(walked.count() <= records.count().max(0) as usize);
    }
    if !batch.crc_is_right() || survey.is_err() {
        return;
    }
    let stamped = stamp(&batch.bytes()[..16], 77, 5);
    let moved = [&stamped[..], &batch.bytes()[16..]].concat();
    for changed in [
        moved,
        restamp_append_time(batch.bytes(), 1_700_000_000_000),
        clear_timestamp_type_bit(batch.bytes()),
    ] {
        let changed = Batch::parse(&changed).expect("T3");
        assert!(changed.crc_is_right(), "T3");
    }
    for codec in Compression::ALL {
        if let Ok(again) = recompress(batch, codec, None, LIMIT, LIMIT) {
            let again = Batch::parse(&again).expect("T3");
            assert!(again.crc_is_right() && again.survey(LIMIT).is_ok(), "T3");
        }
    }
}

/// The first byte chooses a codec; the rest is what it packed.
pub fn unpacked(bytes: &[u8]) {
    let mut chooser = Chooser(bytes);
    let codec = Compression::ALL[usize::from(chooser.byte()) % Compression::ALL.len()];
    if let Ok(plain) = unpack(codec, chooser.rest(), LIMIT) {
        assert!(plain.len() <= LIMIT, "what would be more is refused");
        let packed = ottla_record::pack(codec, None, &plain);
        assert_eq!(unpack(codec, &packed, LIMIT), Ok(plain), "T3");
    }
}
