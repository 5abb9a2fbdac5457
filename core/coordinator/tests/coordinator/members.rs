//! Members come, stay, go; rebalances begin and end.

use ottla_coordinator::{Join, Joined, Request, Response, State, partition_of};
use ottla_protocol::ErrorCode;
use ottla_replicated::Refused;

use crate::world::{World, consumer, subscription};

#[test]
fn a_partition_is_found_as_java_hashes() {
    // "polygenelubricants" hashes to the least integer, which has no positive twin.
    assert_eq!(partition_of("polygenelubricants", 50), 0);
    assert_eq!(partition_of("g", 50), 103 % 50);
    assert_eq!(partition_of("", 50), 0);
}

#[test]
fn a_new_member_is_given_an_id_and_must_come_again_with_it() {
    let mut world = World::new(&[]);
    let ticket = world.join(consumer(""));
    assert!(world.waits(ticket), "the group is not stored yet");
    world.commit();
    let joined = world.joined(ticket);
    assert_eq!(joined.error, Some(ErrorCode::MemberIdRequired));
    assert!(joined.member.starts_with("c-") && joined.member.len() == 2 + 36);
    assert_eq!(world.state(), Some(State::Empty));
    let ticket = world.join(consumer(&joined.member));
    world.pass(0);
    let answer = world.joined(ticket);
    assert_eq!((answer.error, answer.generation), (None, 1));
    assert_eq!(
        (&answer.leader, &answer.member),
        (&joined.member, &joined.member)
    );
    assert_eq!(answer.members.len(), 1);
    assert_eq!(answer.protocol.as_deref(), Some("range"));
    assert_eq!(world.state(), Some(State::CompletingRebalance));
}

#[test]
fn an_id_that_is_not_used_expires() {
    let mut world = World::new(&[]);
    let id = world.new_id();
    world.pass(10_001);
    let ticket = world.join(consumer(&id));
    assert_eq!(world.joined(ticket).error, Some(ErrorCode::UnknownMemberId));
}

#[test]
fn what_cannot_be_a_member_is_refused_and_makes_no_group() {
    let mut world = World::new(&[]);
    let refused = [
        (
            Join {
                group: "".into(),
                ..consumer("")
            },
            ErrorCode::InvalidGroupId,
        ),
        (
            Join {
                session_timeout_ms: 5_999,
                ..consumer("")
            },
            ErrorCode::InvalidSessionTimeout,
        ),
        (
            Join {
                session_timeout_ms: 1_800_001,
                ..consumer("")
            },
            ErrorCode::InvalidSessionTimeout,
        ),
        (
            Join {
                protocols: Vec::new(),
                ..consumer("")
            },
            ErrorCode::InconsistentGroupProtocol,
        ),
        (
            Join {
                protocol_type: "".into(),
                ..consumer("")
            },
            ErrorCode::InconsistentGroupProtocol,
        ),
        (consumer("nobody"), ErrorCode::UnknownMemberId),
    ];
    for (join, error) in refused {
        let ticket = world.join(join);
        assert_eq!(world.joined(ticket).error, Some(error));
    }
    assert_eq!(world.state(), None);
    assert!(world.log.records.is_empty());
}

#[test]
fn the_first_members_wait_for_others_up_to_the_rebalance_timeout() {
    let mut world = World::new(&[("group.initial.rebalance.delay.ms", "3000")]);
    let first = world.new_id();
    let first_join = world.join(consumer(&first));
    world.pass(2_000);
    let second = world.new_id();
    let second_join = world.join(consumer(&second));
    world.pass(1_500);
    assert!(world.waits(first_join), "somebody has come meanwhile");
    world.pass(2_600);
    let (one, two) = (world.joined(first_join), world.joined(second_join));
    assert_eq!((one.generation, two.generation), (1, 1));
    assert_eq!((one.members.len(), two.members.len()), (2, 0));
    assert_eq!(one.leader, two.leader);
}

