//! Groups over a disk: what was told of a commit is there after whatever happens.

use ottla_coordinator::{CommitOffsets, Identity, NewCommit, Request, Response};
use ottla_machine::Ticket;
use ottla_media::Media;
use ottla_protocol::ErrorCode;
use ottla_shard::{Answer, ShardAsk};

use crate::cluster::{Cluster, topic_id};
use crate::world::{Setting, World, partition};

const OFFSETS: u8 = 9;

fn cluster() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.topic("t", 1, 4);
    cluster.topic("__consumer_offsets", OFFSETS, 2);
    cluster.config("__consumer_offsets", "cleanup.policy", "compact");
    cluster
}

fn world(seed: u64) -> World {
    World::over(Media::new(1 << 30), cluster(), Setting::seed(seed)).up()
}

impl World {
    fn coordinate(&mut self, request: Request) -> Ticket {
        let ticket = self.ticket();
        self.ask(ShardAsk::Coordinate(ticket, partition(OFFSETS, 0), request));
        ticket
    }

    fn commit(&mut self, group: &str, at: i32, offset: i64) -> Ticket {
        self.coordinate(Request::Commit(Box::new(CommitOffsets {
            identity: Identity {
                group: group.into(),
                generation: -1,
                member: "".into(),
                instance: None,
            },
            knows_group_not_found: true,
            retention_ms: -1,
            commits: vec![NewCommit {
                topic: "t".into(),
                topic_id: topic_id(1),
                partition: at,
                offset,
                leader_epoch: -1,
                metadata: "".into(),
            }],
        })))
    }

    fn said(&self, ticket: Ticket) -> Option<Response> {
        match self.answers.get(&ticket)? {
            Answer::Group(response) => Some(response.clone()),
            other => panic!("W1: {other:?}"),
        }
    }

    fn is_committed(&self, ticket: Ticket) -> bool {
        matches!(
            self.said(ticket),
            Some(Response::Committed(Ok(said))) if said[0].error == ErrorCode::None
        )
    }

    /// What is committed for four partitions; -1 for nothing.
    fn committed(&mut self, group: &str) -> Result<Vec<i64>, ErrorCode> {
        let ticket = self.coordinate(Request::FetchOffsets {
            group: group.into(),
            topics: Some(vec![("t".into(), vec![0, 1, 2, 3])]),
            require_stable: false,
        });
        self.run();
        match self.said(ticket) {
            Some(Response::Offsets(topics)) => {
                let found = topics[0]
                    .1
                    .iter()
                    .map(|(_, it)| it.as_ref().map(|it| it.offset));
                Ok(found.map(|it| it.unwrap_or(-2)).collect())
            }
            Some(Response::Refused(error)) => Err(error),
            other => panic!("W1: {other:?}"),
        }
    }
}

#[test]
fn what_was_told_is_there_after_a_power_cut_at_any_moment() {
    for seed in 2..60 {
        let mut world = world(seed);
        let mut tickets = Vec::new();
        for offset in 0..40 {
            let at = (offset % 4) as i32;
            tickets.push((at, offset, world.commit("g", at, offset)));
            // A settle or a few; the power goes in the middle of what is left.
            for _ in 0..world.rng.below(4) {
                world.turn();
            }
        }
        let mut told = [-1; 4];
        for (at, offset, ticket) in &tickets {
            if world.is_committed(*ticket) {
                told[*at as usize] = *offset;
            }
        }
        let (media, cluster) = world.cut();
        let mut again = World::over(media, cluster, Setting::seed(seed)).up();
        let found = again.committed("g").expect("it is loaded");
        for at in 0..4 {
            assert!(
                found[at] >= told[at],
                "seed {seed}: {found:?} after {told:?}"
            );
        }
    }
}

#[test]
fn a_log_is_loaded_in_slices_and_says_so_meanwhile() {
    let mut world = world(1);
    for offset in 0..3_000 {
        world.commit(&format!("g{}", offset % 7), (offset % 4) as i32, offset);
        if offset % 50 == 0 {
            world.run();
        }
    }
    world.run();
    assert!(world.stop());
    let (media, cluster) = world.killed();
    let mut again = World::over(media, cluster, Setting::clean(1));
    again.run();
    again.follow();
    let mut loading = 0;
    let answer = loop {
        let ticket = again.coordinate(Request::Describe("g3".into()));
        again.turn();
        match again.said(ticket) {
            Some(Response::Refused(ErrorCode::CoordinatorLoadInProgress)) => loading += 1,
            Some(answer) => break answer,
            None => panic!("W1: it is answered at once"),
        }
    };
    assert!(loading > 3, "{loading}");
    assert!(matches!(answer, Response::Described(Ok(_))));
    let found = again.committed("g3").expect("it is loaded");
    assert!(found.iter().all(|it| *it > 2_900), "{found:?}");
}

#[test]
fn a_full_disk_refuses_a_commit_and_nothing_that_was_told_is_lost() {
    let mut world = World::over(Media::new(400_000), cluster(), Setting::seed(1)).up();
    let mut told = 0;
    for offset in 1.. {
        let ticket = world.commit(&format!("{}{offset}", "long".repeat(500)), 0, offset);
        let last = world.commit("g", 0, offset);
        world.run();
        assert!(
            world.said(ticket).is_some() && world.said(last).is_some(),
            "W1"
        );
        if world.is_committed(last) {
            told = offset;
        } else {
            break;
        }
        assert!(offset < 1_000, "the disk never fills up");
    }
    assert!(told > 0 && world.offline.is_empty());
    world.run();
    assert_eq!(world.committed("g").expect("it goes on")[0], told);
    world.disk.media.resize(1 << 30);
    let ticket = world.commit("g", 0, told + 1);
    world.run();
    assert!(world.is_committed(ticket));
}

#[test]
fn a_topic_that_goes_and_a_stop_send_everybody_away() {
    let mut world = world(1);
    let ticket = world.commit("g", 0, 5);
    world.cluster.remove(OFFSETS);
    world.follow();
    world.run();
    let gone = Some(Response::Refused(ErrorCode::NotCoordinator));
    assert_eq!(world.said(ticket), gone);
    assert_eq!(world.committed("g").err(), Some(ErrorCode::NotCoordinator));
    assert_eq!(world.shard.groups().count(), 0);
}
