//! One partition's log: Kafka's segments, indexes, leader epochs and producer state. `FORMAT.md` beside this crate
//! says which bytes lie in which file, when they are synced, and what a crash leaves.
#![forbid(unsafe_code)]

mod blocks;
pub mod checkpoint;
mod config;
mod job;
pub mod limits;
mod load;
mod log;
mod rewrite;
mod scan;
mod validate;
mod words;

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
