//! Lists of groups: many groups are looked at a bounded number at a time, and each is listed once.

use ottla_coordinator::{Request, Response};

use crate::world::{World, consumer, who};

/// As many as one look has.
const LOOK: usize = 256;

/// A world with so many groups in the log.
fn with(groups: usize) -> World {
    let mut world = World::new(&[]);
    for number in 0..groups {
        commit(&mut world, &format!("group-{number:04}"));
    }
    world.commit();
    world
}

fn commit(world: &mut World, group: &str) {
    let mut identity = who("", -1);
    identity.group = group.into();
    world.commit_offset(identity, "t", 1);
}

fn list(world: &mut World) -> u32 {
    world.ask(Request::List {
        states: Vec::new(),
        kinds: Vec::new(),
    })
}

fn listed(world: &mut World, ticket: u32) -> Vec<String> {
    match world.told(ticket) {
        Response::Listed(listed) => listed.iter().map(|it| it.group.to_string()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_short_list_is_answered_at_once_and_a_long_one_goes_on() {
    let mut world = with(LOOK);
    let ticket = list(&mut world);
    assert_eq!(listed(&mut world, ticket).len(), LOOK);
    commit(&mut world, "one more");
    world.commit();
    let (ticket, other) = (list(&mut world), list(&mut world));
    assert!(world.waits(ticket) && world.waits(other));
    world.pass(1);
    let first = listed(&mut world, ticket);
    assert_eq!(
        (first.len(), &**first.last().unwrap()),
        (LOOK + 1, "one more")
    );
    assert_eq!(listed(&mut world, other), first);
}

#[test]
fn groups_that_no_record_says_are_listed_once_among_the_others() {
    let mut world = with(LOOK);
    let join = |group: &str| ottla_coordinator::Join {
        group: group.into(),
        requires_member_id: false,
        ..consumer("")
    };
    for group in ["a", "group-0007-more", "z"] {
        world.join(join(group));
    }
    let ticket = list(&mut world);
    // Both the log and this tenure know it by the end of the list, and another goes that was in it.
    commit(&mut world, "y");
    let gone = world.ask(Request::Delete("group-0001".into()));
    world.commit();
    assert_eq!(world.told(gone), Response::Deleted(Ok(())));
    world.join(join("y"));
    world.pass(1);
    let found = listed(&mut world, ticket);
    let mut sorted = found.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(found, sorted);
    assert_eq!(found.len(), LOOK + 4);
    for group in ["a", "group-0001", "group-0007-more", "y", "z"] {
        assert!(found.iter().any(|it| it == group), "{group}");
    }
}

#[test]
fn who_waits_for_the_rest_of_a_list_is_known() {
    let mut world = with(LOOK + 1);
    let ticket = list(&mut world);
    let waiting = world.runtime.waiting();
    assert_eq!(
        waiting.iter().map(|it| it.slot).collect::<Vec<_>>(),
        [ticket]
    );
    world.pass(1);
    listed(&mut world, ticket);
    assert_eq!(world.runtime.waiting(), []);
}
