//! Metadata decisions: topics, partitions, brokers, features, producer ids
#![forbid(unsafe_code)]