#[test]
fn an_assignment_is_told_when_it_is_stored_and_again_to_whoever_asks() {
    let mut world = World::new(&[]);
    let (ids, generation) = world.stable(2);
    assert_eq!(generation, 1);
    assert_eq!(world.state(), Some(State::Stable));
    let again = world.sync(&ids[1], 1, &[]);
    assert_eq!(world.synced(again).unwrap().assignment, ids[1].as_bytes());
    let old = world.sync(&ids[1], 0, &[]);
    assert_eq!(world.synced(old).err(), Some(ErrorCode::IllegalGeneration));
    let nobody = world.sync("nobody", 1, &[]);
    assert_eq!(world.synced(nobody).err(), Some(ErrorCode::UnknownMemberId));
    assert_eq!(world.heartbeat(&ids[0], 1), Ok(()));
    assert_eq!(
        world.heartbeat(&ids[0], 2),
        Err(ErrorCode::IllegalGeneration)
    );
    assert_eq!(
        world.heartbeat("nobody", 1),
        Err(ErrorCode::UnknownMemberId)
    );
}

#[test]
fn a_third_member_makes_the_others_join_again() {
    let mut world = World::new(&[]);
    let (mut ids, _) = world.stable(2);
    let third = world.new_id();
    assert_eq!(
        world.heartbeat(&ids[0], 1),
        Ok(()),
        "an id is no member yet"
    );
    let mut tickets = vec![world.join(consumer(&third))];
    assert_eq!(
        world.heartbeat(&ids[0], 1),
        Err(ErrorCode::RebalanceInProgress)
    );
    assert_eq!(world.state(), Some(State::PreparingRebalance));
    for id in &ids {
        tickets.push(world.join(consumer(id)));
    }
    ids.insert(0, third);
    let (_, generation) = world.assign(&ids, &tickets);
    assert_eq!(generation, 2);
}

#[test]
fn who_does_not_join_again_in_time_is_out() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(3);
    let ticket = world.join(Join {
        protocols: vec![("range".into(), subscription(&["u"]))],
        ..consumer(&ids[0])
    });
    // One still sends heartbeats and never joins.
    for _ in 0..12 {
        assert_eq!(
            world.heartbeat(&ids[1], 1),
            Err(ErrorCode::RebalanceInProgress)
        );
        world.pass(5_000);
    }
    world.pass(1);
    let joined = world.joined(ticket);
    assert_eq!((joined.generation, joined.members.len()), (2, 1));
    assert_eq!(world.heartbeat(&ids[1], 1), Err(ErrorCode::UnknownMemberId));
}

#[test]
fn who_is_silent_is_out_and_its_zombie_is_not_heard() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(2);
    for _ in 0..3 {
        world.pass(4_000);
        let _ = world.heartbeat(&ids[0], 1);
    }
    assert_eq!(world.state(), Some(State::PreparingRebalance));
    assert_eq!(world.heartbeat(&ids[1], 1), Err(ErrorCode::UnknownMemberId));
    let ticket = world.join(consumer(&ids[0]));
    let joined = world.joined(ticket);
    assert_eq!((joined.generation, joined.members.len()), (2, 1));
}

#[test]
fn who_never_asks_for_its_assignment_is_out() {
    let mut world = World::new(&[]);
    let ids = [world.new_id(), world.new_id()];
    let tickets: Vec<u32> = ids.iter().map(|id| world.join(consumer(id))).collect();
    world.pass(0);
    let leader = world.joined(tickets[0]).leader.to_string();
    let other = ids.iter().find(|id| **id != leader).unwrap().clone();
    let waiting = world.sync(&other, 1, &[]);
    // The leader lives, but never assigns (KAFKA-12890).
    for _ in 0..12 {
        assert_eq!(world.heartbeat(&leader, 1), Ok(()));
        world.pass(5_000);
    }
    assert_eq!(
        world.synced(waiting).err(),
        Some(ErrorCode::RebalanceInProgress)
    );
    assert_eq!(world.heartbeat(&leader, 1), Err(ErrorCode::UnknownMemberId));
}

