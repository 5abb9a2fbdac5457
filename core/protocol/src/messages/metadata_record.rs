//! Every record of the cluster metadata, as one type. Generated from `specs/`.

use super::{
    AbortTransactionRecord, AccessControlEntryRecord, BeginTransactionRecord,
    BrokerRegistrationChangeRecord, ClearElrRecord, ClientQuotaRecord, ConfigRecord,
    DelegationTokenRecord, EndTransactionRecord, FeatureLevelRecord, FenceBrokerRecord, NoOpRecord,
    PartitionChangeRecord, PartitionRecord, ProducerIdsRecord, RegisterBrokerRecord,
    RegisterControllerRecord, RemoveAccessControlEntryRecord, RemoveDelegationTokenRecord,
    RemoveTopicRecord, RemoveUserScramCredentialRecord, TopicRecord, UnfenceBrokerRecord,
    UnregisterBrokerRecord, UserScramCredentialRecord, ZkMigrationStateRecord,
};
use crate::wire::{DecodeError, EncodeError, Reader, Writer};

/// A record of the cluster metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum MetadataRecord<'a> {
    /// Key 0.
    RegisterBroker(RegisterBrokerRecord<'a>),
    /// Key 1.
    UnregisterBroker(UnregisterBrokerRecord),
    /// Key 2.
    Topic(TopicRecord<'a>),
    /// Key 3.
    Partition(PartitionRecord),
    /// Key 4.
    Config(ConfigRecord<'a>),
    /// Key 5.
    PartitionChange(PartitionChangeRecord),
    /// Key 7.
    FenceBroker(FenceBrokerRecord),
    /// Key 8.
    UnfenceBroker(UnfenceBrokerRecord),
    /// Key 9.
    RemoveTopic(RemoveTopicRecord),
    /// Key 10.
    DelegationToken(DelegationTokenRecord<'a>),
    /// Key 11.
    UserScramCredential(UserScramCredentialRecord<'a>),
    /// Key 12.
    FeatureLevel(FeatureLevelRecord<'a>),
    /// Key 14.
    ClientQuota(ClientQuotaRecord<'a>),
    /// Key 15.
    ProducerIds(ProducerIdsRecord),
    /// Key 17.
    BrokerRegistrationChange(BrokerRegistrationChangeRecord),
    /// Key 18.
    AccessControlEntry(AccessControlEntryRecord<'a>),
    /// Key 19.
    RemoveAccessControlEntry(RemoveAccessControlEntryRecord),
    /// Key 20.
    NoOp(NoOpRecord),
    /// Key 21.
    ZkMigrationState(ZkMigrationStateRecord),
    /// Key 22.
    RemoveUserScramCredential(RemoveUserScramCredentialRecord<'a>),
    /// Key 23.
    BeginTransaction(BeginTransactionRecord<'a>),
    /// Key 24.
    EndTransaction(EndTransactionRecord),
    /// Key 25.
    AbortTransaction(AbortTransactionRecord<'a>),
    /// Key 26.
    RemoveDelegationToken(RemoveDelegationTokenRecord<'a>),
    /// Key 27.
    RegisterController(RegisterControllerRecord<'a>),
    /// Key 28.
    ClearElr(ClearElrRecord<'a>),
}

impl<'a> MetadataRecord<'a> {
    /// Its number.
    pub fn key(&self) -> u16 {
        match self {
            Self::RegisterBroker(_) => RegisterBrokerRecord::KEY,
            Self::UnregisterBroker(_) => UnregisterBrokerRecord::KEY,
            Self::Topic(_) => TopicRecord::KEY,
            Self::Partition(_) => PartitionRecord::KEY,
            Self::Config(_) => ConfigRecord::KEY,
            Self::PartitionChange(_) => PartitionChangeRecord::KEY,
            Self::FenceBroker(_) => FenceBrokerRecord::KEY,
            Self::UnfenceBroker(_) => UnfenceBrokerRecord::KEY,
            Self::RemoveTopic(_) => RemoveTopicRecord::KEY,
            Self::DelegationToken(_) => DelegationTokenRecord::KEY,
            Self::UserScramCredential(_) => UserScramCredentialRecord::KEY,
            Self::FeatureLevel(_) => FeatureLevelRecord::KEY,
            Self::ClientQuota(_) => ClientQuotaRecord::KEY,
            Self::ProducerIds(_) => ProducerIdsRecord::KEY,
            Self::BrokerRegistrationChange(_) => BrokerRegistrationChangeRecord::KEY,
            Self::AccessControlEntry(_) => AccessControlEntryRecord::KEY,
            Self::RemoveAccessControlEntry(_) => RemoveAccessControlEntryRecord::KEY,
            Self::NoOp(_) => NoOpRecord::KEY,
            Self::ZkMigrationState(_) => ZkMigrationStateRecord::KEY,
            Self::RemoveUserScramCredential(_) => RemoveUserScramCredentialRecord::KEY,
            Self::BeginTransaction(_) => BeginTransactionRecord::KEY,
            Self::EndTransaction(_) => EndTransactionRecord::KEY,
            Self::AbortTransaction(_) => AbortTransactionRecord::KEY,
            Self::RemoveDelegationToken(_) => RemoveDelegationTokenRecord::KEY,
            Self::RegisterController(_) => RegisterControllerRecord::KEY,
            Self::ClearElr(_) => ClearElrRecord::KEY,
        }
    }

    /// The newest version of it.
    pub fn max_version(&self) -> i16 {
        match self {
            Self::RegisterBroker(_) => RegisterBrokerRecord::MAX_VERSION,
            Self::UnregisterBroker(_) => UnregisterBrokerRecord::MAX_VERSION,
            Self::Topic(_) => TopicRecord::MAX_VERSION,
            Self::Partition(_) => PartitionRecord::MAX_VERSION,
            Self::Config(_) => ConfigRecord::MAX_VERSION,
            Self::PartitionChange(_) => PartitionChangeRecord::MAX_VERSION,
            Self::FenceBroker(_) => FenceBrokerRecord::MAX_VERSION,
            Self::UnfenceBroker(_) => UnfenceBrokerRecord::MAX_VERSION,
            Self::RemoveTopic(_) => RemoveTopicRecord::MAX_VERSION,
            Self::DelegationToken(_) => DelegationTokenRecord::MAX_VERSION,
            Self::UserScramCredential(_) => UserScramCredentialRecord::MAX_VERSION,
            Self::FeatureLevel(_) => FeatureLevelRecord::MAX_VERSION,
            Self::ClientQuota(_) => ClientQuotaRecord::MAX_VERSION,
            Self::ProducerIds(_) => ProducerIdsRecord::MAX_VERSION,
            Self::BrokerRegistrationChange(_) => BrokerRegistrationChangeRecord::MAX_VERSION,
            Self::AccessControlEntry(_) => AccessControlEntryRecord::MAX_VERSION,
            Self::RemoveAccessControlEntry(_) => RemoveAccessControlEntryRecord::MAX_VERSION,
            Self::NoOp(_) => NoOpRecord::MAX_VERSION,
            Self::ZkMigrationState(_) => ZkMigrationStateRecord::MAX_VERSION,
            Self::RemoveUserScramCredential(_) => RemoveUserScramCredentialRecord::MAX_VERSION,
            Self::BeginTransaction(_) => BeginTransactionRecord::MAX_VERSION,
            Self::EndTransaction(_) => EndTransactionRecord::MAX_VERSION,
            Self::AbortTransaction(_) => AbortTransactionRecord::MAX_VERSION,
            Self::RemoveDelegationToken(_) => RemoveDelegationTokenRecord::MAX_VERSION,
            Self::RegisterController(_) => RegisterControllerRecord::MAX_VERSION,
            Self::ClearElr(_) => ClearElrRecord::MAX_VERSION,
        }
    }

    /// Reads the body of the record of that number.
    pub fn decode_body(key: u16, version: i16, r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(match key {
            0 => Self::RegisterBroker(RegisterBrokerRecord::decode(r, version)?),
            1 => Self::UnregisterBroker(UnregisterBrokerRecord::decode(r, version)?),
            2 => Self::Topic(TopicRecord::decode(r, version)?),
            3 => Self::Partition(PartitionRecord::decode(r, version)?),
            4 => Self::Config(ConfigRecord::decode(r, version)?),
            5 => Self::PartitionChange(PartitionChangeRecord::decode(r, version)?),
            7 => Self::FenceBroker(FenceBrokerRecord::decode(r, version)?),
            8 => Self::UnfenceBroker(UnfenceBrokerRecord::decode(r, version)?),
            9 => Self::RemoveTopic(RemoveTopicRecord::decode(r, version)?),
            10 => Self::DelegationToken(DelegationTokenRecord::decode(r, version)?),
            11 => Self::UserScramCredential(UserScramCredentialRecord::decode(r, version)?),
            12 => Self::FeatureLevel(FeatureLevelRecord::decode(r, version)?),
            14 => Self::ClientQuota(ClientQuotaRecord::decode(r, version)?),
            15 => Self::ProducerIds(ProducerIdsRecord::decode(r, version)?),
            17 => {
                Self::BrokerRegistrationChange(BrokerRegistrationChangeRecord::decode(r, version)?)
            }
            18 => Self::AccessControlEntry(AccessControlEntryRecord::decode(r, version)?),
            19 => {
                Self::RemoveAccessControlEntry(RemoveAccessControlEntryRecord::decode(r, version)?)
            }
            20 => Self::NoOp(NoOpRecord::decode(r, version)?),
            21 => Self::ZkMigrationState(ZkMigrationStateRecord::decode(r, version)?),
            22 => Self::RemoveUserScramCredential(RemoveUserScramCredentialRecord::decode(
                r, version,
            )?),
            23 => Self::BeginTransaction(BeginTransactionRecord::decode(r, version)?),
            24 => Self::EndTransaction(EndTransactionRecord::decode(r, version)?),
            25 => Self::AbortTransaction(AbortTransactionRecord::decode(r, version)?),
            26 => Self::RemoveDelegationToken(RemoveDelegationTokenRecord::decode(r, version)?),
            27 => Self::RegisterController(RegisterControllerRecord::decode(r, version)?),
            28 => Self::ClearElr(ClearElrRecord::decode(r, version)?),
            _ => return Err(DecodeError::Key { key: key.into() }),
        })
    }

    /// Writes its body.
    pub fn encode_body(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        match self {
            Self::RegisterBroker(record) => record.encode(w, version),
            Self::UnregisterBroker(record) => record.encode(w, version),
            Self::Topic(record) => record.encode(w, version),
            Self::Partition(record) => record.encode(w, version),
            Self::Config(record) => record.encode(w, version),
            Self::PartitionChange(record) => record.encode(w, version),
            Self::FenceBroker(record) => record.encode(w, version),
            Self::UnfenceBroker(record) => record.encode(w, version),
            Self::RemoveTopic(record) => record.encode(w, version),
            Self::DelegationToken(record) => record.encode(w, version),
            Self::UserScramCredential(record) => record.encode(w, version),
            Self::FeatureLevel(record) => record.encode(w, version),
            Self::ClientQuota(record) => record.encode(w, version),
            Self::ProducerIds(record) => record.encode(w, version),
            Self::BrokerRegistrationChange(record) => record.encode(w, version),
            Self::AccessControlEntry(record) => record.encode(w, version),
            Self::RemoveAccessControlEntry(record) => record.encode(w, version),
            Self::NoOp(record) => record.encode(w, version),
            Self::ZkMigrationState(record) => record.encode(w, version),
            Self::RemoveUserScramCredential(record) => record.encode(w, version),
            Self::BeginTransaction(record) => record.encode(w, version),
            Self::EndTransaction(record) => record.encode(w, version),
            Self::AbortTransaction(record) => record.encode(w, version),
            Self::RemoveDelegationToken(record) => record.encode(w, version),
            Self::RegisterController(record) => record.encode(w, version),
            Self::ClearElr(record) => record.encode(w, version),
        }
    }
}
