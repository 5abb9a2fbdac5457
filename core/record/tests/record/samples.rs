//! Bytes to try things on, and a small generator that gives the same ones every time.

use bytes::Bytes;
use ottla_record::{Builder, BuilderSettings, Compression, RecordHeader};

/// xorshift64*: enough to be unpleasant, and the same on every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Less than `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 32) as usize % bound
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.next() >> 56) as u8).collect()
    }
}

/// A batch with everything a record can have.
pub fn batch(codec: Compression) -> Bytes {
    let mut builder = Builder::new(BuilderSettings {
        compression: codec,
        base_offset: 42,
        leader_epoch: 3,
        producer_id: 4000,
        producer_epoch: 5,
        base_sequence: i32::MAX - 1,
        ..BuilderSettings::default()
    });
    let twice = [
        RecordHeader {
            key: b"twice",
            value: Some(b"first"),
        },
        RecordHeader {
            key: b"twice",
            value: None,
        },
        RecordHeader {
            key: b"",
            value: Some(b""),
        },
    ];
    builder.append(1000, Some(b"key"), Some(b"value"), &twice);
    builder.append(999, None, None, &[]);
    builder.append(1001, Some(b""), Some(b""), &[]);
    builder.append(1001, Some(b"long"), Some(&[b'x'; 300]), &twice[..1]);
    builder.finish()
}

/// Runs to pack: none, short, one value, text, noise, and more than any codec's block.
pub fn runs() -> Vec<Vec<u8>> {
    let mut dice = Dice::new(7);
    let text: Vec<u8> = (0..20_000)
        .flat_map(|i| format!("{{\"id\":{i},\"name\":\"ottla\"}},").into_bytes())
        .collect();
    vec![
        Vec::new(),
        vec![7],
        b"abc".to_vec(),
        vec![0; 100_000],
        text,
        dice.bytes(70_000),
        dice.bytes(32 * 1024),
    ]
}
