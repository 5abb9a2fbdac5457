//! Commits: whose are taken, when they are told, what a crash leaves, when they expire.

use ottla_coordinator::{Groups, Identity, Join, Record, Request, Response, State};
use ottla_machine::{Entry, Offset, ProducerId};
use ottla_protocol::ErrorCode;
use ottla_replicated::Runtime;

use crate::world::{Log, World, consumer, errors, pending, subscription, who};

const ANYBODY: i32 = -1;
const HOUR_MS: i64 = 60 * 60 * 1000;
const AN_HOUR: &[(&str, &str)] = &[("offsets.retention.minutes", "60")];
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

#[test]
fn a_commit_is_told_when_it_is_durable_and_is_there_after_a_crash() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(1);
    let ticket = world.commit_offset(who(&ids[0], 1), "t", 5);
    assert!(world.waits(ticket));
    world.commit();
    assert_eq!(errors(world.told(ticket)), [ErrorCode::None]);
    assert_eq!(world.offset("t"), 5);
    assert_eq!(world.offset("u"), -1);
    assert_eq!(world.crash(&[]).offset("t"), 5);
}

#[test]
fn a_read_waits_for_the_commit_that_it_shows() {
    let mut world = World::new(&[]);
    assert_eq!(world.committed(who("", ANYBODY), "t", 1), ErrorCode::None);
    let _ = world.commit_offset(who("", ANYBODY), "t", 2);
    let fetch = Request::FetchOffsets {
        group: "g".into(),
        topics: None,
        require_stable: false,
    };
    let ticket = world.ask(fetch);
    assert!(world.waits(ticket));
    world.commit();
    let Response::Offsets(topics) = world.told(ticket) else {
        panic!("an answer")
    };
    assert_eq!(topics[0].1[0].1.as_ref().unwrap().offset, 2);
}

#[test]
fn only_a_member_of_this_generation_commits_to_a_group_that_is_not_empty() {
    let mut world = World::new(&[]);
    let unknown = world.committed(who("m", 1), "t", 1);
    assert_eq!(unknown, ErrorCode::GroupIdNotFound);
    let (ids, _) = world.stable(2);
    let mut said = |who: Identity| world.committed(who, "t", 1);
    assert_eq!(said(who("", ANYBODY)), ErrorCode::UnknownMemberId);
    assert_eq!(said(who("nobody", 1)), ErrorCode::UnknownMemberId);
    assert_eq!(said(who(&ids[0], 0)), ErrorCode::IllegalGeneration);
    assert_eq!(said(who(&ids[0], 2)), ErrorCode::IllegalGeneration);
    assert_eq!(said(who(&ids[0], 1)), ErrorCode::None);
    // While the others are awaited, what was read may still be committed.
    let change = Join {
        protocols: vec![("range".into(), subscription(&["u"]))],
        ..consumer(&ids[1])
    };
    let _ = world.join(change);
    assert_eq!(world.state(), Some(State::PreparingRebalance));
    assert_eq!(world.committed(who(&ids[0], 1), "t", 2), ErrorCode::None);
    let _ = world.join(consumer(&ids[0]));
    assert_eq!(world.state(), Some(State::CompletingRebalance));
    let late = world.committed(who(&ids[0], 2), "t", 3);
    assert_eq!(late, ErrorCode::RebalanceInProgress);
    assert_eq!(
        world.committed(who(&ids[0], 1), "t", 3),
        ErrorCode::IllegalGeneration
    );
    assert_eq!(world.offset("t"), 2);
}

#[test]
fn a_commit_keeps_a_session_alive() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(1);
    for at in 0..4 {
        world.pass(9_000);
        assert_eq!(world.committed(who(&ids[0], 1), "t", at), ErrorCode::None);
    }
}

