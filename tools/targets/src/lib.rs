//! Everything that takes bytes from outside, as functions over bytes: what they are given is arbitrary, and they hold what must hold of
//! whatever comes of it. A fuzzer calls them (the workspace `fuzz`); the inputs that it found worth keeping lie in `corpus`, and the tests
//! here give them again.
//!
//! T1: no target panics, whatever the bytes.
//! T2: a target takes no more memory than its bytes justify ([`Target::memory`]).
//! T3: what is read and can be written is read back as the same.
#![forbid(unsafe_code)]

mod batches;
mod directory;
mod files;
mod messages;
mod node;
#[path = "../../../core/protocol/tests/protocol/recode.rs"]
mod recode;

use std::path::PathBuf;
use std::sync::Once;

/// One way in.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, and its corpus file's.
    pub name: &'static str,
    /// Gives it these bytes.
    pub run: fn(&[u8]),
    /// T2: the most memory for so many bytes.
    pub memory: fn(usize) -> u64,
}

static ONCE: Once = Once::new();

/// All ways in.
pub const TARGETS: &[Target] = &[
    Target {
        name: "message",
        run: messages::message,
        memory: |len| 4_096 + 96 * len as u64,
    },
    Target {
        name: "request",
        run: messages::request,
        memory: |len| 4_096 + 96 * len as u64,
    },
    Target {
        name: "metadata",
        run: messages::metadata,
        memory: |len| 65_536 + 1_024 * len as u64,
    },
    Target {
        name: "batch",
        run: batches::batch,
        memory: |len| batches::MEMORY + 64 * len as u64,
    },
    Target {
        name: "unpack",
        run: batches::unpacked,
        memory: |len| batches::MEMORY + 4 * len as u64,
    },
    Target {
        name: "files",
        run: files::files,
        memory: |len| 65_536 + 256 * len as u64,
    },
    Target {
        name: "directory",
        run: directory::directory,
        memory: |len| (16 << 20) + 256 * len as u64,
    },
    Target {
        name: "boot",
        run: node::boot,
        memory: |len| (512 << 10) + 256 * len as u64,
    },
    Target {
        name: "connection",
        run: node::connection,
        memory: |len| (1 << 20) + 1_024 * len as u64,
    },
];

impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> Option<Target> {
        TARGETS.iter().copied().find(|target| target.name == name)
    }

    /// T1 and T2.
    pub fn check(&self, bytes: &[u8]) {
        // What is made once is nobody's.
        ONCE.call_once(|| TARGETS.iter().for_each(|target| (target.run)(&[])));
        let memory = allocation_counter::measure(|| (self.run)(bytes));
        let most = (self.memory)(bytes.len());
        assert!(
            memory.bytes_max <= most,
            "T2: {} took {} bytes of memory for {} bytes; {most} are justified",
            self.name,
            memory.bytes_max,
            bytes.len(),
        );
    }

    /// Where the inputs worth keeping are: one a line, in hexadecimal.
    pub fn corpus(&self) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
        folder.join(self.name).with_extension("txt")
    }
}

/// The bytes of hexadecimal text.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// A file that is not what it was. The first byte chooses how: in place of it or over it from somewhere on (two bytes), and whether it ends
/// there.
fn mangled(file: &[u8], mut chooser: Chooser<'_>) -> Vec<u8> {
    let how = chooser.byte();
    let mut file = match how & 8 {
        0 => file.to_vec(),
        _ => Vec::new(),
    };
    let at = if file.is_empty() {
        0
    } else {
        chooser.below(file.len())
    };
    let rest = chooser.rest();
    let cut = how & 16 != 0;
    if file.len() < at + rest.len() || cut {
        file.resize(at + rest.len(), 0);
    }
    file[at..at + rest.len()].copy_from_slice(rest);
    file
}

/// Takes bytes from the front of an input, as numbers that choose.
struct Chooser<'a>(&'a [u8]);

impl<'a> Chooser<'a> {
    /// The next byte; 0 when there is none.
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// One of so many.
    fn below(&mut self, count: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % count
    }

    /// All that is left.
    fn rest(self) -> &'a [u8] {
        self.0
    }
}
