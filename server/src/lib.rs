//! The ottla binary
#![forbid(unsafe_code)]
