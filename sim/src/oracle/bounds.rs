//! Nothing grows without a bound, and no step takes too long: what a step spends, what a node holds open.

use ottla_machine::Spent;
use ottla_machine::limits::{STEP_BYTES, STEP_PARTITIONS, STEP_RECORDS};

use super::{Oracle, Scene, Verdict, fired};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct StepBudget;

const NAME: &str = "step-budget";
/// One batch may be looked at on top: no client of ours sends a larger one.
const BATCH: u64 = 4 << 20;

impl Oracle for StepBudget {
    fn name(&self) -> &'static str {
        NAME
    }

    fn stepped(&mut self, _scene: &Scene<'_>, spent: Spent) -> Verdict {
        let within = spent.bytes <= STEP_BYTES as u64 + BATCH
            && spent.records <= STEP_RECORDS as u64 + BATCH / 8
            && spent.partitions <= 2 * STEP_PARTITIONS as u64;
        if within {
            return Ok(());
        }
        fired(NAME, format!("one step has spent {spent:?}"))
    }
}
