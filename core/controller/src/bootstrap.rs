//! The first request of every tenure: what an earlier one left open is ended, and a fresh cluster gets its features.
//!
//! A fresh cluster's records are one transaction, as Kafka writes them: the features, and the default of
//! min.insync.replicas, which must not differ by broker once there is an ELR.

use bytes::Bytes;
use ottla_machine::Offset;
use ottla_metadata::resource_type;
use ottla_protocol::ErrorCode;
use ottla_protocol::messages::{
    AbortTransactionRecord, BeginTransactionRecord, ConfigRecord, EndTransactionRecord,
    FeatureLevelRecord, MetadataRecord,
};

use crate::Refusal;
use crate::draft::Draft;
use crate::features::{ELR_VERSION, METADATA_VERSION, unreadable};
use crate::view::At;

/// Whether the cluster was fresh.
pub(crate) fn decide(
    draft: &mut Draft,
    at: &At<'_>,
    in_transaction: bool,
    features: &[(String, i16)],
) -> Result<bool, Refusal> {
    if let Some(why) = unreadable(draft.image()) {
        return Err((ErrorCode::UnsupportedVersion, why));
    }
    let image = draft.image();
    let is_fresh = image.feature(METADATA_VERSION) == 0;
    let has_level = |name: &str| features.iter().any(|it| it.0 == name && it.1 > 0);
    let refused = |why: &str| Err((ErrorCode::UnsupportedVersion, why.to_owned()));
    if is_fresh && (image.brokers().next().is_some() || image.topic_count() > 0) {
        return refused("the metadata has brokers or topics but no metadata.version");
    }
    if is_fresh && !has_level(METADATA_VERSION) {
        return refused("a fresh cluster needs a metadata.version");
    }
    if in_transaction {
        let reason = Some("its controller has changed".into());
        let abort = AbortTransactionRecord { reason };
        draft.push(MetadataRecord::AbortTransaction(abort));
    }
    if !is_fresh {
        return Ok(false);
    }
    let begin = BeginTransactionRecord {
        name: Some("Bootstrap records".into()),
    };
    draft.push(MetadataRecord::BeginTransaction(begin));
    for (name, level) in features.iter().filter(|(_, level)| *level > 0) {
        draft.push(feature(name, *level));
    }
    if has_level(ELR_VERSION) {
        draft.push(MetadataRecord::Config(ConfigRecord {
            resource_type: resource_type::BROKER,
            resource_name: "".into(),
            name: "min.insync.replicas".into(),
            value: at.view.statics.text("min.insync.replicas").map(Into::into),
        }));
    }
    draft.push(MetadataRecord::EndTransaction(EndTransactionRecord {}));
    Ok(true)
}

fn feature(name: &str, feature_level: i16) -> MetadataRecord<'_> {
    let name = name.into();
    MetadataRecord::FeatureLevel(FeatureLevelRecord {
        name,
        feature_level,
    })
}

/// The features of a fresh cluster as the values of records, for its `bootstrap.checkpoint`.
pub fn feature_values(features: &[(&str, i16)]) -> Vec<Bytes> {
    let fold = ottla_metadata::Fold::new();
    let mut draft = Draft::new(&fold, Offset(0));
    for (name, level) in features.iter().filter(|(_, level)| *level > 0) {
        draft.push(feature(name, *level));
    }
    draft.into_records()
}
