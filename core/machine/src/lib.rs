//! The grammar: events in, effects out, and the words every machine shares
#![forbid(unsafe_code)]
