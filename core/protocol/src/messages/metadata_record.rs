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
            MetadataRecord::RegisterBroker(_) => RegisterBrokerRecord::KEY,
            MetadataRecord::UnregisterBroker(_) => UnregisterBrokerRecord::KEY,
            MetadataRecord::Topic(_) => TopicRecord::KEY,
            MetadataRecord::Partition(_) => PartitionRecord::KEY,
            MetadataRecord::Config(_) => ConfigRecord::KEY,
            MetadataRecord::PartitionChange(_) => PartitionChangeRecord::KEY,
            MetadataRecord::FenceBroker(_) => FenceBrokerRecord::KEY,
            MetadataRecord::UnfenceBroker(_) => UnfenceBrokerRecord::KEY,
            MetadataRecord::RemoveTopic(_) => RemoveTopicRecord::KEY,
            MetadataRecord::DelegationToken(_) => DelegationTokenRecord::KEY,
            MetadataRecord::UserScramCredential(_) => UserScramCredentialRecord::KEY,
            MetadataRecord::FeatureLevel(_) => FeatureLevelRecord::KEY,
            MetadataRecord::ClientQuota(_) => ClientQuotaRecord::KEY,
            MetadataRecord::ProducerIds(_) => ProducerIdsRecord::KEY,
            MetadataRecord::BrokerRegistrationChange(_) => BrokerRegistrationChangeRecord::KEY,
            MetadataRecord::AccessControlEntry(_) => AccessControlEntryRecord::KEY,
            MetadataRecord::RemoveAccessControlEntry(_) => RemoveAccessControlEntryRecord::KEY,
            MetadataRecord::NoOp(_) => NoOpRecord::KEY,
            MetadataRecord::ZkMigrationState(_) => ZkMigrationStateRecord::KEY,
            MetadataRecord::RemoveUserScramCredential(_) => RemoveUserScramCredentialRecord::KEY,
            MetadataRecord::BeginTransaction(_) => BeginTransactionRecord::KEY,
            MetadataRecord::EndTransaction(_) => EndTransactionRecord::KEY,
            MetadataRecord::AbortTransaction(_) => AbortTransactionRecord::KEY,
            MetadataRecord::RemoveDelegationToken(_) => RemoveDelegationTokenRecord::KEY,
            MetadataRecord::RegisterController(_) => RegisterControllerRecord::KEY,
            MetadataRecord::ClearElr(_) => ClearElrRecord::KEY,
        }
    }

    /// The newest version of it.
    pub fn max_version(&self) -> i16 {
        match self {
            MetadataRecord::RegisterBroker(_) => RegisterBrokerRecord::MAX_VERSION,
            MetadataRecord::UnregisterBroker(_) => UnregisterBrokerRecord::MAX_VERSION,
            MetadataRecord::Topic(_) => TopicRecord::MAX_VERSION,
            MetadataRecord::Partition(_) => PartitionRecord::MAX_VERSION,
            MetadataRecord::Config(_) => ConfigRecord::MAX_VERSION,
            MetadataRecord::PartitionChange(_) => PartitionChangeRecord::MAX_VERSION,
            MetadataRecord::FenceBroker(_) => FenceBrokerRecord::MAX_VERSION,
            MetadataRecord::UnfenceBroker(_) => UnfenceBrokerRecord::MAX_VERSION,
            MetadataRecord::RemoveTopic(_) => RemoveTopicRecord::MAX_VERSION,
            MetadataRecord::DelegationToken(_) => DelegationTokenRecord::MAX_VERSION,
            MetadataRecord::UserScramCredential(_) => UserScramCredentialRecord::MAX_VERSION,
            MetadataRecord::FeatureLevel(_) => FeatureLevelRecord::MAX_VERSION,
            MetadataRecord::ClientQuota(_) => ClientQuotaRecord::MAX_VERSION,
            MetadataRecord::ProducerIds(_) => ProducerIdsRecord::MAX_VERSION,
            MetadataRecord::BrokerRegistrationChange(_) => {
                BrokerRegistrationChangeRecord::MAX_VERSION
            }
            MetadataRecord::AccessControlEntry(_) => AccessControlEntryRecord::MAX_VERSION,
            MetadataRecord::RemoveAccessControlEntry(_) => {
                RemoveAccessControlEntryRecord::MAX_VERSION
            }
            MetadataRecord::NoOp(_) => NoOpRecord::MAX_VERSION,
            MetadataRecord::ZkMigrationState(_) => ZkMigrationStateRecord::MAX_VERSION,
            MetadataRecord::RemoveUserScramCredential(_) => {
                RemoveUserScramCredentialRecord::MAX_VERSION
            }
            MetadataRecord::BeginTransaction(_) => BeginTransactionRecord::MAX_VERSION,
            MetadataRecord::EndTransaction(_) => EndTransactionRecord::MAX_VERSION,
            MetadataRecord::AbortTransaction(_) => AbortTransactionRecord::MAX_VERSION,
            MetadataRecord::RemoveDelegationToken(_) => RemoveDelegationTokenRecord::MAX_VERSION,
            MetadataRecord::RegisterController(_) => RegisterControllerRecord::MAX_VERSION,
            MetadataRecord::ClearElr(_) => ClearElrRecord::MAX_VERSION,
        }
    }

    /// Reads the body of the record of that number.
    pub fn decode_body(key: u16, version: i16, r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(match key {
            RegisterBrokerRecord::KEY => {
                MetadataRecord::RegisterBroker(RegisterBrokerRecord::decode(r, version)?)
            }
            UnregisterBrokerRecord::KEY => {
                MetadataRecord::UnregisterBroker(UnregisterBrokerRecord::decode(r, version)?)
            }
            TopicRecord::KEY => MetadataRecord::Topic(TopicRecord::decode(r, version)?),
            PartitionRecord::KEY => MetadataRecord::Partition(PartitionRecord::decode(r, version)?),
            ConfigRecord::KEY => MetadataRecord::Config(ConfigRecord::decode(r, version)?),
            PartitionChangeRecord::KEY => {
                MetadataRecord::PartitionChange(PartitionChangeRecord::decode(r, version)?)
            }
            FenceBrokerRecord::KEY => {
                MetadataRecord::FenceBroker(FenceBrokerRecord::decode(r, version)?)
            }
            UnfenceBrokerRecord::KEY => {
                MetadataRecord::UnfenceBroker(UnfenceBrokerRecord::decode(r, version)?)
            }
            RemoveTopicRecord::KEY => {
                MetadataRecord::RemoveTopic(RemoveTopicRecord::decode(r, version)?)
            }
            DelegationTokenRecord::KEY => {
                MetadataRecord::DelegationToken(DelegationTokenRecord::decode(r, version)?)
            }
            UserScramCredentialRecord::KEY => {
                MetadataRecord::UserScramCredential(UserScramCredentialRecord::decode(r, version)?)
            }
            FeatureLevelRecord::KEY => {
                MetadataRecord::FeatureLevel(FeatureLevelRecord::decode(r, version)?)
            }
            ClientQuotaRecord::KEY => {
                MetadataRecord::ClientQuota(ClientQuotaRecord::decode(r, version)?)
            }
            ProducerIdsRecord::KEY => {
                MetadataRecord::ProducerIds(ProducerIdsRecord::decode(r, version)?)
            }
            BrokerRegistrationChangeRecord::KEY => MetadataRecord::BrokerRegistrationChange(
                BrokerRegistrationChangeRecord::decode(r, version)?,
            ),
            AccessControlEntryRecord::KEY => {
                MetadataRecord::AccessControlEntry(AccessControlEntryRecord::decode(r, version)?)
            }
            RemoveAccessControlEntryRecord::KEY => MetadataRecord::RemoveAccessControlEntry(
                RemoveAccessControlEntryRecord::decode(r, version)?,
            ),
            NoOpRecord::KEY => MetadataRecord::NoOp(NoOpRecord::decode(r, version)?),
            ZkMigrationStateRecord::KEY => {
                MetadataRecord::ZkMigrationState(ZkMigrationStateRecord::decode(r, version)?)
            }
            RemoveUserScramCredentialRecord::KEY => MetadataRecord::RemoveUserScramCredential(
                RemoveUserScramCredentialRecord::decode(r, version)?,
            ),
            BeginTransactionRecord::KEY => {
                MetadataRecord::BeginTransaction(BeginTransactionRecord::decode(r, version)?)
            }
            EndTransactionRecord::KEY => {
                MetadataRecord::EndTransaction(EndTransactionRecord::decode(r, version)?)
            }
            AbortTransactionRecord::KEY => {
                MetadataRecord::AbortTransaction(AbortTransactionRecord::decode(r, version)?)
            }
            RemoveDelegationTokenRecord::KEY => MetadataRecord::RemoveDelegationToken(
                RemoveDelegationTokenRecord::decode(r, version)?,
            ),
            RegisterControllerRecord::KEY => {
                MetadataRecord::RegisterController(RegisterControllerRecord::decode(r, version)?)
            }
            ClearElrRecord::KEY => MetadataRecord::ClearElr(ClearElrRecord::decode(r, version)?),
            _ => return Err(DecodeError::Key { key: key.into() }),
        })
    }

    /// Writes its body.
    pub fn encode_body(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        match self {
            MetadataRecord::RegisterBroker(record) => record.encode(w, version),
            MetadataRecord::UnregisterBroker(record) => record.encode(w, version),
            MetadataRecord::Topic(record) => record.encode(w, version),
            MetadataRecord::Partition(record) => record.encode(w, version),
            MetadataRecord::Config(record) => record.encode(w, version),
            MetadataRecord::PartitionChange(record) => record.encode(w, version),
            MetadataRecord::FenceBroker(record) => record.encode(w, version),
            MetadataRecord::UnfenceBroker(record) => record.encode(w, version),
            MetadataRecord::RemoveTopic(record) => record.encode(w, version),
            MetadataRecord::DelegationToken(record) => record.encode(w, version),
            MetadataRecord::UserScramCredential(record) => record.encode(w, version),
            MetadataRecord::FeatureLevel(record) => record.encode(w, version),
            MetadataRecord::ClientQuota(record) => record.encode(w, version),
            MetadataRecord::ProducerIds(record) => record.encode(w, version),
            MetadataRecord::BrokerRegistrationChange(record) => record.encode(w, version),
            MetadataRecord::AccessControlEntry(record) => record.encode(w, version),
            MetadataRecord::RemoveAccessControlEntry(record) => record.encode(w, version),
            MetadataRecord::NoOp(record) => record.encode(w, version),
            MetadataRecord::ZkMigrationState(record) => record.encode(w, version),
            MetadataRecord::RemoveUserScramCredential(record) => record.encode(w, version),
            MetadataRecord::BeginTransaction(record) => record.encode(w, version),
            MetadataRecord::EndTransaction(record) => record.encode(w, version),
            MetadataRecord::AbortTransaction(record) => record.encode(w, version),
            MetadataRecord::RemoveDelegationToken(record) => record.encode(w, version),
            MetadataRecord::RegisterController(record) => record.encode(w, version),
            MetadataRecord::ClearElr(record) => record.encode(w, version),
        }
    }
}
