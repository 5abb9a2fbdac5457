//! One coordinator: the groups of a partition of `__consumer_offsets`, and where it is in its life (the table stands in `coordinators`).

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_coordinator::{Groups, View};
use ottla_machine::Offset;
use ottla_replicated::Runtime;

/// One coordinator.
#[derive(Clone)]
pub(crate) struct Coordinator {
    pub runtime: Runtime<Groups>,
    pub stage: Stage,
}

/// See above.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Loading(Loading),
    Active(Box<View>),
    Failed,
}

impl std::fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = self.runtime.end_offset();
        f.debug_struct("Coordinator")
            .field("end", &end)
            .field("stage", &self.stage)
            .finish()
    }
}

impl Coordinator {
    pub(crate) fn new(start: Offset) -> Coordinator {
        Coordinator {
            runtime: Runtime::new(Groups::new(), start),
            stage: Stage::Loading(Loading::default()),
        }
    }

    /// Panics when an invariant does not hold.
    pub(crate) fn check(&self, assigned: Offset) {
        self.runtime.check();
        let end = self.runtime.end_offset();
        assert!(
            !matches!(self.stage, Stage::Active(_)) || end == assigned,
            "O2: {end} of {assigned}"
        );
    }
}

/// How far loading is.
#[derive(Clone, Debug, Default)]
pub(crate) enum Loading {
    /// The next bytes are to be asked for.
    #[default]
    Asking,
    /// They are on their way.
    Waiting,
    /// There are none below the high watermark.
    Starved,
    /// They are here.
    Held(VecDeque<Bytes>),
}

impl Loading {
    /// The high watermark has moved; whether there is something to do now.
    pub(crate) fn on_moved(&mut self) -> bool {
        let starved = matches!(self, Loading::Starved);
        if starved {
            *self = Loading::Asking;
        }
        starved
    }
}
