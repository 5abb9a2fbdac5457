//! Record batches (magic 2) as a view over bytes, and their compression
#![forbid(unsafe_code)]
