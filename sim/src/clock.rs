//! The node's two clocks over virtual time: the monotonic one begins anywhere in each life and never goes back; the wall clock drifts,
//! jumps and freezes.

use ottla_machine::{Now, Time, WallMs};

use crate::script::{MS, Nanos, Weather};

/// The clocks.
#[derive(Clone, Debug)]
pub struct Clock {
    begins: i64,
    drift: i64,
    jumped: i64,
    frozen: Option<i64>,
}

impl Clock {
    /// Clocks that go as the weather says.
    pub fn new(weather: &Weather) -> Clock {
        Clock {
            begins: weather.wall,
            drift: weather.drift,
            jumped: 0,
            frozen: None,
        }
    }

    /// The wall clock, milliseconds since the epoch.
    pub fn wall(&self, now: Nanos) -> i64 {
        if let Some(frozen) = self.frozen {
            return frozen;
        }
        let passed = i64::try_from(now / MS).unwrap_or(i64::MAX);
        self.begins + self.jumped + passed + passed * self.drift / 1_000_000
    }

    /// Both, for a life whose monotonic clock showed `origin` when the run began.
    pub fn now(&self, now: Nanos, origin: Nanos) -> Now {
        Now {
            mono: Time(origin + now),
            wall: WallMs(self.wall(now)),
        }
    }

    /// The wall clock jumps.
    pub fn jump(&mut self, ms: i64) {
        self.jumped += ms;
        if let Some(frozen) = &mut self.frozen {
            *frozen += ms;
        }
    }

    /// The wall clock stands still.
    pub fn freeze(&mut self, now: Nanos) {
        self.frozen = Some(self.wall(now));
    }

    /// It goes on, at the true time.
    pub fn thaw(&mut self) {
        self.frozen = None;
    }
}
