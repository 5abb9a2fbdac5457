//! The crate from outside: against what Kafka itself wrote, against itself, and against those who wish it ill.

mod building;
mod codecs;
mod hostile;
mod kafka;
mod rewriting;
mod samples;
mod vectors;
