//! Static members (KIP-345, KIP-814).

use ottla_coordinator::{Identity, Join, Request, Response, State};
use ottla_protocol::ErrorCode;

use crate::world::{World, fixed, subscription, who};

/// Two static members, stable; their ids, the leader's first.
fn two(world: &mut World) -> [String; 2] {
    let tickets = [world.join(fixed("i")), world.join(fixed("j"))];
    world.pass(0);
    world.commit();
    let answers = tickets.map(|it| world.joined(it));
    let ids = answers.clone().map(|it| it.member.to_string());
    let leader = answers[0].leader.to_string();
    let everybody = [(&*ids[0], "a"), (&*ids[1], "b")];
    let sync = world.sync(&leader, 1, &everybody);
    world.commit();
    assert!(world.synced(sync).is_ok());
    if leader == ids[0] {
        ids
    } else {
        let [i, j] = ids;
        [j, i]
    }
}

fn instance_of(id: &str) -> &str {
    &id[..1]
}

fn named(id: &str, generation: i32) -> Identity {
    Identity {
        instance: Some(instance_of(id).into()),
        ..who(id, generation)
    }
}

#[test]
fn one_that_comes_back_keeps_what_is_its_own_and_fences_the_one_before() {
    let mut world = World::new(&[]);
    let [_, follower] = two(&mut world);
    let ticket = world.join(fixed(instance_of(&follower)));
    assert!(world.waits(ticket), "its new id is not stored yet");
    world.commit();
    let joined = world.joined(ticket);
    assert_eq!((joined.error, joined.generation), (None, 1), "no rebalance");
    assert_ne!(*joined.member, *follower);
    assert!(!joined.skip_assignment && joined.members.is_empty());
    assert_eq!(world.state(), Some(State::Stable));
    let old = world.ask(Request::Heartbeat(named(&follower, 1)));
    let fenced = Response::Heartbeat(Err(ErrorCode::FencedInstanceId));
    assert_eq!(world.told(old), fenced);
    let sync = world.sync(&joined.member, 1, &[]);
    assert!(!world.synced(sync).unwrap().assignment.is_empty());
    // The new id survives a crash (KAFKA-10284).
    let mut world = world.crash(&[]);
    assert_eq!(world.heartbeat(&joined.member, 1), Ok(()));
    assert_eq!(
        world.heartbeat(&follower, 1),
        Err(ErrorCode::UnknownMemberId)
    );
}

#[test]
fn a_leader_that_comes_back_need_not_assign() {
    let mut world = World::new(&[]);
    let [leader, _] = two(&mut world);
    let ticket = world.join(fixed(instance_of(&leader)));
    world.commit();
    let joined = world.joined(ticket);
    assert_eq!(joined.leader, joined.member);
    assert!(joined.skip_assignment && joined.members.len() == 2);
    // A client that cannot skip must not take itself for the leader.
    let ticket = world.join(Join {
        can_skip_assignment: false,
        ..fixed(instance_of(&leader))
    });
    world.commit();
    let joined = world.joined(ticket);
    assert_ne!(joined.leader, joined.member);
    assert!(joined.members.is_empty());
}

#[test]
fn one_that_comes_back_with_something_else_makes_all_join_again() {
    let mut world = World::new(&[]);
    let [_, follower] = two(&mut world);
    let _ = world.join(Join {
        protocols: vec![("other".into(), subscription(&["t"]))],
        ..fixed(instance_of(&follower))
    });
    // Nobody else has that protocol.
    assert_eq!(world.state(), Some(State::Stable));
    let ticket = world.join(Join {
        protocols: vec![
            ("other".into(), subscription(&["t"])),
            ("range".into(), subscription(&["t"])),
        ],
        ..fixed(instance_of(&follower))
    });
    world.commit();
    assert_eq!(
        world.joined(ticket).error,
        None,
        "the protocol stays the same"
    );
}

#[test]
fn two_with_one_static_id_fence_each_other_while_they_wait() {
    let mut world = World::new(&[("group.initial.rebalance.delay.ms", "3000")]);
    let first = world.join(fixed("i"));
    world.commit();
    let second = world.join(fixed("i"));
    let fenced = world.joined(first);
    assert_eq!(fenced.error, Some(ErrorCode::FencedInstanceId));
    world.pass(6_000);
    assert_eq!(world.joined(second).members.len(), 1);
}

#[test]
fn one_that_is_away_is_waited_for_until_its_session_ends_and_can_be_sent_away_by_name() {
    let mut world = World::new(&[]);
    let [leader, follower] = two(&mut world);
    world.pass(9_000);
    assert_eq!(world.state(), Some(State::Stable));
    let by_name = |instance: &str| Request::Leave {
        group: "g".into(),
        members: vec![("".into(), Some(instance.into()))],
    };
    let ticket = world.ask(by_name("nobody"));
    let unknown = Response::Left(vec![ErrorCode::UnknownMemberId]);
    assert_eq!(world.told(ticket), unknown);
    let ticket = world.ask(by_name(instance_of(&follower)));
    world.commit();
    assert_eq!(world.told(ticket), Response::Left(vec![ErrorCode::None]));
    assert_eq!(world.state(), Some(State::PreparingRebalance));
    assert_eq!(
        world.heartbeat(&leader, 1),
        Err(ErrorCode::RebalanceInProgress)
    );
}

#[test]
fn who_comes_back_owes_nothing_that_it_owed_under_its_earlier_id() {
    let mut world = World::new(&[]);
    let [leader, other] = two(&mut world);
    // The other lives and has not asked for its assignment. It comes back shortly before it is waited for no longer.
    for _ in 0..11 {
        world.pass(5_000);
        assert_eq!(world.heartbeat(&leader, 1), Ok(()));
        assert_eq!(world.heartbeat(&other, 1), Ok(()));
    }
    let ticket = world.join(fixed(instance_of(&other)));
    world.commit();
    let again = world.joined(ticket);
    assert_eq!((again.error, again.generation), (None, 1));
    world.pass(9_000);
    assert_eq!(world.heartbeat(&again.member, 1), Ok(()));
}
