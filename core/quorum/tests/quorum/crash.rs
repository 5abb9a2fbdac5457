//! The power goes at every moment of a life, the process dies at every moment of it; what was told and promised is there in the next.

use ottla_media::Media;
use ottla_testdisk::fates;

use crate::world::{Moment, World, durable_state, formatted, identity, rng, value};

/// A life under load, every moment of it kept.
fn life(media: Media, seed: u64) -> World {
    let mut world = World::drawn(media, identity(), seed);
    world.moments = Some(Vec::new());
    let mut world = world.up();
    for n in 0..8 {
        for _ in 0..world.rng.below(3) {
            world.append(&[value(&format!("{seed}-{n}"))], false);
        }
        world.turn();
    }
    world.run();
    if seed.is_multiple_of(2) {
        world.append(&[value("before the stop")], false);
        world.stop();
        assert!(world.closed);
    }
    world
}

/// The next life on what a moment left.
fn judge(life: &World, moment: &Moment, media: Media, what: &str) -> World {
    let promised = durable_state(&moment.media).map(|state| state.epoch);
    let told = &life.committed[..moment.told];
    let next = World::over(media, identity()).up();
    assert!(
        next.committed.starts_with(told),
        "{what}: {} batches had been told as committed",
        told.len()
    );
    assert!(
        next.leading > promised,
        "{what}: {promised:?} was promised, {:?} leads",
        next.leading
    );
    let led = told.last().map(|batch| batch.epoch);
    assert!(next.leading > led, "{what}: {led:?} had led");
    next
}

#[test]
fn a_power_cut_at_any_moment_takes_nothing_that_was_told() {
    let mut cuts = 0;
    for seed in 0..6 {
        let mut rng = rng(seed);
        let first = life(formatted(), seed);
        for moment in first.moments.iter().flatten() {
            for subset in 0..5 {
                let mut media = moment.media.clone();
                media.power_cut(fates(subset, &mut rng));
                judge(
                    &first,
                    moment,
                    media,
                    &format!("seed {seed} subset {subset}"),
                );
                cuts += 1;
            }
        }
    }
    assert!(cuts > 1_000, "{cuts} power cuts");
}

#[test]
fn a_kill_and_then_a_power_cut_while_the_next_life_recovers() {
    for seed in 10..14 {
        let mut rng = rng(seed);
        let first = life(formatted(), seed);
        for moment in first.moments.iter().flatten() {
            if rng.below(6) > 0 {
                continue;
            }
            let mut media = moment.media.clone();
            media.kill();
            let second = life(media.clone(), seed + 100);
            judge(&first, moment, media, &format!("seed {seed}: after a kill"));
            for later in second.moments.iter().flatten() {
                if rng.below(10) > 0 {
                    continue;
                }
                let mut media = later.media.clone();
                media.power_cut(fates(rng.below(5), &mut rng));
                let third = judge(&second, later, media, &format!("seed {seed}: second life"));
                let told = &first.committed[..moment.told];
                assert!(
                    third.committed.starts_with(told),
                    "seed {seed}: of the first life"
                );
            }
        }
    }
}

#[test]
fn lives_that_end_in_any_way_follow_each_other() {
    for seed in 20..40 {
        let mut rng = rng(seed);
        let mut media = formatted();
        let mut told = Vec::new();
        let mut epoch = None;
        for turn in 0..6 {
            let life = life(media, seed * 10 + turn);
            assert!(life.committed.starts_with(&told), "seed {seed} life {turn}");
            assert!(life.leading > epoch, "seed {seed} life {turn}");
            let mut moments = life.moments.unwrap_or_default();
            let moment = moments.swap_remove(rng.below(moments.len() as u64) as usize);
            told = life.committed[..moment.told].to_vec();
            epoch = durable_state(&moment.media).map(|state| state.epoch);
            media = moment.media;
            if rng.below(3) == 0 {
                media.kill();
            } else {
                media.power_cut(fates(rng.below(5), &mut rng));
            }
        }
    }
}
