//! Turns the message specs into Rust
#![forbid(unsafe_code)]
