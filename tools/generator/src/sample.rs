//! Sample bytes of every message, written from the spec alone and not by the generated code, so that the two
//! check each other: what is read from a sample and written again must be the sample.
//!
//! Invariants
//! - G1: a sample is canonical: a tagged field is there exactly when it is not at its default.
//! - G2: the draws do not depend on whether strange tagged fields are asked for, so the sample with them and
//!   the sample without are the same message.

use crate::spec::{Field, Message, Struct, Type};
use std::collections::BTreeSet;

/// What a field was seen as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// Anything but its default.
    NotDefault,
    /// Null.
    Null,
    /// An array without elements.
    Empty,
    /// An array of two or more.
    Many,
    /// A tagged field that is there.
    Present,
    /// A tagged field that is not.
    Absent,
}

/// Which fields were seen as what, over all samples.
#[derive(Debug, Default)]
pub struct Coverage {
    seen: BTreeSet<(String, String, String, Seen)>,
}

impl Coverage {
    /// What was never seen though the specs allow it.
    pub fn missing(&self, messages: &[Message]) -> Vec<String> {
        let mut missing = Vec::new();
        for message in messages {
            let top = Struct {
                name: message.name.clone(),
                fields: message.fields.clone(),
            };
            for structure in message.structs.iter().chain([&top]) {
                let within = if structure.name == message.name {
                    message.coded()
                } else {
                    message.reach(&structure.name)
                };
                for field in structure
                    .fields
                    .iter()
                    .filter(|field| !field.versions.and(within).is_empty())
                {
                    for seen in possible(
                        field,
                        !field.nullable.and(within).and(field.versions).is_empty(),
                    ) {
                        let key = (
                            message.name.clone(),
                            structure.name.clone(),
                            field.name.clone(),
                            seen,
                        );
                        if !self.seen.contains(&key) {
                            missing.push(format!("{}.{}.{} {seen:?}", key.0, key.1, key.2));
                        }
                    }
                }
            }
        }
        missing
    }

    /// How many things were seen.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

/// What a field can be seen as.
fn possible(field: &Field, nullable: bool) -> Vec<Seen> {
    let mut possible = vec![Seen::NotDefault];
    if nullable {
        possible.push(Seen::Null);
    }
    if matches!(field.kind, Type::Array(_)) {
        possible.extend([Seen::Empty, Seen::Many]);
    }
    if field.tag.is_some() {
        possible.extend([Seen::Present, Seen::Absent]);
    }
    possible
}

/// How full a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    /// Nothing at its default, two of everything.
    Full,
    /// Everything null, empty or at its default.
    Least,
    /// Drawn.
    Mixed,
}

/// Makes samples of one message in one version.
pub struct Sampler<'m> {
    message: &'m Message,
    version: i16,
    flexible: bool,
    mood: Mood,
    state: u64,
    strangers: bool,
    coverage: &'m mut Coverage,
}

