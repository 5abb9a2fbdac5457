//! Both clocks, read once per turn.

use std::time::{Duration, Instant};

use ottla_machine::{Now, Time, WallMs};
use rustix::time::{ClockId, clock_gettime};

/// Monotonic time counts from when the host started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock {
            origin: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        let since = self.origin.elapsed();
        let wall = clock_gettime(ClockId::Realtime);
        Now {
            // One nanosecond on, so that no turn happens at `Time::ZERO`.
            mono: Time::ZERO.after(since).after(Duration::from_nanos(1)),
            wall: WallMs(wall.tv_sec * 1000 + wall.tv_nsec / 1_000_000),
        }
    }

    /// The instant of a deadline; far ones are near enough for a timer that is set again every turn.
    pub(crate) fn instant(&self, at: Time) -> Instant {
        const FAR: Duration = Duration::from_secs(3600);
        let since = self.origin.elapsed();
        let until = at.since(Time::ZERO.after(since)).min(FAR);
        self.origin + since + until
    }
}
