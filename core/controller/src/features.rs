//! The features of a cluster: what a fresh one begins with, and which levels of an old one can be read.

use ottla_metadata::Image;

/// The level at which Kafka 4.3 writes its metadata.
pub(crate) const METADATA_VERSION: &str = "metadata.version";
/// With it a partition without ISR is elected among those that are known to have everything.
pub(crate) const ELR_VERSION: &str = "eligible.leader.replicas.version";

/// What a fresh cluster begins with. Groups, share groups, streams and transactions are off until they are served.
pub const FRESH_FEATURES: &[(&str, i16)] = &[(METADATA_VERSION, 30), (ELR_VERSION, 1)];

/// Lowest and highest level of each feature whose records are understood or kept. Some levels exceed what is served: they
/// are kept all the same, for the cluster was finalized at them.
pub const READABLE_FEATURES: &[(&str, i16, i16)] = &[
    (ELR_VERSION, 0, 1),
    ("group.version", 0, 1),
    ("kraft.version", 0, 1),
    (METADATA_VERSION, 7, 30),
    ("share.version", 0, 1),
    ("streams.version", 0, 1),
    ("transaction.version", 0, 2),
];

/// A finalized level that cannot be read, in a sentence.
pub(crate) fn unreadable(image: &Image) -> Option<String> {
    image.features().find_map(|(name, level)| {
        let range = READABLE_FEATURES.iter().find(|range| range.0 == name);
        match range {
            None => Some(format!(
                "the cluster was finalized at {name} {level}, a feature that is not known here"
            )),
            Some((_, low, high)) if level < *low || level > *high => Some(format!(
                "the cluster was finalized at {name} {level}; {low} to {high} can be read here"
            )),
            Some(_) => None,
        }
    })
}
