//! What a tenure knows that no record says. It dies with the tenure.

use ottla_machine::Rng;

use crate::sessions::Sessions;

/// What a tenure knows beside the log.
#[derive(Clone, Debug)]
pub struct Soft {
    pub(crate) rng: Rng,
    pub(crate) sessions: Sessions,
}
