//! KRaft: votes, epochs and the high watermark of the metadata log
#![forbid(unsafe_code)]
