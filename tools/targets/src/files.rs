//! The small files of a data directory, and the quorum's.

use bytes::Bytes;
use ottla_log::checkpoint::{
    parse_epochs, parse_offsets, parse_partition_metadata, print_epochs, print_offsets,
    print_partition_metadata,
};
use ottla_quorum::{QuorumState, Snapshot};

use crate::Chooser;

/// The first byte chooses a file.
pub fn files(bytes: &[u8]) {
    let mut chooser = Chooser(bytes);
    let which = chooser.byte() % 5;
    let bytes = chooser.rest();
    match which {
        0 => {
            if let Ok(offsets) = parse_offsets(bytes) {
                assert_eq!(parse_offsets(&print_offsets(&offsets)).ok(), Some(offsets));
            }
        }
        1 => {
            if let Ok(epochs) = parse_epochs(bytes) {
                assert_eq!(parse_epochs(&print_epochs(&epochs)).ok(), Some(epochs));
            }
        }
        2 => {
            if let Ok(id) = parse_partition_metadata(bytes) {
                let printed = print_partition_metadata(&id);
                assert_eq!(parse_partition_metadata(&printed).ok(), Some(id));
            }
        }
        3 => {
            if let Ok(state) = QuorumState::parse(bytes) {
                assert_eq!(QuorumState::parse(&state.print()), Ok(state));
            }
        }
        _ => {
            let _ = Snapshot::parse(&Bytes::copy_from_slice(bytes));
        }
    }
}
