//! The runtime for replicated state: decide, replay, park, release
#![forbid(unsafe_code)]
