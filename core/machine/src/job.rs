//! Pure CPU work on owned inputs: a helper thread in `io`, a drawn delay in the simulator.

/// Work that would hold up a step.
pub trait Job: Send + 'static {
    /// What comes of it.
    type Product: Send + 'static;

    /// Does it. Depends on nothing but `self`.
    fn run(self) -> Self::Product;
}

/// For machines that hand no work away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoJob {}

impl Job for NoJob {
    type Product = NoJob;

    fn run(self) -> NoJob {
        self
    }
}
