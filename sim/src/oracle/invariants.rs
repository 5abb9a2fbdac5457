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
        scene.media.check();
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
