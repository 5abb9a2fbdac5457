//! Records of what Ottla does not serve yet: kept byte for byte, by what they are about, so that nothing is lost when the
//! metadata is written again.

use ottla_protocol::messages::{ClientQuotaRecord, MetadataRecord};

/// What a kept record is about: the record's number, and which of its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// 10 delegation token, 11 SCRAM credential, 14 client quota, 18 ACL, 21 ZooKeeper migration.
    pub record: u16,
    /// Its identity among those.
    pub of: Vec<u8>,
}

/// What a record does to what is kept.
pub(crate) enum Keeping {
    /// It is kept, in place of an older one.
    Keep(Kept),
    /// One is forgotten; whether it must be there.
    Forget(Kept, bool),
}

impl Kept {
    fn new(record: u16, of: impl Into<Vec<u8>>) -> Kept {
        Kept {
            record,
            of: of.into(),
        }
    }
}

pub(crate) const DELEGATION_TOKEN: u16 = 10;
pub(crate) const SCRAM_CREDENTIAL: u16 = 11;
pub(crate) const CLIENT_QUOTA: u16 = 14;
/// The number of an ACL's record.
pub(crate) const ACCESS_CONTROL_ENTRY: u16 = 18;
pub(crate) const ZK_MIGRATION_STATE: u16 = 21;

/// What this record does to what is kept; `None` when it is one that is served.
pub(crate) fn keeping(record: &MetadataRecord<'_>) -> Option<Keeping> {
    use MetadataRecord as R;
    let scram = |name: &str, mechanism: i8| {
        let mut of = vec![mechanism as u8];
        of.extend_from_slice(name.as_bytes());
        Kept::new(SCRAM_CREDENTIAL, of)
    };
    Some(match record {
        R::AccessControlEntry(acl) => Keeping::Keep(Kept::new(ACCESS_CONTROL_ENTRY, acl.id.0)),
        R::RemoveAccessControlEntry(acl) => {
            Keeping::Forget(Kept::new(ACCESS_CONTROL_ENTRY, acl.id.0), true)
        }
        R::UserScramCredential(user) => Keeping::Keep(scram(&user.name, user.mechanism)),
        R::RemoveUserScramCredential(user) => {
            Keeping::Forget(scram(&user.name, user.mechanism), true)
        }
        R::DelegationToken(token) => {
            Keeping::Keep(Kept::new(DELEGATION_TOKEN, token.token_id.as_bytes()))
        }
        R::RemoveDelegationToken(token) => Keeping::Forget(
            Kept::new(DELEGATION_TOKEN, token.token_id.as_bytes()),
            false,
        ),
        R::ClientQuota(quota) if quota.remove => Keeping::Forget(quota_key(quota), false),
        R::ClientQuota(quota) => Keeping::Keep(quota_key(quota)),
        R::ZkMigrationState(_) => Keeping::Keep(Kept::new(ZK_MIGRATION_STATE, [])),
        _ => return None,
    })
}

/// The entity's parts in order of their types, so that the same entity is the same key however it was written.
fn quota_key(quota: &ClientQuotaRecord<'_>) -> Kept {
    let mut parts: Vec<(&str, Option<&str>)> = quota
        .entity
        .iter()
        .map(|part| (&*part.entity_type, part.entity_name.as_deref()))
        .collect();
    parts.sort_unstable();
    let mut of = Vec::new();
    for (kind, name) in parts {
        push(&mut of, kind);
        match name {
            Some(name) => {
                of.push(1);
                push(&mut of, name);
            }
            None => of.push(0),
        }
    }
    push(&mut of, &quota.key);
    Kept::new(CLIENT_QUOTA, of)
}

/// With its length, so that no two lists of texts look the same.
fn push(of: &mut Vec<u8>, text: &str) {
    of.extend_from_slice(&(text.len() as u64).to_be_bytes());
    of.extend_from_slice(text.as_bytes());
}
