//! What retention took it was allowed to take: less than `retention.bytes` is never left where something was taken, of a topic that is only
//! compacted nothing goes, and where neither size nor age is limited nothing goes either. Judged by what lies on the disk when a process
//! has ended and everything that it wrote is there; what it began with is looked at when it starts.
//!
//! Nothing is said of a partition of which a segment was damaged, nor where a sync failed and took what it should have covered, nor of a
//! topic whose settings are not known for sure: a name may have been given twice.

use std::collections::BTreeMap;

use super::{Oracle, Scene, Verdict, fired};
use crate::atlas::Entry;
use crate::history::{Ask, Death, Partition, Reply, Seen, TopicId};
use crate::on_disk::{self, LogOnDisk};
use crate::script::{Chance, Fault, Nanos, Operation, Script};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Retention {
    /// What topics were created with, as far as an answer has told their ids.
    settings: BTreeMap<TopicId, Vec<(String, String)>>,
    /// When the process started.
    since: Nanos,
    /// Where each log began when the process started, what a life before had given up included.
    began: BTreeMap<Partition, i64>,
}

const NAME: &str = "retention";
const DAY_MS: i64 = 86_400_000;
/// What nobody says otherwise is kept for seven days: no script's clocks come near it without jumps of more than this.
const JUMPS_MS: i64 = 5 * DAY_MS;

/// What may be taken from a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Allowed {
    /// Whether its age may cost a segment its life.
    by_age: bool,
    /// As many bytes are kept at least, if size may cost one its life.
    kept: Option<u64>,
}

impl Oracle for Retention {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Answered(asked, Reply::CreateTopic { error: 0, id }) => {
                if let (Ask::CreateTopic { settings, .. }, Some(id)) = (&asked.ask, id) {
                    self.settings.insert(*id, settings.clone());
                }
            }
            Seen::Started { .. } => self.begin(scene),
            Seen::Died { how, .. } if has_written_all(how) => return self.judge(scene),
            _ => {}
        }
        Ok(())
    }
}

/// Whether everything that the process took for written is on the disk.
fn has_written_all(how: &Death) -> bool {
    matches!(how, Death::Kill | Death::Stopped { .. })
}

impl Retention {
    fn begin(&mut self, scene: &Scene<'_>) {
        let given_up = on_disk::checkpoint(scene.media, "log-start-offset-checkpoint");
        let began = scene.logs(scene.media).into_iter().map(|(partition, log)| {
            let start = given_up.get(&log.dir).copied().unwrap_or(0);
            (partition, log.first.max(start))
        });
        self.began = began.collect();
        self.since = scene.at;
    }

    fn judge(&self, scene: &Scene<'_>) -> Verdict {
        let reverts = Chance::SyncFailsReverts.name();
        let reverted =
            |entry: &Entry| matches!(entry, Entry::Failed { what } if what.starts_with(reverts));
        let mut since = scene.atlas.entries().filter(|(at, _)| *at >= self.since);
        if since.any(|(_, entry)| reverted(entry)) {
            return Ok(());
        }
        for (partition, log) in scene.logs(scene.media) {
            let began = self.began.get(&partition).copied().unwrap_or(0);
            let hurt = scene.atlas.damaged_from(partition).is_some();
            let given_up = scene.ledger.given_up(partition);
            if log.first <= began.max(given_up)
                || hurt
                || scene.ledger.may_be_gone(&partition.topic)
            {
                continue;
            }
            if let Some(settings) = self.settings_of(scene, &partition.topic) {
                let mut allowed = allowed(scene.script, &settings);
                // What a compaction has made smaller cannot be measured any more.
                allowed.by_age |= allowed.kept.is_some() && scene.ledger.is_compacted(partition);
                left_enough(scene, partition, &log, began, allowed)?;
            }
        }
        Ok(())
    }

    /// What a topic was created with, if that is sure.
    fn settings_of(&self, scene: &Scene<'_>, id: &TopicId) -> Option<Vec<(String, String)>> {
        if let Some(settings) = self.settings.get(id) {
            return Some(settings.clone());
        }
        let name = &scene.ledger.topics.get(id)?.name;
        let ops = scene.script.clients.iter().flat_map(|client| &client.ops);
        let mut created = ops.filter_map(|op| match &op.what {
            Operation::CreateTopic {
                topic, settings, ..
            } if **name == *format!("t{topic}") => Some(settings),
            _ => None,
        });
        let first = created.next().cloned().unwrap_or_default();
        created.all(|other| *other == first).then_some(first)
    }
}

fn allowed(script: &Script, settings: &[(String, String)]) -> Allowed {
    let of = |name: &str| {
        let own = settings.iter().find(|(known, _)| known == name);
        let brokers = || script.settings.get(&format!("log.{name}"));
        own.map(|(_, value)| value).or_else(brokers)
    };
    let number = |name: &str| of(name).and_then(|value| value.parse::<i64>().ok());
    let deletes = of("cleanup.policy").is_none_or(|policy| policy.contains("delete"));
    let jumps = script.faults.iter().map(|fault| match fault.what {
        Fault::WallJump { ms } => ms.abs(),
        _ => 0,
    });
    let aged = match number("retention.ms") {
        Some(limit) => limit >= 0,
        None => jumps.sum::<i64>() > JUMPS_MS,
    };
    let bytes = number("retention.bytes").and_then(|limit| u64::try_from(limit).ok());
    Allowed {
        by_age: deletes && aged,
        kept: bytes.filter(|_| deletes),
    }
}

