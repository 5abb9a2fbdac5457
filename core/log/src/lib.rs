//! One partition's log: segments, indexes, leader epochs, producer state, recovery
#![forbid(unsafe_code)]
