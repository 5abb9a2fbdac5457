//! The bounds of the desk.

use ottla_machine::{Limit, Switch};

/// Adjacent writes are merged up to this many bytes: what the second-level cache holds.
pub const MERGE_BYTES: Limit = Limit::new("bytes of merged writes", 1 << 20, 1);

/// A vectored call carries at most this many slices; the rest is resumed. A driver can keep so many on its stack.
pub const SLICES: Limit = Limit::new("slices of a vectored call", 256, 1);

/// A connection sends at most this many bytes per turn, so that a fast reader of a long backlog starves nobody.
pub const SEND_BYTES: Limit = Limit::new("bytes sent in a turn", 1 << 20, 512);

/// A frame's buffer is made at once up to this size, and doubled beyond: a claim of a length costs the claimant bytes.
pub const FRAME_AT_ONCE: Limit = Limit::new("buffer of a frame", 1 << 20, 1);

/// Removing a file shortens it by slices of this size: measured on a disk that is told of what is free (`discard`), an unlink of 1 GiB lifts
/// a concurrent fdatasync to 55 ms, slices of 32 MiB to 10 ms, of 4 MiB to 2 ms, of 1 MiB not at all. Asked for by [`remove_slice`].
const REMOVE_SLICE: Limit = Limit::new("slice of a removal", 1 << 20, SMALL_PAGE);

/// What a slice of a removal is a multiple of, if it is drawn: a page of the kernel that draws it.
const SMALL_PAGE: usize = 4 << 10;

/// A directory is removed in listings of this many entries.
pub const REMOVE_ENTRIES: Limit = Limit::new("entries of a removal's listing", 1024, 1);

/// Input is read through the driver's chunks up to this size; a longer frame gets a buffer of its own.
pub const CHUNK_BYTES: Limit = Limit::new("bytes of a chunk", 64 << 10, 1);

/// An unfinished piece of input below this size is copied, so that it holds no chunk.
pub const KEEP_BYTES: Limit = Limit::new("unfinished input", 4 << 10, 1);

/// What a file is shortened by in one call, in bytes: whole pages.
pub(crate) fn remove_slice(switch: Switch) -> u64 {
    (REMOVE_SLICE.of(switch) / SMALL_PAGE * SMALL_PAGE) as u64
}
