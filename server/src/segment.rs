//! A segment file read from the outside, for `ottla check` and `ottla log dump`: its batches in order, by the cursor that recovery uses.
//! In: a path. Out: each whole batch, and how the file ended. Nothing is written.

use std::fs::File as RealFile;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;
use ottla_log::{Scan, Scanned};
use ottla_machine::{File, Switch};
use ottla_record::{Batch, Header, Malformed};

/// One batch as it lies in its file.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it begins.
    pub position: u64,
    /// Its header.
    pub header: Header,
    /// All of it.
    pub bytes: Bytes,
}

impl Found {
    /// Whether its checksum fits its bytes.
    pub fn is_whole(&self) -> bool {
        Batch::parse(&self.bytes).is_ok_and(|batch| batch.crc_is_right())
    }
}

/// How a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a batch, or without any.
    Whole,
    /// With bytes that are no whole batch.
    Torn {
        /// Where they begin.
        position: u64,
        /// What is wrong with them.
        why: Malformed,
        /// Whether all of them are zero: room that was never used.
        zeros: bool,
    },
}

/// Shows `see` every batch whose header is right, in order. The file's length when it was opened, and how it ended.
pub fn read(path: &Path, mut see: impl FnMut(Found)) -> io::Result<(u64, End)> {
    let file = RealFile::open(path)?;
    let size = file.metadata()?.len();
    let mut scan = Scan::new(File(0), 0, size, Switch::default());
    loop {
        if let Some((at, len)) = scan.ask() {
            scan.feed(Bytes::from(read_at(&file, at, len as usize)?));
        }
        while scan.is_ready() {
            match scan.advance() {
                Scanned::Batch {
                    position,
                    header,
                    bytes,
                } => see(Found {
                    position,
                    header,
                    bytes,
                }),
                Scanned::Wait => break,
                Scanned::End => return Ok((size, End::Whole)),
                Scanned::Torn { position, why } => {
                    let zeros = is_zero_from(&file, position, size)?;
                    let end = End::Torn {
                        position,
                        why,
                        zeros,
                    };
                    return Ok((size, end));
                }
            }
        }
    }
}

/// So many bytes, or fewer where the file ends.
fn read_at(file: &RealFile, at: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let mut filled = 0;
    while filled < len {
        match file.read_at(&mut bytes[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn is_zero_from(file: &RealFile, mut at: u64, size: u64) -> io::Result<bool> {
    while at < size {
        let bytes = read_at(file, at, 1 << 16)?;
        if bytes.is_empty() {
            return Ok(true);
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        at += bytes.len() as u64;
    }
    Ok(true)
}
