//! The codec against what it did not make: samples from the specs, bytes recorded from Apache Kafka 4.3.1, its
//! data directories, its schemas, what KafkaJS captured, bytes made to hurt, what both cost, and values that a version cannot carry.

mod exchanges;
mod hostile;
mod kafkajs;
mod keys;
mod recode;
mod samples;
mod schemas;
mod stored;
mod work;
mod writing;

use ottla_generator::{Message, read_specs, workspace};

/// The specs of every message here.
pub fn specs() -> Vec<Message> {
    read_specs(&workspace()).expect("the specs are in the repository")
}

/// The bytes of hexadecimal text.
pub fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<_>>().expect("hexadecimal")
}