impl<'m> Sampler<'m> {
    /// A sampler that notes what it makes.
    pub fn new(message: &'m Message, version: i16, coverage: &'m mut Coverage) -> Sampler<'m> {
        let flexible = message.flexible.contains(version);
        Sampler {
            message,
            version,
            flexible,
            mood: Mood::Mixed,
            state: 0,
            strangers: false,
            coverage,
        }
    }

    /// The sample of that number: 0 is full, 1 holds the least, all others are drawn. With `strangers`, every
    /// struct of a flexible version bears a tagged field that nobody knows.
    pub fn sample(&mut self, number: u64, strangers: bool) -> Vec<u8> {
        self.mood = match number {
            0 => Mood::Full,
            1 => Mood::Least,
            _ => Mood::Mixed,
        };
        self.state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.version as u64;
        self.strangers = strangers;
        self.fields(&self.message.name, &self.message.fields).0
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % below
    }

    /// A struct's bytes, and whether all of it is at its default.
    fn fields(&mut self, owner: &str, fields: &'m [Field]) -> (Vec<u8>, bool) {
        let (mut bytes, mut default, version) = (Vec::new(), true, self.version);
        let mut tagged: Vec<(u32, Vec<u8>)> = Vec::new();
        for field in fields
            .iter()
            .filter(|field| field.versions.contains(version))
        {
            let (value, at_default) = self.field(owner, field);
            default &= at_default;
            match field.tag {
                None => bytes.extend(value),
                Some(_) if at_default => self.note(owner, field, Seen::Absent),
                Some(tag) => {
                    self.note(owner, field, Seen::Present);
                    tagged.push((tag, value));
                }
            }
        }
        if self.flexible {
            tagged.sort();
            if self.strangers {
                tagged.push((1_000, vec![0xff; 3]));
            }
            uvarint(&mut bytes, tagged.len());
            for (tag, value) in tagged {
                uvarint(&mut bytes, tag as usize);
                uvarint(&mut bytes, value.len());
                bytes.extend(value);
            }
        }
        (bytes, default)
    }

    fn note(&mut self, owner: &str, field: &Field, seen: Seen) {
        self.coverage.seen.insert((
            self.message.name.clone(),
            owner.to_owned(),
            field.name.clone(),
            seen,
        ));
    }

    /// A field's bytes, and whether it is at its default.
    fn field(&mut self, owner: &str, field: &'m Field) -> (Vec<u8>, bool) {
        let nullable = field.nullable.contains(self.version);
        let null = nullable
            && match self.mood {
                Mood::Full => false,
                Mood::Least => field.tag.is_none() || field.defaults_to_null(),
                Mood::Mixed => self.draw(3) == 0,
            };
        let around = self.flexible;
        self.flexible &= !field.rigid;
        let (bytes, default) = match &field.kind {
            _ if null => (self.null(field), field.defaults_to_null()),
            Type::Array(element) => {
                let count = match self.mood {
                    Mood::Full => 2,
                    Mood::Least => 0,
                    Mood::Mixed => self.draw(4) as usize,
                };
                let mut bytes = self.length(count, 4);
                for _ in 0..count {
                    bytes.extend(self.value(element, None).0);
                }
                match count {
                    0 => self.note(owner, field, Seen::Empty),
                    1 => {}
                    _ => self.note(owner, field, Seen::Many),
                }
                (bytes, count == 0 && !field.defaults_to_null())
            }
            kind => {
                let (mut bytes, default) = self.value(kind, field.default.as_deref());
                if nullable && matches!(kind, Type::Struct(_)) {
                    bytes.insert(0, 1);
                }
                (bytes, default && !field.defaults_to_null())
            }
        };
        self.flexible = around;
        if null {
            self.note(owner, field, Seen::Null);
        }
        if !default {
            self.note(owner, field, Seen::NotDefault);
        }
        (bytes, default)
    }

    fn null(&self, field: &Field) -> Vec<u8> {
        match field.kind {
            Type::Struct(_) if field.tag.is_none() => vec![0xff],
            _ if self.flexible => vec![0],
            Type::String => vec![0xff; 2],
            _ => vec![0xff; 4],
        }
    }

    /// A length: compact, or in so many bytes.
    fn length(&self, length: usize, width: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.flexible {
            uvarint(&mut bytes, length + 1);
        } else {
            bytes.extend(&(length as u32).to_be_bytes()[4 - width..]);
        }
        bytes
    }

    /// A value's bytes, and whether it is the default.
    fn value(&mut self, kind: &'m Type, default: Option<&str>) -> (Vec<u8>, bool) {
        match kind {
            Type::Bool => {
                let default = default == Some("true");
                let value = self.one_of(default, !default);
                (vec![u8::from(value)], value == default)
            }
            Type::Int8 => self.number(default, 1),
            Type::Int16 | Type::Uint16 => self.number(default, 2),
            Type::Int32 | Type::Uint32 => self.number(default, 4),
            Type::Int64 => self.number(default, 8),
            Type::Float64 => {
                let value = self.one_of(0.0, -1.5f64);
                (value.to_be_bytes().to_vec(), value == 0.0)
            }
            Type::Uuid => {
                let first = self.draw(255) as u8 + 1;
                let first = self.one_of(0, first);
                (vec![first; 16], first == 0)
            }
            Type::String => self.text(default.unwrap_or_default()),
            Type::Bytes | Type::Records => {
                let long = self.draw(8) == 0;
                let length = 1 + self.draw(if long { 200 } else { 9 }) as usize;
                let length = self.one_of(0, length);
                let mut bytes = self.length(length, 4);
                bytes.extend((0..length).map(|index| index as u8 ^ 0x80));
                (bytes, length == 0)
            }
            Type::Struct(name) => {
                let fields = self
                    .message
                    .structure(name)
                    .map(|s| s.fields.as_slice())
                    .unwrap_or_default();
                self.fields(name, fields)
            }
            Type::Array(_) => unreachable!("the specs have no arrays of arrays"),
        }
    }

    fn one_of<T>(&mut self, default: T, other: T) -> T {
        let other_wanted = match self.mood {
            Mood::Full => true,
            Mood::Least => false,
            Mood::Mixed => self.draw(2) == 0,
        };
        if other_wanted { other } else { default }
    }

    fn number(&mut self, default: Option<&str>, width: usize) -> (Vec<u8>, bool) {
        let default: i64 = default.and_then(|text| text.parse().ok()).unwrap_or(0);
        let low = |value: i64| value.to_be_bytes()[8 - width..].to_vec();
        let drawn = self.draw(u64::MAX) as i64;
        let other = match self.draw(4) {
            0 => 1,
            1 => -1,
            2 => i64::MAX >> (64 - 8 * width as u32),
            _ => drawn,
        };
        let value = low(self.one_of(default, other));
        let value = if self.mood == Mood::Full && value == low(default) {
            low(default.wrapping_add(1))
        } else {
            value
        };
        let at_default = value == low(default);
        (value, at_default)
    }

    fn text(&mut self, default: &str) -> (Vec<u8>, bool) {
        let long = self.draw(8) == 0;
        let letters = if long { 150 } else { 1 + self.draw(9) as usize };
        let other: String = ["ö", "x", "-", "7"]
            .iter()
            .cycle()
            .take(letters)
            .copied()
            .collect();
        let text = self.one_of(default.to_owned(), other);
        let mut bytes = self.length(text.len(), 2);
        bytes.extend(text.as_bytes());
        (bytes, text == default)
    }
}

fn uvarint(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}
