//! A thousand partitions: what a settle visits is what was touched.

use ottla_machine::limits;
use ottla_media::Media;

use crate::cluster::Cluster;
use crate::world::{Setting, World};

const PARTITIONS: i32 = 1000;

#[test]
fn a_settle_visits_what_was_touched_and_no_more_than_a_share_of_it() {
    let mut cluster = Cluster::new();
    cluster.topic("many", 1, PARTITIONS);
    // `World` asserts after every step and settle that no more than a step's share was visited.
    let mut world = World::over(Media::new(1 << 30), cluster, Setting::default());
    world.every = 500;
    let mut world = world.up();
    for index in 0..PARTITIONS {
        world.produce(1, index, -1, &format!("one of many {index}"));
    }
    world.run();
    assert!(world.visited > 0 && world.visited <= limits::STEP_PARTITIONS as u64);
    assert!(
        world
            .sent
            .values()
            .all(|sent| matches!(sent.answer, Some(Ok(_))))
    );
    world.pass(60_000);
    world.pass(60_000);
    world.visited = 0;
    world.produce(1, 500, -1, "only here");
    world.run();
    assert_eq!(world.visited, 1, "H4: nobody else is visited");
    world.visited = 0;
    world.pass(1000);
    assert_eq!(world.visited, 0, "nothing to do is nothing done");
    // A checkpoint visits what moved since the last one.
    world.pass(60_000);
    assert!(world.visited <= 2, "{}", world.visited);
    assert!(world.stop());
    let text = world
        .disk
        .bytes("recovery-point-offset-checkpoint")
        .expect("it is written");
    assert!(text.starts_with(b"0\n1000\n"));
}

#[test]
fn what_somebody_asks_for_is_opened_first() {
    let mut cluster = Cluster::new();
    cluster.topic("many", 1, PARTITIONS);
    let mut world = World::over(Media::new(1 << 30), cluster, Setting::default());
    world.every = 500;
    let mut world = world.up();
    for index in 0..PARTITIONS {
        world.produce(1, index, 1, &format!("one of many {index}"));
    }
    world.run();
    let (media, cluster) = world.killed();
    let mut world = World::over(media, cluster, Setting::default());
    world.every = 500;
    world.run();
    world.follow();
    // All are known and queued, and none can get on.
    for _ in 0..40 {
        world.settle();
    }
    let ticket = world.produce(1, PARTITIONS - 1, 1, "the last one first");
    let turns_until = |world: &mut World, done: &dyn Fn(&World) -> bool| {
        (0..100_000).find(|_| {
            world.turn();
            done(world)
        })
    };
    let first = turns_until(&mut world, &|world| world.told_producer(ticket).is_some());
    assert_eq!(world.told_producer(ticket), Some(Ok(1)));
    let read = world.read(crate::world::read_at(1, PARTITIONS - 2, 0));
    let all = turns_until(&mut world, &World::is_at_rest);
    assert!(world.answers.contains_key(&read));
    assert!(
        first.map(|turns| turns * 5) < all,
        "{first:?} turns for one, {all:?} more for the others"
    );
}
