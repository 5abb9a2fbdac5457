//! The node as one machine
#![forbid(unsafe_code)]
