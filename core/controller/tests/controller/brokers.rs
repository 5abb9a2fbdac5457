//! Brokers come, go, and die; partitions get and lose their leaders.

use ottla_controller::{NewTopic, Registration, Request, Response};
use ottla_machine::{NodeId, Offset};
use ottla_metadata::{ControllerNode, Partition, RecoveryState};
use ottla_protocol::messages::MetadataRecord;
use ottla_protocol::{ErrorCode, Uuid};

use crate::world::{DIR, DIR2, ONE, TWO, World, alive, code, leaving, registration};

#[test]
fn a_broker_is_fenced_until_it_has_seen_its_own_registration() {
    let mut world = World::fresh(&[]);
    let epoch = world.register(ONE, 1, -1).unwrap();
    assert_eq!(epoch, 8, "C5: five records after a control batch of three");
    let early = world.beat(alive(ONE, epoch, Offset(7))).unwrap();
    assert!(!early.caught_up && early.fenced);
    let now = world.beat(alive(ONE, epoch, Offset(8))).unwrap();
    assert!(now.caught_up && !now.fenced);
    assert_eq!(world.log.batches, [5, 1, 2]);
    let quiet = world.beat(alive(ONE, epoch, Offset(9))).unwrap();
    assert!(!quiet.fenced);
    assert_eq!(
        world.log.batches,
        [5, 1, 2],
        "a sign of life alone writes nothing"
    );
}

#[test]
fn stale_and_unknown_brokers_are_refused() {
    let mut world = World::one_broker(&[]);
    let epoch = world.image().broker(ONE).map(|it| it.epoch).unwrap();
    for beat in [
        alive(ONE, epoch + 1, Offset(99)),
        alive(TWO, epoch, Offset(99)),
    ] {
        assert_eq!(code(&world.beat(beat)), ErrorCode::StaleBrokerEpoch);
    }
}

