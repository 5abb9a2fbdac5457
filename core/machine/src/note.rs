//! Words for the operator's log. The core has no logger; the driver prints these.

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever looks for a cause.
    Debug,
    /// A change of state worth a line.
    Info,
    /// Something was wrong and was mended or refused.
    Warn,
    /// Something is wrong and stays so.
    Error,
}

/// One sentence: what, where, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    /// The sentence.
    pub text: String,
}
