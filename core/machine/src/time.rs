//! Time as numbers. Deadlines are monotonic ([`Time`]); everything persisted is wall time ([`WallMs`]).
//! The driver reads both clocks once per turn and passes them in as [`Now`].

use core::time::Duration;

/// Monotonic nanoseconds since an origin that only the driver knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// The driver's origin: always due.
    pub const ZERO: Time = Time(0);
    /// Later than anything.
    pub const NEVER: Time = Time(u64::MAX);

    /// This time moved on by `by`, saturating at [`Time::NEVER`].
    pub fn after(self, by: Duration) -> Time {
        Time(
            self.0
                .saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)),
        )
    }

    /// This time moved on by `ms` milliseconds; negative counts as 0.
    pub fn after_ms(self, ms: i64) -> Time {
        self.after(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Milliseconds since the Unix epoch, as records and files carry them. May jump and go backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallMs(pub i64);

/// Both clocks, read once per turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For deadlines.
    pub mono: Time,
    /// For what is persisted or shown.
    pub wall: WallMs,
}
