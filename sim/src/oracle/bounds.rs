//! Nothing grows without a bound, and no step takes too long: what a step spends, what a node holds of its clients.

use ottla_machine::limits::{STEP_BYTES, STEP_PARTITIONS, STEP_RECORDS};
use ottla_machine::{Inspect, Spent};

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

/// See above.
#[derive(Clone, Debug, Default)]
pub struct ResourceBounds;

const BOUNDS: &str = "resource-bounds";
/// Past its budget a node reads no further, but one request of each connection may have come in: no client of ours sends more than this.
const OVER: i64 = 16 << 20;
/// `queued.max.request.bytes` when it is not set.
const BUDGET: i64 = 512 << 20;

impl Oracle for ResourceBounds {
    fn name(&self) -> &'static str {
        BOUNDS
    }

    fn sweep(&mut self, scene: &Scene<'_>) -> Verdict {
        let Some(broker) = scene.broker else {
            return Ok(());
        };
        let mut gauges = Gauges::default();
        ottla_machine::Machine::inspect(broker, &mut gauges);
        let set = |name: &str| scene.script.settings.get(name)?.parse::<i64>().ok();
        let budget = set("queued.max.request.bytes").unwrap_or(BUDGET);
        let most = set("max.connections").unwrap_or(i64::MAX);
        if gauges.held > budget + OVER || gauges.held < 0 || gauges.connections > most {
            return fired(
                BOUNDS,
                format!("it holds {gauges:?}, allowed are {budget} bytes and {most} connections"),
            );
        }
        Ok(())
    }
}

/// What is held of clients.
#[derive(Debug, Default)]
struct Gauges {
    held: i64,
    connections: i64,
}

impl Inspect for Gauges {
    fn counter(&mut self, _: &'static str, _: &[(&'static str, &str)], _: u64) {}

    fn gauge(&mut self, name: &'static str, _: &[(&'static str, &str)], value: i64) {
        match name {
            "ottla_request_bytes_held" => self.held = value,
            "ottla_connections" => self.connections = value,
            _ => {}
        }
    }
}
