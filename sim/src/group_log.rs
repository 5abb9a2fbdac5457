//! What the logs of `__consumer_offsets` add up to, read by nothing that the broker reads them with but the codecs: each group's last
//! record, and the last commit of each partition.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use ottla_media::Media;
use ottla_protocol::messages::GroupRecord;
use ottla_record::{Batches, HEADER_LEN};

use crate::groups::Commit;
use crate::on_disk;

/// The topic.
pub const TOPIC: &str = "__consumer_offsets";

/// More than any batch of ours unpacks to.
const UNPACKED: usize = 64 << 20;

/// A group as the log has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its generation and members, if it has a record of its own.
    pub formed: Option<Formed>,
    /// What was committed, by topic and partition.
    pub commits: BTreeMap<(Arc<str>, i32), Commit>,
}

/// What a group's own record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formed {
    /// Its generation.
    pub generation: i32,
    /// How it divides.
    pub protocol: Option<Arc<str>>,
    /// Who leads it.
    pub leader: Option<Arc<str>>,
    /// Its members: id, static id, what each was given.
    pub members: Vec<(Arc<str>, Option<Arc<str>>, Bytes)>,
}

/// What lies on a disk, of all partitions.
pub fn groups(media: &Media) -> Result<BTreeMap<Arc<str>, Group>, String> {
    let mut groups = BTreeMap::new();
    for dir in on_disk::names(media, "") {
        let index = dir
            .strip_prefix(TOPIC)
            .and_then(|rest| rest.strip_prefix('-'));
        if index.is_some_and(|index| index.parse::<i32>().is_ok()) {
            fold(media, &dir, i64::MAX, &mut groups)?;
        }
    }
    groups.retain(|_, group| *group != Group::default());
    Ok(groups)
}

/// Adds up one partition's records below this offset; answers the offset behind the last one.
pub fn fold(
    media: &Media,
    dir: &str,
    to: i64,
    groups: &mut BTreeMap<Arc<str>, Group>,
) -> Result<i64, String> {
    let mut end = 0;
    for (base, name) in on_disk::segments(media, dir) {
        // What a compaction is putting in place is there twice.
        if base < end {
            continue;
        }
        end = end.max(base);
        let bytes = on_disk::file(media, &format!("{dir}/{name}")).unwrap_or_default();
        let mut at = 0;
        while bytes.len() - at >= HEADER_LEN {
            let Some(Ok(batch)) = Batches::new(&bytes[at..]).next() else {
                break;
            };
            let header = *batch.header();
            if header.base_offset < end || !batch.crc_is_right() {
                break;
            }
            if header.base_offset >= to {
                return Ok(end);
            }
            at += header.size();
            end = header.next_offset();
            if header.is_control() {
                continue;
            }
            let records = batch.records(UNPACKED).map_err(|why| format!("{why:?}"))?;
            for record in records.iter() {
                let record = record.map_err(|why| format!("{why:?}"))?;
                let key = record.key.ok_or("a record without a key")?;
                let said = GroupRecord::decode(key, record.value);
                let said = said.map_err(|why| {
                    format!(
                        "{dir}: a record in the batch at {} is none: {why}",
                        header.base_offset
                    )
                })?;
                take(said, groups);
            }
        }
    }
    Ok(end)
}

fn take(said: GroupRecord<'_>, groups: &mut BTreeMap<Arc<str>, Group>) {
    match said {
        GroupRecord::OffsetCommit(key, value) => {
            let group = groups.entry(Arc::from(&*key.group)).or_default();
            let of = (Arc::from(&*key.topic), key.partition);
            match value {
                Some(value) => {
                    let metadata = Arc::from(&*value.metadata);
                    let offset = value.offset;
                    group.commits.insert(of, Commit { offset, metadata });
                }
                None => {
                    group.commits.remove(&of);
                }
            }
        }
        GroupRecord::GroupMetadata(key, value) => {
            let group = groups.entry(Arc::from(&*key.group)).or_default();
            group.formed = value.map(|value| {
                let members = value.members.iter();
                let members = members.map(|member| {
                    let instance = member.group_instance_id.as_deref().map(Arc::from);
                    let assignment = Bytes::copy_from_slice(&member.assignment);
                    (Arc::from(&*member.member_id), instance, assignment)
                });
                Formed {
                    generation: value.generation,
                    protocol: value.protocol.as_deref().map(Arc::from),
                    leader: value.leader.as_deref().map(Arc::from),
                    members: members.collect(),
                }
            });
        }
        _ => {}
    }
}

/// Which partitions' directories there are.
pub fn dirs(media: &Media) -> BTreeSet<String> {
    let names = on_disk::names(media, "").into_iter();
    names.filter(|name| name.starts_with(TOPIC)).collect()
}

#[cfg(test)]
pub(crate) mod made {
    use ottla_media::Media;
    use ottla_protocol::messages::offset_commit_value::OffsetCommitValue;
    use ottla_protocol::messages::{GroupRecord, OffsetCommitKey};
    use ottla_record::{Builder, BuilderSettings};

    use crate::on_disk::made::put;

    /// Partition 0 holds these commits of group `g1` for `t1-0`, one after the other; none: forgotten.
    pub(crate) fn commits(media: &mut Media, commits: &[Option<(i64, &str)>]) {
        let mut file = Vec::new();
        for (base, commit) in (0..).zip(commits) {
            let key = OffsetCommitKey {
                group: "g1".into(),
                topic: "t1".into(),
                partition: 0,
            };
            let value = commit.map(|(offset, metadata)| OffsetCommitValue {
                offset,
                metadata: metadata.into(),
                ..OffsetCommitValue::default()
            });
            let record = GroupRecord::OffsetCommit(key, value);
            let (key, value) = record.encode(3).expect("a commit can be said");
            let mut builder = Builder::new(BuilderSettings {
                base_offset: base,
                ..BuilderSettings::default()
            });
            builder.append(1, Some(&key), value.as_deref(), &[]);
            file.extend_from_slice(&builder.finish());
        }
        let dir = format!("{}-0", super::TOPIC);
        media.make_dir(&dir).expect("room");
        put(media, &format!("{dir}/{:020}.log", 0), &file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_each_key_counts() {
        let mut media = Media::new(1 << 30);
        made::commits(&mut media, &[Some((3, "a")), Some((7, "b"))]);
        let groups = groups(&media).expect("whole records");
        let of = (Arc::from("t1"), 0);
        let commit = groups["g1"].commits[&of].clone();
        assert_eq!((commit.offset, &*commit.metadata), (7, "b"));
        let mut earlier = BTreeMap::new();
        let dir = format!("{TOPIC}-0");
        assert_eq!(fold(&media, &dir, 1, &mut earlier), Ok(1));
        let group: Arc<str> = Arc::from("g1");
        assert_eq!(earlier[&group].commits[&of].offset, 3);
    }

    #[test]
    fn what_is_forgotten_is_not_there() {
        let mut media = Media::new(1 << 30);
        made::commits(&mut media, &[Some((3, "a")), None]);
        assert_eq!(groups(&media), Ok(BTreeMap::new()));
    }
}
