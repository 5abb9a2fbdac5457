//! The bounds of the runtime.

/// Answers that may wait for the high watermark at once. A request beyond it is given back undecided; each one is an
/// open question of some connection, so far more than a node has connections.
pub const PARKED: usize = 65_536;

/// Deadlines decided in one call; the rest stay due, so that a burst of expiries does not hold up the turn.
pub const EXPIRED: usize = 64;
