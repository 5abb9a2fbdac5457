//! Cluster metadata: records, the immutable image, and the delta between two
#![forbid(unsafe_code)]

pub mod config;
