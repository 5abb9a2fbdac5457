//! The broker's own invariants: of what a step touched after every step, all of them at every sweep.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ottla_machine::Spent;

use super::{Oracle, Scene, Verdict, fired};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Invariants;

const NAME: &str = "invariants";

impl Oracle for Invariants {
    fn name(&self) -> &'static str {
        NAME
    }

    fn stepped(&mut self, scene: &Scene<'_>, _spent: Spent) -> Verdict {
        match scene.broker {
            Some(broker) => holds(|| broker.check_touched()),
            None => Ok(()),
        }
    }

    fn sweep(&mut self, scene: &Scene<'_>) -> Verdict {
        holds(|| scene.media.check())?;
        match scene.broker {
            Some(broker) => holds(|| broker.check()),
            None => Ok(()),
        }
    }
}

fn holds(check: impl FnOnce()) -> Verdict {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(()) => Ok(()),
        Err(payload) => fired(NAME, crate::panics::words(&*payload)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ottla_machine::Spent;

    use super::super::rig::{Rig, create, fires, node, passes, script, write};
    use super::{Invariants, holds};

    #[test]
    fn a_real_node_holds_them() {
        let (broker, media) = node(script(vec![create(1), write()]));
        let mut rig = Rig::<Invariants>::new();
        rig.media = media;
        passes(rig.stepped(Some(&broker), Spent::default()));
        passes(rig.sweep(Some(&broker)));
    }

    #[test]
    fn an_assertion_that_fails_is_a_finding() {
        passes(holds(|| assert_eq!(1 + 1, 2, "N1: that is not so")));
        fires(
            holds(|| assert_eq!(1 + 1, 3, "N1: that is not so")),
            "N1: that is not so",
        );
    }

    /// Somebody waits for news, and its connection breaks: what it held is not given back.
    #[cfg(feature = "planted")]
    #[test]
    fn a_node_that_counts_wrong_is_found() {
        use crate::script::{BreakHow, Fault, MS, Operation, Place, SECOND, TimedFault};
        use crate::world::World;

        let run = |planted: Option<&str>| {
            let place = Place {
                topic: 0,
                partition: 0,
            };
            let wait = Operation::Fetch {
                places: vec![place],
                max_wait_ms: 10_000,
                min_bytes: 1_000,
                max_bytes: 1_000,
                partition_max_bytes: 1_000,
            };
            let mut script = script(vec![create(1), wait]);
            script.planted = planted.map(str::to_owned);
            script.faults = vec![TimedFault {
                at: 2 * SECOND + 500 * MS,
                what: Fault::Break {
                    client: None,
                    how: BreakHow::Reset,
                },
            }];
            let failure = World::new(Arc::new(script), false).run().failure;
            failure.map(|failure| failure.violation)
        };
        assert_eq!(run(None), None);
        let found = run(Some("memory-budget-leak")).expect("it is found");
        assert_eq!(found.oracle, "invariants", "{}", found.what);
    }
}