#[test]
fn a_long_note_is_refused_alone() {
    let mut world = World::new(&[("offset.metadata.max.bytes", "3")]);
    let request = |metadata: &str| {
        let commit = |partition: i32, metadata: &str| ottla_coordinator::NewCommit {
            topic: "t".into(),
            topic_id: crate::world::topic_id("t"),
            partition,
            offset: 1,
            leader_epoch: 4,
            metadata: metadata.into(),
        };
        Request::Commit(Box::new(ottla_coordinator::CommitOffsets {
            identity: who("", ANYBODY),
            knows_group_not_found: true,
            retention_ms: -1,
            commits: vec![commit(0, metadata), commit(1, "")],
        }))
    };
    let ticket = world.ask(request("long"));
    world.commit();
    let said = vec![ErrorCode::OffsetMetadataTooLarge, ErrorCode::None];
    assert_eq!(errors(world.told(ticket)), said);
    assert_eq!(world.offset("t"), -1);
}

#[test]
fn what_nobody_reads_can_be_forgotten() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(1);
    for topic in ["t", "u"] {
        assert_eq!(world.committed(who(&ids[0], 1), topic, 9), ErrorCode::None);
    }
    let ticket = world.ask(Request::DeleteOffsets {
        group: "g".into(),
        topics: vec![("t".into(), vec![0]), ("u".into(), vec![0, 1])],
    });
    world.commit();
    let said = vec![
        ErrorCode::GroupSubscribedToTopic,
        ErrorCode::None,
        ErrorCode::None,
    ];
    assert_eq!(errors(world.told(ticket)), said);
    assert_eq!((world.offset("t"), world.offset("u")), (9, -1));
}

#[test]
fn commits_expire_when_the_group_has_been_empty_for_long_and_the_group_with_them() {
    let mut world = World::new(AN_HOUR);
    let (ids, _) = world.stable(1);
    assert_eq!(world.committed(who(&ids[0], 1), "t", 9), ErrorCode::None);
    // As long as somebody is there who reads the topic they stay, however old.
    for _ in 0..2 * HOUR_MS / 9_000 {
        world.pass(9_000);
        assert_eq!(world.heartbeat(&ids[0], 1), Ok(()));
    }
    assert_eq!(world.offset("t"), 9);
    let _ = world.leave(&ids[0]);
    world.pass(HOUR_MS - 1_000_000);
    assert_eq!(world.offset("t"), 9);
    // .. also after a crash: the record says since when.
    let mut again = world.crash(AN_HOUR);
    again.now = world.now;
    again.pass(2_000_000);
    assert_eq!(again.offset("t"), -1);
    again.pass(600_000);
    assert_eq!(again.state(), None);
    assert_eq!(again.crash(AN_HOUR).state(), None);
}

#[test]
fn without_members_each_commit_expires_by_itself() {
    let mut world = World::new(&[]);
    assert_eq!(world.committed(who("", ANYBODY), "t", 1), ErrorCode::None);
    world.pass(WEEK_MS / 2);
    assert_eq!(world.committed(who("", ANYBODY), "u", 2), ErrorCode::None);
    world.pass(WEEK_MS / 2 + 1_000_000);
    assert_eq!((world.offset("t"), world.offset("u")), (-1, 2));
}

/// Whether the last record says that group `g` is no more.
fn ends_with_the_group(world: &World) -> bool {
    let gone = Record::Group {
        group: "g".into(),
        metadata: None,
    };
    world.log.records.last() == Some(&gone.encode().expect("it fits"))
}

#[test]
fn a_group_of_commits_alone_goes_by_a_record_of_the_group() {
    let mut world = World::new(&[]);
    assert_eq!(world.committed(who("", ANYBODY), "t", 1), ErrorCode::None);
    let ticket = world.ask(Request::Delete("g".into()));
    world.commit();
    assert_eq!(world.told(ticket), Response::Deleted(Ok(())));
    assert!(ends_with_the_group(&world));

    let mut world = World::new(&[]);
    assert_eq!(world.committed(who("", ANYBODY), "t", 1), ErrorCode::None);
    world.pass(WEEK_MS + 1_000_000);
    assert_eq!(world.state(), None);
    assert!(ends_with_the_group(&world));
}

