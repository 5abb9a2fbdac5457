//! The partitions of one core: flusher, blocks, waiters by ticket
#![forbid(unsafe_code)]