fn left_enough(
    scene: &Scene<'_>,
    partition: Partition,
    log: &LogOnDisk,
    began: i64,
    allowed: Allowed,
) -> Verdict {
    if allowed.by_age || allowed.kept.is_some_and(|kept| log.bytes >= kept) {
        return Ok(());
    }
    let name = scene.name(partition);
    let (first, left) = (log.first, log.bytes);
    fired(
        NAME,
        match allowed.kept {
            Some(kept) => format!(
                "{name}: what lay between {began} and {first} is gone, and {left} bytes are left where {kept} are kept"
            ),
            None => format!(
                "{name}: what lay between {began} and {first} is gone, and nothing of it may go"
            ),
        },
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ottla_media::Media;
    use ottla_protocol::Uuid;

    use super::super::rig::{Rig, fires, passes};
    use super::{Retention, Verdict};
    use crate::history::{Ask, Death, Reply, Seen};
    use crate::on_disk::made::{put, segment};

    /// A partition's directory with segments of thirty records.
    fn put_log(media: &mut Media, bases: &[i64]) {
        if media.list("t1-0", None, 1).is_err() {
            media.make_dir("t1-0").expect("room");
        }
        let metadata = format!("version: 0\ntopic_id: {}", Uuid([1; 16]));
        put(media, "t1-0/partition.metadata", metadata.as_bytes());
        for base in bases {
            put(media, &format!("t1-0/{base:020}.log"), &segment(*base));
        }
    }

    /// A topic with such settings lives with four segments, and retention takes the first of them.
    fn retained(settings: &[(&str, &str)], taken: usize, how: Death) -> Verdict {
        let mut rig = Rig::<Retention>::new();
        rig.start();
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let ask = Ask::CreateTopic {
            name: Arc::from("t1"),
            partitions: 1,
            settings: settings.collect(),
        };
        let id = Some([1; 16]);
        passes(rig.exchange(ask, &Reply::CreateTopic { error: 0, id }));
        put_log(&mut rig.media, &[0, 30, 60, 90][taken..]);
        let life = rig.life;
        rig.see(&Seen::Died { life, how: &how })
    }

    const CLEAN: Death = Death::Stopped { clean: true };

    #[test]
    fn as_much_is_left_as_is_to_be_kept() {
        let size = segment(0).len();
        let two = format!("{}", 2 * size);
        passes(retained(&[("retention.bytes", &two)], 2, CLEAN));
        fires(
            retained(&[("retention.bytes", &two)], 3, CLEAN),
            "bytes are left where",
        );
        fires(
            retained(&[("retention.bytes", &two)], 3, Death::Kill),
            "bytes are left where",
        );
        // What no sync covered went with the power.
        passes(retained(&[("retention.bytes", &two)], 3, Death::PowerCut));
        let aged = [("retention.bytes", two.as_str()), ("retention.ms", "10")];
        passes(retained(&aged, 3, CLEAN));
    }

    #[test]
    fn what_is_only_compacted_stays() {
        let limits = [("retention.bytes", "10"), ("retention.ms", "10")];
        let both = [("cleanup.policy", "compact,delete"), limits[0], limits[1]];
        passes(retained(&both, 1, CLEAN));
        let compacted = [("cleanup.policy", "compact"), limits[0], limits[1]];
        passes(retained(&compacted, 0, CLEAN));
        fires(retained(&compacted, 1, CLEAN), "nothing of it may go");
    }

    #[test]
    fn nothing_goes_where_nothing_is_limited() {
        passes(retained(&[], 0, CLEAN));
        fires(retained(&[], 1, CLEAN), "nothing of it may go");
        fires(
            retained(&[("retention.ms", "-1")], 1, CLEAN),
            "nothing of it may go",
        );
    }

    #[test]
    fn what_a_life_before_gave_up_may_go_in_the_next() {
        let next = |given_up: &str| {
            let mut rig = Rig::<Retention>::new();
            put_log(&mut rig.media, &[0, 30, 60]);
            let checkpoint = format!("0\n1\nt1 0 {given_up}\n");
            put(
                &mut rig.media,
                "log-start-offset-checkpoint",
                checkpoint.as_bytes(),
            );
            rig.start();
            let ask = Ask::CreateTopic {
                name: Arc::from("t1"),
                partitions: 1,
                settings: Vec::new(),
            };
            let id = Some([1; 16]);
            passes(rig.exchange(ask, &Reply::CreateTopic { error: 0, id }));
            rig.media
                .unlink(&format!("t1-0/{:020}.log", 0))
                .expect("there");
            let life = rig.life;
            rig.see(&Seen::Died { life, how: &CLEAN })
        };
        passes(next("30"));
        fires(next("0"), "nothing of it may go");
    }
}