#[test]
fn the_last_member_that_leaves_leaves_an_empty_group_of_the_next_generation() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(1);
    let ticket = world.leave(&ids[0]);
    assert!(world.waits(ticket));
    world.commit();
    assert_eq!(world.told(ticket), Response::Left(vec![ErrorCode::None]));
    assert_eq!(world.state(), Some(State::Empty));
    let again = world.leave(&ids[0]);
    assert_eq!(
        world.told(again),
        Response::Left(vec![ErrorCode::UnknownMemberId])
    );
    let (_, generation) = world.stable(1);
    assert_eq!(generation, 3);
}

#[test]
fn a_follower_that_joins_again_with_nothing_new_changes_nothing_and_a_leader_does() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(2);
    let metadata = world
        .runtime
        .state()
        .group("g")
        .unwrap()
        .metadata
        .clone()
        .unwrap();
    let leader = metadata.leader.clone().unwrap().to_string();
    let follower = ids.iter().find(|id| **id != leader).unwrap().clone();
    let ticket = world.join(consumer(&follower));
    assert_eq!(world.joined(ticket).generation, 1);
    assert_eq!(world.state(), Some(State::Stable));
    let _ = world.join(consumer(&leader));
    assert_eq!(world.state(), Some(State::PreparingRebalance));
}

#[test]
fn who_asks_again_for_what_it_is_in_is_alive() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(2);
    let stored = world.runtime.state().group("g").unwrap();
    let leader = stored.metadata.as_ref().unwrap().leader.clone().unwrap();
    let follower = ids.iter().find(|id| **id != *leader).unwrap().clone();
    for _ in 0..4 {
        world.pass(4_000);
        let _ = world.heartbeat(&leader, 1);
        let ticket = world.join(consumer(&follower));
        assert_eq!(world.joined(ticket).generation, 1);
    }
    assert_eq!(world.state(), Some(State::Stable));
}

#[test]
fn a_group_has_at_most_so_many_members() {
    let mut world = World::new(&[("group.max.size", "2")]);
    let (ids, _) = world.stable(2);
    let ticket = world.join(consumer(""));
    assert_eq!(
        world.joined(ticket).error,
        Some(ErrorCode::GroupMaxSizeReached)
    );
    assert_eq!(world.heartbeat(&ids[0], 1), Ok(()));
}

#[test]
fn ids_given_out_beyond_the_size_do_not_all_become_members() {
    let mut world = World::new(&[("group.max.size", "2")]);
    let ids: Vec<String> = (0..4).map(|_| world.new_id()).collect();
    let tickets: Vec<u32> = ids.iter().map(|id| world.join(consumer(id))).collect();
    world.pass(0);
    let answers = tickets.iter().map(|it| world.joined(*it).error);
    let answers: Vec<_> = answers.collect();
    let full = Some(ErrorCode::GroupMaxSizeReached);
    assert_eq!(answers, [None, None, full, full]);
}

#[test]
fn the_protocol_is_one_that_all_have_and_most_prefer() {
    let mut world = World::new(&[]);
    let with = |names: &[&str]| {
        let names = names.iter();
        names
            .map(|name| ((*name).into(), subscription(&["t"])))
            .collect::<Vec<_>>()
    };
    let ids: Vec<String> = (0..3).map(|_| world.new_id()).collect();
    let said = [with(&["a", "b"]), with(&["c", "b", "a"]), with(&["b", "a"])];
    let mut tickets = Vec::new();
    for (id, protocols) in ids.iter().zip(said) {
        tickets.push(world.join(Join {
            protocols,
            ..consumer(id)
        }));
    }
    world.pass(0);
    assert_eq!(world.joined(tickets[0]).protocol.as_deref(), Some("b"));
    let ticket = world.join(Join {
        protocols: with(&["d"]),
        ..consumer("")
    });
    let error = world.joined(ticket).error;
    assert_eq!(error, Some(ErrorCode::InconsistentGroupProtocol));
}

#[test]
fn members_are_here_still_after_a_crash_until_their_sessions_end() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(2);
    let mut world = world.crash(&[]);
    assert_eq!(world.state(), Some(State::Stable));
    assert_eq!(world.heartbeat(&ids[0], 1), Ok(()));
    let again = world.sync(&ids[0], 1, &[]);
    assert_eq!(world.synced(again).unwrap().assignment, ids[0].as_bytes());
    world.pass(10_001);
    assert_eq!(world.state(), Some(State::Empty));
}