#[test]
fn commits_of_a_topic_that_is_gone_are_not_shown_and_go() {
    let mut world = World::new(&[]);
    assert_eq!(world.committed(who("", ANYBODY), "t", 1), ErrorCode::None);
    assert_eq!(world.committed(who("", ANYBODY), "u", 2), ErrorCode::None);
    world.topics(&[("u", 2)]);
    assert_eq!((world.offset("t"), world.offset("u")), (-1, 2));
    world.pass(600_000);
    let stored = world.runtime.state().group("g").unwrap();
    assert_eq!(stored.topics.len(), 1);
}

#[test]
fn a_group_of_commits_alone_is_there_until_it_expires_whatever_becomes_of_its_commits() {
    let mut world = World::new(&[]);
    assert_eq!(world.committed(who("", ANYBODY), "t", 1), ErrorCode::None);
    let ticket = world.ask(Request::DeleteOffsets {
        group: "g".into(),
        topics: vec![("t".into(), vec![0])],
    });
    world.commit();
    assert_eq!(errors(world.told(ticket)), [ErrorCode::None]);
    assert_eq!(world.state(), Some(State::Empty));
    assert_eq!(world.crash(&[]).state(), Some(State::Empty));
    let unknown = world.committed(who("m", 1), "t", 1);
    assert_eq!(unknown, ErrorCode::UnknownMemberId);
    world.pass(600_000);
    assert_eq!(world.state(), None);
    assert!(ends_with_the_group(&world));
    assert_eq!(world.crash(&[]).state(), None);
}

#[test]
fn an_expiry_that_a_crash_cuts_short_is_brought_to_its_end() {
    let mut world = World::new(&[]);
    for topic in ["t", "u"] {
        assert_eq!(world.committed(who("", ANYBODY), topic, 1), ErrorCode::None);
    }
    let before = world.log.records.len();
    world.pass(WEEK_MS + 600_000);
    let end = world.log.records.len();
    assert_eq!(end - before, 3, "two commits and the group");
    for cut in before..=end {
        let mut log = world.log.clone();
        log.records.truncate(cut);
        let mut again = World::over(log, &[]);
        again.now = world.now;
        again.pass(600_000);
        assert_eq!(again.state(), None, "{cut}");
        assert!(ends_with_the_group(&again), "{cut}");
    }
}

#[test]
fn a_walk_that_goes_on_sees_what_was_committed_where_it_has_been() {
    let most = 1024;
    let mut world = World::new(&[]);
    world.topics(&[("t", most + 1), ("u", 2)]);
    let commit = |partitions: std::ops::Range<i32>| {
        Request::Commit(Box::new(ottla_coordinator::CommitOffsets {
            identity: who("", ANYBODY),
            knows_group_not_found: true,
            retention_ms: -1,
            commits: partitions
                .map(|partition| ottla_coordinator::NewCommit {
                    topic: "t".into(),
                    topic_id: crate::world::topic_id("t"),
                    partition,
                    offset: 1,
                    leader_epoch: -1,
                    metadata: "".into(),
                })
                .collect(),
        }))
    };
    let ticket = world.ask(commit(0..most + 1));
    world.commit();
    world.told(ticket);
    // Everything is old when the walk begins, and the first step takes all but one.
    world.now.wall.0 += WEEK_MS;
    world.now.mono = world.runtime.deadline().expect("the next walk");
    world.on_time();
    let left = |world: &World| {
        let stored = world.runtime.state().group("g");
        stored
            .and_then(|it| it.topics.get("t"))
            .map_or(0, |it| it.len())
    };
    assert_eq!(left(&world), 1, "a step is bounded");
    world.ask(commit(0..1));
    world.commit();
    world.pass(1);
    assert_eq!(left(&world), 1);
    assert_eq!(world.offset("t"), 1);
    assert!(!ends_with_the_group(&world));
}

