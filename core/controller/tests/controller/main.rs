//! The controller by transcripts: requests in, records and answers out. Every step is replayed from nothing and compared, and
//! the invariants are checked after it.

mod brokers;
mod golden;
mod tenures;
mod topics;
mod walk;
mod world;
