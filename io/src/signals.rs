//! SIGPIPE, kept from our own threads. `sendfile` raises it when the peer is gone, and a program in another language
//! may not ignore it. Only the calling thread's mask changes, and that of threads it starts.

use std::io;

/// Blocks SIGPIPE in this thread: the call that would raise it answers with an error all the same.
#[allow(unsafe_code, reason = "no safe crate offers a thread's signal mask")]
pub(crate) fn block_pipe() -> io::Result<()> {
    // SAFETY: a signal set is plain data that `sigemptyset` makes valid before it is read.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the pointers are to a live set, and no old mask is asked for.
    let result = unsafe {
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut())
    };
    match result {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}
