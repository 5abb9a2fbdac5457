//! The data directories of `vectors/kafka-4.3.1`, and what Kafka's own tools printed of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;

/// Files by their path below the data directory.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The two directories: after a clean stop, and after more writes and a kill.
pub const EXPECTED: [&str; 2] = ["clean", "crashed"];

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/kafka-4.3.1");

/// One of them, whole. Panics when it is not in the repository.
pub fn recorded(which: &str) -> Files {
    let path = format!("{VECTORS}/datadir-{which}.tar.gz");
    let file = fs::File::open(&path).unwrap_or_else(|why| panic!("{path}: {why}"));
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let mut files = Files::new();
    for entry in archive.entries().expect("a tar file") {
        let mut entry = entry.expect("an entry");
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().expect("a path").to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        let path = path.strip_prefix("data/").expect("all lies in data/");
        files.insert(path.to_owned(), bytes);
    }
    files
}

/// What Kafka's tools printed: a file of `expected-<which>`.
pub fn expected(which: &str, file: &str) -> String {
    let path = format!("{VECTORS}/expected-{which}/{file}");
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path}: {why}"))
}