#[test]
fn the_deletion_of_a_topic_takes_its_commits_and_nothing_else() {
    let mut world = World::new(AN_HOUR);
    let (ids, _) = world.stable(2);
    assert_eq!(world.committed(who(&ids[0], 1), "t", 1), ErrorCode::None);
    assert_eq!(world.committed(who(&ids[0], 1), "u", 2), ErrorCode::None);
    // Long enough for u to expire, which is no occasion for it; and the group rebalances.
    world.now.wall.0 += 2 * HOUR_MS;
    let _ = world.join(consumer(""));
    let before = world.log.records.len();
    world.topics(&[("u", 2)]);
    world.view_changed();
    world.pass(0);
    assert_eq!(world.log.records.len(), before, "it is not its turn yet");
    world.pass(1);
    let found = world.log.records[before..].to_vec();
    assert_eq!(found.len(), 1);
    let stored = world.runtime.state().group("g").unwrap();
    let left: Vec<&str> = stored.topics.keys().map(|it| &**it).collect();
    assert_eq!(left, ["u"]);
}

/// Producers, and whether each commits.
type Ends<'a> = &'a [(i64, bool)];

/// A log in which two transactions commit for one partition, and a plain commit comes between.
fn transactions(ends: Ends<'_>) -> Runtime<Groups> {
    let mut runtime = Runtime::new(Groups::new(), Offset(0));
    let mut at = 0;
    let mut load = |record: &Record, producer| {
        runtime.load(Offset(at), Entry::Record { producer, record });
        at += 1;
    };
    let (first, producer) = pending(1, 10);
    load(&first, producer);
    let (plain, _) = pending(0, 20);
    load(&plain, None);
    let (second, producer) = pending(2, 30);
    load(&second, producer);
    for (producer, commit) in ends {
        let entry = Entry::Marker {
            producer: (ProducerId(*producer), 0),
            commit: *commit,
        };
        runtime.load(Offset(at), entry);
        at += 1;
    }
    runtime
}

#[test]
fn a_transaction_commits_at_its_marker_and_the_later_commit_holds() {
    let cases: [(Ends<'_>, i64, bool); 5] = [
        (&[], 20, true),
        (&[(1, true)], 20, true),
        (&[(1, true), (2, true)], 30, false),
        (&[(2, true), (1, true)], 30, false),
        (&[(1, false), (2, false)], 20, false),
    ];
    for (ends, offset, open) in cases {
        let runtime = transactions(ends);
        let groups = runtime.state();
        let stored = groups.group("g").unwrap();
        assert_eq!(stored.commit("t", 0).unwrap().offset, offset, "{ends:?}");
        assert_eq!(groups.has_pending("g", "t", 0), open, "{ends:?}");
    }
}

#[test]
fn groups_of_other_kinds_are_listed_and_kept_and_nobody_joins_them() {
    let key = |record_type: i16, parts: &[&str]| {
        let mut bytes = record_type.to_be_bytes().to_vec();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as i16).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes::Bytes::from(bytes)
    };
    let mut log = Log::default();
    let value = Some(bytes::Bytes::from_static(&[0, 0, 0, 0, 0, 7]));
    log.records.push((key(3, &["g"]), value.clone()));
    log.records.push((key(5, &["g", "m"]), value.clone()));
    log.records.push((key(11, &["s"]), value));
    let mut world = World::over(log, &[]);
    let ticket = world.ask(Request::List {
        states: Vec::new(),
        kinds: Vec::new(),
    });
    let Response::Listed(listed) = world.told(ticket) else {
        panic!("a list")
    };
    let listed: Vec<_> = listed
        .iter()
        .map(|it| (&*it.group, it.kind.name(), it.state))
        .collect();
    let all = [("g", "consumer", "Stable"), ("s", "share", "Empty")];
    assert_eq!(listed, all);
    let ticket = world.join(consumer(""));
    let error = world.joined(ticket).error;
    assert_eq!(error, Some(ErrorCode::InconsistentGroupProtocol));
    assert_eq!(world.state(), None, "it is no classic group");
}
