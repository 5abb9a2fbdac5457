//! What the broker holds in memory of groups is what their log on its disk adds up to, no more and no less.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_coordinator::{Groups, Stored};

use super::{Oracle, Scene, Verdict, excuses, fired};
use crate::group_log::{self, Formed, Group};
use crate::groups::Commit;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct GroupsReplay;

const NAME: &str = "groups-replay";

impl Oracle for GroupsReplay {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sweep(&mut self, scene: &Scene<'_>) -> Verdict {
        let Some(broker) = scene.broker else {
            return Ok(());
        };
        for (partition, groups, end) in broker.groups() {
            let dir = format!("{}-{}", group_log::TOPIC, partition.index);
            if excuses::hurt(scene) {
                continue;
            }
            let mut said = BTreeMap::new();
            match group_log::fold(scene.media, &dir, end.0, &mut said) {
                Err(what) => return fired(NAME, what),
                // The disk does not have that much yet, or it ends in a hole.
                Ok(there) if there < end.0 => continue,
                Ok(_) => {}
            }
            said.retain(|_, group| *group != Group::default());
            differs(&dir, groups, &said)?;
        }
        Ok(())
    }
}

fn differs(dir: &str, held: &Groups, said: &BTreeMap<Arc<str>, Group>) -> Verdict {
    let held: BTreeMap<Arc<str>, Group> = held
        .groups()
        .iter()
        .map(|(name, stored)| (Arc::clone(name), shown(stored)))
        // A group of commits alone outlives them, as long as nobody looks.
        .filter(|(_, group)| *group != Group::default())
        .collect();
    let names = held.keys().chain(said.keys());
    let mut odd = names.filter(|name| held.get(*name) != said.get(*name));
    match odd.next() {
        Some(name) => fired(
            NAME,
            format!(
                "{dir}: of {name} memory says {:?}, the log {:?}",
                held.get(name),
                said.get(name)
            ),
        ),
        None => Ok(()),
    }
}

fn shown(stored: &Stored) -> Group {
    let formed = stored.metadata.as_ref().map(|it| {
        let members = it.members.iter().map(|member| {
            let id = Arc::clone(&member.id);
            (id, member.instance.clone(), member.assignment.clone())
        });
        Formed {
            generation: it.generation,
            protocol: it.protocol.clone(),
            leader: it.leader.clone(),
            members: members.collect(),
        }
    });
    let mut commits = BTreeMap::new();
    for (topic, partitions) in &stored.topics {
        for (index, commit) in partitions {
            let shown = Commit {
                offset: commit.offset,
                metadata: Arc::from(&*commit.metadata),
            };
            commits.insert((Arc::clone(topic), *index), shown);
        }
    }
    Group { formed, commits }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{Rig, create, fires, node, passes, script};
    use super::*;
    use crate::script::{Assignor, Operation, Place, Script};

    fn with(mut operations: Vec<Operation>) -> Script {
        operations.insert(0, create(1));
        let mut script = script(operations);
        let settings = [
            ("offsets.topic.num.partitions", "1"),
            ("group.min.session.timeout.ms", "10"),
        ];
        for (name, value) in settings {
            script.settings.insert(name.to_owned(), value.to_owned());
        }
        script
    }

    fn member() -> Operation {
        Operation::JoinGroup {
            group: 1,
            topics: vec![0],
            instance: None,
            session_ms: 3_000,
            rebalance_ms: 3_000,
            assignors: vec![Assignor::Range],
            dawdle: 0,
        }
    }

    fn commit(ahead: i64) -> Operation {
        let place = Place {
            topic: 0,
            partition: 0,
        };
        Operation::CommitAlone {
            group: 2,
            places: vec![place],
            ahead,
        }
    }

    #[test]
    fn what_is_in_memory_is_what_the_log_adds_up_to() {
        let find = || Operation::FetchOffsets {
            group: 2,
            places: None,
        };
        let (broker, own) = node(with(vec![member(), find(), commit(3)]));
        let mut rig = Rig::<GroupsReplay>::new();
        rig.media = own;
        let (_, groups, _) = broker.groups().next().expect("one partition");
        let shown: Vec<Group> = groups.groups().values().map(shown).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert_eq!(shown[0].formed.as_ref().map(|it| it.members.len()), Some(1));
        assert_eq!(shown[1].commits.len(), 1);
        passes(rig.sweep(Some(&broker)));
        // The same node, to which somebody else's disk is given.
        (_, rig.media) = node(with(vec![member(), find(), commit(4)]));
        fires(rig.sweep(Some(&broker)), "of g2 memory says");
    }
}
