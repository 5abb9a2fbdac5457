//! Who judges a run. Each oracle is a noun in a file of its own with a test that makes it fire; it is told what happened ([`Seen`]),
//! may look at the broker through its read-only probes, and answers with a [`Violation`] when something cannot be.
//!
//! J1: an oracle changes nothing and draws nothing: a run is the same with and without it.
//! J2: what is excused is excused by an entry of the [`Atlas`].

use std::sync::Arc;

use ottla_broker::Broker;
use ottla_machine::Spent;
use ottla_media::Media;

use crate::atlas::Atlas;
use crate::history::Seen;
use crate::script::{Nanos, Script};

/// Something that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The oracle's name: kebab-case, stable; two failures are the same failure when this is the same.
    pub oracle: &'static str,
    /// What was seen and what should have been, in a sentence or two.
    pub what: String,
}

/// What an oracle answers.
pub type Verdict = Result<(), Violation>;

/// Where an oracle may look.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Now.
    pub at: Nanos,
    /// The run's script.
    pub script: &'a Arc<Script>,
    /// What was done to the node.
    pub atlas: &'a Atlas,
    /// The process, when one lives.
    pub broker: Option<&'a Broker>,
    /// The disk.
    pub media: &'a Media,
    /// Which life this is, from 1.
    pub life: u32,
}

/// Who judges.
pub trait Oracle {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Something happened.
    fn see(&mut self, _scene: &Scene<'_>, _seen: &Seen<'_>) -> Verdict {
        Ok(())
    }

    /// The broker took a step or settled, and spent so much.
    fn stepped(&mut self, _scene: &Scene<'_>, _spent: Spent) -> Verdict {
        Ok(())
    }

    /// Everything is looked at: every 5,000 events, and at the end.
    fn sweep(&mut self, _scene: &Scene<'_>) -> Verdict {
        Ok(())
    }
}
