//! Nothing grows without a bound, and no step takes too long: what a step spends, what a node holds of its clients.

use ottla_machine::limits::{STEP_BYTES, STEP_PARTITIONS, STEP_RECORDS};
use ottla_machine::{Inspect, Spent};

use super::{Oracle, Scene, Verdict, fired};
use crate::script::Script;

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
/// Past its budget a node reads no further, but one request may have come in that is larger than all of it: `socket.request.max.bytes`.
const OVER: i64 = 100 << 20;
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
        gauges.within(scene.script)
    }
}

/// What is held of clients.
#[derive(Debug, Default)]
struct Gauges {
    held: i64,
    connections: i64,
}

impl Gauges {
    fn within(&self, script: &Script) -> Verdict {
        let set = |name: &str| script.settings.get(name)?.parse::<i64>().ok();
        let budget = set("queued.max.request.bytes").unwrap_or(BUDGET);
        let most = set("max.connections").unwrap_or(i64::MAX);
        if self.held > budget + OVER || self.held < 0 || self.connections > most {
            return fired(
                BOUNDS,
                format!("it holds {self:?}, allowed are {budget} bytes and {most} connections"),
            );
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::rig::{Rig, create, fires, node, passes, script};
    use super::{BUDGET, Gauges, OVER, ResourceBounds, STEP_PARTITIONS, Spent, StepBudget};

    #[test]
    fn a_step_has_a_budget() {
        let spent = |bytes, records, partitions| {
            let spent = Spent {
                bytes,
                records,
                partitions,
            };
            Rig::<StepBudget>::new().stepped(None, spent)
        };
        passes(spent(1 << 20, 1_000, 1));
        fires(spent(1 << 30, 1_000, 1), "bytes: 1073741824");
        fires(spent(1 << 20, 1 << 30, 1), "records: 1073741824");
        fires(
            spent(1 << 20, 1_000, 1 + 2 * STEP_PARTITIONS as u64),
            "one step has spent",
        );
    }

    #[test]
    fn a_real_node_is_looked_at_through_its_gauges() {
        let (broker, _) = node(script(vec![create(1)]));
        let mut rig = Rig::<ResourceBounds>::new();
        passes(rig.sweep(Some(&broker)));
        let most = |rig: &mut Rig<ResourceBounds>, most: &str| {
            let settings = &mut Arc::make_mut(&mut rig.script).settings;
            settings.insert("max.connections".to_owned(), most.to_owned());
        };
        most(&mut rig, "1");
        passes(rig.sweep(Some(&broker)));
        // The one client of the node is one too many.
        most(&mut rig, "0");
        fires(rig.sweep(Some(&broker)), "connections: 1");
    }

    #[test]
    fn what_is_held_of_clients_has_a_bound() {
        let holding = |held| {
            let gauges = Gauges {
                held,
                connections: 1,
            };
            gauges.within(&script(Vec::new()))
        };
        passes(holding(BUDGET + OVER));
        fires(holding(BUDGET + OVER + 1), "it holds");
        fires(holding(-1), "it holds");
    }
}
