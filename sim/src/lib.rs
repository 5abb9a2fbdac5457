//! The simulator: exactly the broker that ships, in a world that is drawn from one seed. One thread, virtual time, no clock and no
//! entropy: a script gives the same run on every machine, byte by byte.

pub mod agenda;
pub mod atlas;
mod batch;
pub mod chance;
pub mod client;
pub mod clock;
mod cut;
pub mod damage;
pub mod determinism;
pub mod draw;
pub mod failing;
pub mod group_log;
pub mod groups;
pub mod history;
pub mod host;
pub mod hunt;
pub mod ledger;
pub mod liveness;
pub mod mutants;
mod nanos;
pub mod net;
pub mod on_disk;
pub mod oracle;
pub mod panics;
pub mod places;
pub mod planted;
pub mod script;
pub mod shrink;
pub mod sites;
pub mod swarm;
pub mod text;
pub mod trace;
mod words;
pub mod world;
