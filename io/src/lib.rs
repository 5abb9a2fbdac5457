//! The real world: sockets, files, clocks, lanes. It drives machines and decides nothing: what to merge, resume,
//! attribute or count is the desk's business; this crate makes the calls that the desk asks for.
//!
//! A [`Host`] is one thread that drives many machines. A machine is added with its listeners and its files and
//! is spoken to through a [`Handle`]. Files and sockets are reached through [`Files`] and [`Sockets`]: owned
//! buffers, completions by token.
//!
//! W1: a turn is what `core/machine/CONTRACT.md` says it is.
//! W2: a machine that panics is dropped alone; its owner is told; its sockets are closed.
//! W3: when a machine is gone, so are its descriptors, and its threads when their last call returns.
//! W4: nothing process-wide is touched: no signal's disposition, hook, logger, environment or working directory.
#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]

mod arena;
mod bell;
mod clock;
mod driver;
mod files;
mod handle;
mod host;
mod lanes;
mod listen;
mod lock;
mod memory;
mod perform;
mod real;
mod recording;
mod signals;
mod sockets;
mod tcp;
mod together;
mod workbench;

pub use bell::Bell;
pub use files::{Files, Finished, Range, Threads};
pub use handle::{Asker, Gone, Handle, Said};
pub use host::{Host, Setup};
pub use listen::{Listener, bind};
pub use lock::{HeldBy, Lock, LockError, held, lock};
pub use memory::{Memory, MemoryFiles};
pub use real::RealFiles;
pub use recording::{Recording, RecordingFiles};
pub use sockets::{Accepted, Sockets};
pub use tcp::TcpSockets;