#[test]
fn a_registration_is_judged() {
    let mut world = World::one_broker(&[]);
    let mut judge = |change: &dyn Fn(&mut Registration)| {
        let mut request = registration(TWO, 9, -1);
        change(&mut request);
        match world.ask(Request::RegisterBroker(request)) {
            Response::RegisterBroker(result) => code(&result),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(judge(&|it| it.dirs.clear()), ErrorCode::InvalidRegistration);
    assert_eq!(
        judge(&|it| it.dirs = vec![Uuid::ZERO]),
        ErrorCode::InvalidRegistration
    );
    assert_eq!(
        judge(&|it| it.dirs = vec![DIR2, DIR2]),
        ErrorCode::InvalidRegistration
    );
    assert_eq!(
        judge(&|it| it.dirs = vec![DIR]),
        ErrorCode::DuplicateBrokerRegistration
    );
    assert_eq!(judge(&|_| {}), ErrorCode::None);
}

#[test]
fn the_same_life_registers_once() {
    let mut world = World::one_broker(&[]);
    let epoch = world.image().broker(ONE).map(|it| it.epoch).unwrap();
    let count = world.log.values.len();
    assert_eq!(world.register(ONE, 1, -1), Ok(epoch));
    assert_eq!(world.log.values.len(), count, "no bump, nothing written");
}

#[test]
fn another_life_elsewhere_waits_for_the_session_to_end() {
    let mut world = World::one_broker(&[]);
    world.join(TWO, 1, -1);
    assert_eq!(
        code(&world.register(TWO, 2, -1)),
        ErrorCode::DuplicateBrokerRegistration
    );
    world.wait(8_999);
    assert_eq!(
        code(&world.register(TWO, 2, -1)),
        ErrorCode::DuplicateBrokerRegistration
    );
    world.wait(1);
    assert_eq!(world.image().broker(TWO).map(|it| it.fenced), Some(true));
    assert_eq!(code(&world.register(TWO, 2, -1)), ErrorCode::None);
    // The broker of this process has no session, however long it is silent.
    world.wait(1_000_000);
    assert_eq!(world.image().broker(ONE).map(|it| it.fenced), Some(false));
}

#[test]
fn a_new_controller_expects_the_brokers_it_finds() {
    let mut world = World::one_broker(&[]);
    world.join(TWO, 1, -1);
    let id = world.topic("t", &[&[2, 1]]);
    world.runtime.end();
    world.wait(5_000);
    world.begin();
    world.wait(8_999);
    assert_eq!(world.partition(id, 0).leader, TWO);
    world.wait(1);
    assert_eq!(world.partition(id, 0).leader, ONE);
    assert_eq!(world.partition(id, 0).isr, [ONE]);
}

#[test]
fn a_controlled_shutdown_waits_for_everybody_to_see_it() {
    let mut world = World::one_broker(&[]);
    let epoch = world.join(TWO, 1, -1);
    let own = world.image().broker(ONE).map(|it| it.epoch).unwrap();
    let id = world.topic("t", &[&[2, 1], &[1, 2]]);
    let first = world.beat(leaving(TWO, epoch, Offset(30))).unwrap();
    assert!(!first.should_shut_down && !first.fenced);
    assert_eq!(world.partition(id, 0).leader, ONE);
    assert_eq!(world.partition(id, 0).isr, [ONE]);
    assert_eq!(
        world.partition(id, 1).leader_epoch.0,
        0,
        "its leader stayed"
    );
    let seen = world.runtime.end_offset().plus(-1);
    assert!(
        !world
            .beat(leaving(TWO, epoch, seen))
            .unwrap()
            .should_shut_down
    );
    world.beat(alive(ONE, own, seen.plus(-1))).unwrap();
    assert!(
        !world
            .beat(leaving(TWO, epoch, seen))
            .unwrap()
            .should_shut_down
    );
    world.beat(alive(ONE, own, seen)).unwrap();
    let last = world.beat(leaving(TWO, epoch, seen)).unwrap();
    assert!(last.should_shut_down && last.fenced);
    let again = world.beat(leaving(TWO, epoch, seen)).unwrap();
    assert!(again.should_shut_down, "said again to who has not heard it");
}

#[test]
fn a_fence_on_request_and_back() {
    let mut world = World::one_broker(&[]);
    let id = world.topic("t", &[&[1]]);
    let epoch = world.image().broker(ONE).map(|it| it.epoch).unwrap();
    let mut wish = alive(ONE, epoch, Offset(99));
    wish.want_fence = true;
    assert!(world.beat(wish).unwrap().fenced);
    let partition = world.partition(id, 0);
    assert!(!partition.has_leader());
    assert_eq!((partition.isr, partition.elr), (vec![], vec![ONE]));
    assert!(!world.beat(alive(ONE, epoch, Offset(99))).unwrap().fenced);
    let partition = world.partition(id, 0);
    assert_eq!((partition.leader, partition.leader_epoch.0), (ONE, 2));
    assert_eq!((partition.isr, partition.elr), (vec![ONE], vec![]));
    assert_eq!(partition.recovery_state, RecoveryState::Recovered);
}

/// With min.insync.replicas 2, what leaves a small ISR stays eligible; what was stopped uncleanly does not.
#[test]
fn eligible_replicas_are_those_that_have_everything_committed() {
    let mut world = World::one_broker(&[("min.insync.replicas", "2")]);
    world.join(TWO, 1, -1);
    let id = world.topic("t", &[&[1, 2]]);
    let lists = |it: &Partition| (it.isr.clone(), it.elr.clone(), it.last_known_elr.clone());
    world.wait(9_000);
    assert_eq!(
        lists(&world.partition(id, 0)),
        (vec![ONE], vec![TWO], vec![])
    );
    assert_eq!(world.partition(id, 0).leader, ONE);
    // Node 1 is killed and comes back: neither in sync nor eligible, but node 2 is, and is elected when it returns.
    world.join(ONE, 2, -1);
    let partition = world.partition(id, 0);
    assert_eq!(lists(&partition), (vec![], vec![TWO], vec![ONE]));
    assert!(
        !partition.has_leader(),
        "the other has everything, this one may not"
    );
    let epoch = world.image().broker(TWO).map(|it| it.epoch).unwrap();
    world.join(TWO, 2, epoch);
    let partition = world.partition(id, 0);
    assert_eq!(lists(&partition), (vec![TWO], vec![], vec![]));
    assert_eq!(
        (partition.leader, partition.recovery_state),
        (TWO, RecoveryState::Recovered)
    );
}

#[test]
fn after_an_unclean_stop_of_all_only_the_last_leader_may_lead() {
    let mut world = World::one_broker(&[("min.insync.replicas", "2")]);
    world.join(TWO, 1, -1);
    let id = world.topic("t", &[&[1, 2]]);
    world.wait(9_000);
    world.register(ONE, 2, -1).unwrap();
    world.join(TWO, 2, -1);
    let partition = world.partition(id, 0);
    assert_eq!((partition.isr.len(), partition.elr.len()), (0, 0));
    assert!(
        !partition.has_leader(),
        "two may have led last, so neither is known to be the one"
    );
    assert_eq!(partition.last_known_elr.len(), 2);
}

#[test]
fn unclean_election_only_where_it_is_allowed() {
    let mut world = World::one_broker(&[("min.insync.replicas", "1")]);
    world.join(TWO, 1, -1);
    let careful = world.topic("careful", &[&[2, 1]]);
    let configs = vec![(
        "unclean.leader.election.enable".to_owned(),
        Some("true".to_owned()),
    )];
    let assignments = vec![(0, vec![2, 1])];
    let topic = NewTopic {
        configs,
        assignments,
        ..NewTopic::with_defaults("careless")
    };
    let careless = world.create(vec![topic])[0].1.clone().unwrap().id;
    // Node 1 leaves the ISR (its life ends), node 2 leads alone, then is gone too.
    let mut wish = alive(ONE, 8, Offset(99));
    wish.want_fence = true;
    world.beat(wish).unwrap();
    world.wait(9_000);
    for id in [careful, careless] {
        assert!(!world.partition(id, 0).has_leader());
        assert_eq!(world.partition(id, 0).elr, [TWO]);
    }
    world.beat(alive(ONE, 8, Offset(99))).unwrap();
    assert!(!world.partition(careful, 0).has_leader());
    let partition = world.partition(careless, 0);
    assert_eq!((partition.leader, partition.isr), (ONE, vec![ONE]));
    assert_eq!(partition.recovery_state, RecoveryState::Recovering);
    assert_eq!(partition.elr, [], "it may lack records now");
}

#[test]
fn without_elr_the_last_replica_stays_in_sync() {
    let mut world = World::over(ottla_controller::Controller::new(), 3, &[]);
    let features = vec![("metadata.version".to_owned(), 30)];
    assert_eq!(
        world.ask(Request::Bootstrap { features }),
        Response::Bootstrap(Ok(true))
    );
    assert_eq!(
        world.log.values.len(),
        3,
        "no default of min.insync.replicas"
    );
    let epoch = world.join(ONE, 1, -1);
    let id = world.topic("t", &[&[1]]);
    world.beat(leaving(ONE, epoch, Offset(99))).unwrap();
    let partition = world.partition(id, 0);
    assert!(!partition.has_leader());
    assert_eq!((partition.isr, partition.elr), (vec![ONE], vec![]));
    world.beat(leaving(ONE, epoch, Offset(99))).unwrap();
    world.join(ONE, 2, epoch);
    assert_eq!(world.partition(id, 0).leader, ONE);
}

#[test]
fn a_replica_in_an_unknown_directory_is_placed_in_the_only_one() {
    let mut world = World::one_broker(&[]);
    let id = world.topic("t", &[&[1]]);
    let epoch = world.image().broker(ONE).map(|it| it.epoch).unwrap();
    world.beat(leaving(ONE, epoch, Offset(99))).unwrap();
    world.beat(leaving(ONE, epoch, Offset(99))).unwrap();
    let mut request = registration(ONE, 2, epoch);
    request.dirs = vec![DIR2];
    let Response::RegisterBroker(Ok(epoch)) = world.ask(Request::RegisterBroker(request)) else {
        panic!("refused");
    };
    world.turn_page();
    world.beat(alive(ONE, epoch, Offset(99))).unwrap();
    assert_eq!(world.partition(id, 0).directories, [DIR2]);
    assert_eq!(world.partition(id, 0).leader, ONE);
    assert_eq!(world.written().len(), 3, "one change for both");
}

#[test]
fn a_controller_is_written_once_per_life() {
    let mut world = World::fresh(&[]);
    world.turn_page();
    let node = ControllerNode {
        id: NodeId(1),
        incarnation: Uuid([1; 16]),
        endpoints: Vec::new(),
        features: Vec::new(),
    };
    for _ in 0..2 {
        let answer = world.ask(Request::RegisterController(node.clone()));
        assert_eq!(answer, Response::RegisterController(Ok(())));
    }
    assert!(matches!(
        world.written()[..],
        [MetadataRecord::RegisterController(_)]
    ));
}