#[test]
fn a_generation_never_comes_back_smaller_after_a_crash() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(1);
    // Told and never stored, twice: the leader joins again and again and never assigns.
    let mut told = 1;
    for _ in 0..3 {
        let ticket = world.join(Join {
            protocols: vec![("range".into(), vec![told as u8].into())],
            ..consumer(&ids[0])
        });
        world.commit();
        told = world.joined(ticket).generation;
    }
    assert_eq!(told, 4, "as Apache Kafka counts");
    let mut world = world.crash(&[]);
    // What was told and never assigned is nobody's, and goes on by itself.
    assert_eq!(world.state(), Some(State::PreparingRebalance));
    assert_eq!(
        world.heartbeat(&ids[0], 1),
        Err(ErrorCode::IllegalGeneration)
    );
    let ticket = world.join(consumer(&ids[0]));
    world.commit();
    let joined = world.joined(ticket);
    assert!(
        joined.generation >= told,
        "{} after {told}",
        joined.generation
    );
}

#[test]
fn an_assignment_that_could_not_be_stored_is_not_told() {
    let mut world = World::new(&[]);
    let id = world.new_id();
    let ticket = world.join(consumer(&id));
    world.pass(0);
    assert_eq!(world.joined(ticket).generation, 1);
    world.log.refuse = Some(Refused::Full);
    let ticket = world.sync(&id, 1, &[(&id, "all")]);
    assert_eq!(
        world.told(ticket),
        Response::Refused(ErrorCode::CoordinatorNotAvailable)
    );
    assert_eq!(world.state(), Some(State::CompletingRebalance));
    world.log.refuse = None;
    let ticket = world.sync(&id, 1, &[(&id, "all")]);
    world.commit();
    assert_eq!(world.synced(ticket).unwrap().assignment, "all");
}

#[test]
fn whoever_waits_when_the_tenure_ends_is_given_back() {
    let mut world = World::new(&[("group.initial.rebalance.delay.ms", "3000")]);
    let id = world.new_id();
    let ticket = world.join(consumer(&id));
    let waiting: Vec<u32> = world.runtime.end().iter().map(|it| it.slot).collect();
    assert_eq!(waiting, [ticket]);
}

#[test]
fn a_group_is_deleted_when_it_is_empty() {
    let mut world = World::new(&[]);
    let (ids, _) = world.stable(1);
    let delete = |world: &mut World| {
        let ticket = world.ask(Request::Delete("g".into()));
        world.commit();
        world.told(ticket)
    };
    assert_eq!(
        delete(&mut world),
        Response::Deleted(Err(ErrorCode::NonEmptyGroup))
    );
    let _ = world.leave(&ids[0]);
    assert_eq!(delete(&mut world), Response::Deleted(Ok(())));
    assert_eq!(
        delete(&mut world),
        Response::Deleted(Err(ErrorCode::GroupIdNotFound))
    );
    assert_eq!(world.state(), None);
    assert_eq!(world.crash(&[]).state(), None);
}

#[test]
fn who_waited_longer_than_its_session_for_an_assignment_that_never_came_is_missed_from_then_on() {
    let mut world = World::new(&[]);
    let ids: Vec<String> = (0..2).map(|_| world.new_id()).collect();
    let tickets: Vec<u32> = ids.iter().map(|id| world.join(consumer(id))).collect();
    world.pass(0);
    let answers: Vec<Joined> = tickets.iter().map(|it| world.joined(*it)).collect();
    let leader = answers[0].leader.to_string();
    let other = ids.iter().find(|id| **id != leader).expect("two members");
    let ticket = world.sync(other, 1, &[]);
    for _ in 0..2 {
        world.pass(9_000);
        assert_eq!(world.heartbeat(&leader, 1), Ok(()));
    }
    // The leader is missed; the other has waited for 28 s in a session of 10.
    world.pass(10_000);
    assert_eq!(world.synced(ticket), Err(ErrorCode::RebalanceInProgress));
    world.pass(9_999);
    assert_eq!(world.state(), Some(State::PreparingRebalance));
    world.pass(1);
    assert_eq!(world.state(), Some(State::Empty));
}
