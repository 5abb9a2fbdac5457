//! The names of the files of a partition's directory.

use ottla_machine::Name;

/// What a file of a partition's directory is, by its name. The number is its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileName {
    /// `.log`
    Segment(i64),
    /// `.index`
    OffsetIndex(i64),
    /// `.timeindex`
    TimeIndex(i64),
    /// `.txnindex`
    TransactionIndex(i64),
    /// `.snapshot`
    Snapshot(i64),
    /// `.log.swap`: a compacted segment that was being put in place.
    SwappedSegment(i64),
    /// `.txnindex.swap`
    SwappedTransactionIndex(i64),
    /// `.log.cleaned`: a compacted segment that was being made.
    CleanedSegment(i64),
    /// Something that was given up or not finished: `*.deleted`, `*.cleaned`, `*.swap` of what can be rebuilt, `*.tmp`.
    Leftover,
    /// `leader-epoch-checkpoint`
    Epochs,
    /// `partition.metadata`
    PartitionMetadata,
    /// None of ours nor of Kafka's.
    Unknown,
}

pub(crate) const EPOCHS: &str = "leader-epoch-checkpoint";
pub(crate) const PARTITION_METADATA: &str = "partition.metadata";

impl FileName {
    /// Judges a name.
    pub fn of(name: &str) -> FileName {
        match name {
            EPOCHS => return FileName::Epochs,
            PARTITION_METADATA => return FileName::PartitionMetadata,
            _ => {}
        }
        let stripped = name.strip_suffix(".tmp").unwrap_or(name);
        if stripped == EPOCHS || stripped == PARTITION_METADATA {
            return FileName::Leftover;
        }
        let Some((offset, suffix)) = name.split_once('.') else {
            return FileName::Unknown;
        };
        let digits = offset.len() == 20 && offset.bytes().all(|b| b.is_ascii_digit());
        let Some(offset) = offset.parse().ok().filter(|_| digits) else {
            return FileName::Unknown;
        };
        match suffix {
            "log" => FileName::Segment(offset),
            "index" => FileName::OffsetIndex(offset),
            "timeindex" => FileName::TimeIndex(offset),
            "txnindex" => FileName::TransactionIndex(offset),
            "snapshot" => FileName::Snapshot(offset),
            "log.swap" => FileName::SwappedSegment(offset),
            "txnindex.swap" => FileName::SwappedTransactionIndex(offset),
            "log.cleaned" => FileName::CleanedSegment(offset),
            "index.swap" | "timeindex.swap" => FileName::Leftover,
            _ if suffix.ends_with(".deleted") || suffix.ends_with(".cleaned") => FileName::Leftover,
            _ if suffix.ends_with(".tmp") => FileName::Leftover,
            _ => FileName::Unknown,
        }
    }
}

/// `<20 digits>.<suffix>`
pub(crate) fn name(offset: i64, suffix: &str) -> Name {
    Name::new(&format!("{offset:020}.{suffix}")).expect("twenty digits and a suffix are a name")
}

/// A name known to be one.
pub(crate) fn fixed(name: &'static str) -> Name {
    Name::new(name).expect("our own constants are names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_recognised() {
        assert_eq!(
            FileName::of(name(42, "log").as_str()),
            FileName::Segment(42)
        );
        assert_eq!(
            FileName::of("00000000000000000007.log.deleted"),
            FileName::Leftover
        );
        assert_eq!(
            FileName::of("00000000000000000007.log.cleaned"),
            FileName::CleanedSegment(7)
        );
        assert_eq!(
            FileName::of("leader-epoch-checkpoint.tmp"),
            FileName::Leftover
        );
        assert_eq!(FileName::of("7.log"), FileName::Unknown);
        assert_eq!(FileName::of("99999999999999999999.log"), FileName::Unknown);
        assert_eq!(
            FileName::of("00000000000000000000-0000000000.checkpoint"),
            FileName::Unknown
        );
    }
}
