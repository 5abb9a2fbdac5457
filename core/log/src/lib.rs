//! One partition's log: Kafka's segments, indexes, leader epochs and producer state. `FORMAT.md` beside this crate
//! says which bytes lie in which file, when they are synced, and what a crash leaves.
#![forbid(unsafe_code)]

mod append;
mod blocks;
pub mod checkpoint;
mod config;
mod ending;
mod file_names;
mod finishing;
mod job;
mod leader_epochs;
mod leftovers;
pub mod limits;
mod load;
mod log;
mod lookup;
mod offset_index;
mod opening;
mod ops;
mod producer_state;
mod read;
mod recovery;
mod resuming;
mod retention;
mod rewrite;
mod rolling;
mod scan;
mod segment;
mod tail_cache;
mod time_index;
mod txn_index;
mod validate;
mod warming;
mod words;
mod writing;

pub use blocks::{Absent, BlockKey, Blocks};
pub use config::LogConfig;
pub use job::{LogJob, LogProduct};
pub use load::{Load, Loading};
pub use log::Log;
pub use rewrite::{Progress, Rewrite};
pub use scan::{Scan, Scanned};
pub use words::{
    Appended, Dirty, Found, LogEvent, Origin, Phase, Place, Prepared, Ready, Refusal, RefusalKind,
    Slice, Start,
};
