//! The bounds of the desk.

/// Adjacent writes are merged up to this many bytes: what the second-level cache holds.
pub const MERGE_BYTES: usize = 1 << 20;

/// A vectored call carries at most this many slices; the rest is resumed. A driver can keep so many on its stack.
pub const SLICES: usize = 256;

/// A connection sends at most this many bytes per turn, so that a fast reader of a long backlog starves nobody.
pub const SEND_BYTES: usize = 1 << 20;

/// A frame's buffer is made at once up to this size, and doubled beyond: a claim of a length costs the claimant bytes.
pub const FRAME_AT_ONCE: usize = 1 << 20;

/// Removing a file shortens it by slices of this size: measured, an unlink of 1 GiB lifts a concurrent fdatasync to
/// 55 ms, slices of 32 MiB to 8 ms.
pub const REMOVE_SLICE: u64 = 32 << 20;

/// A directory is removed in listings of this many entries.
pub const REMOVE_ENTRIES: u32 = 1024;

/// Input is read through the driver's chunks up to this size; a longer frame gets a buffer of its own.
pub const CHUNK_BYTES: usize = 64 << 10;

/// An unfinished piece of input below this size is copied, so that it holds no chunk.
pub const KEEP_BYTES: usize = 4 << 10;
