//! The planted bugs: what is wrong when one is switched on, where it comes from, and how a user would see it.

/// A bug that can be switched on.
#[derive(Clone, Copy, Debug)]
pub struct Planted {
    /// Its name at `planted!` in the core.
    pub id: &'static str,
    /// What goes wrong, in a sentence.
    pub mechanism: &'static str,
    /// Where it happened before, or that it is ours.
    pub source: &'static str,
}

/// All of them.
pub const PLANTED: &[Planted] = &[];
