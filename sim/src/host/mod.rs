//! What a process stands on: it performs the broker's effects on the network and the disk, and makes events of what comes back. There
//! are two: [`contract::Contract`] uses every freedom that CONTRACT.md leaves, [`desk::DeskHost`] performs the system calls of `ottla-desk`.

#[cfg(test)]
mod conformance;
pub mod contract;
pub mod desk;
mod place;
#[cfg(test)]
mod rig;

use ottla_broker::Broker;
use ottla_machine::{Effect, Event};
use ottla_media::Media;

use crate::agenda::Agenda;
pub use crate::agenda::HostEvent;
use crate::chance::Dice;
use crate::draw::Draw;
use crate::net::{Air, Net, NodeTell};
use crate::script::{Chances, Nanos, Weather};

/// The world around a process while it does something.
pub struct Outside<'a> {
    /// Now.
    pub now: Nanos,
    /// Which life of the process this is: things put on the agenda carry it.
    pub life: u32,
    /// Draws by place.
    pub draw: Draw,
    /// How long things take.
    pub weather: &'a Weather,
    /// Until when no disk operation ends.
    pub stalled: Nanos,
    /// Whether the disk has no room at the moment.
    pub full: bool,
    /// What goes wrong.
    pub dice: &'a mut Dice,
    /// What will happen.
    pub agenda: &'a mut Agenda,
    /// The network.
    pub net: &'a mut Net,
    /// The disk.
    pub media: &'a mut Media,
    /// What was done to the disk on purpose: calls that were made to fail, for the atlas.
    pub failed: &'a mut Vec<String>,
}

impl Outside<'_> {
    /// The network, and what every call to it needs.
    pub fn air(&mut self) -> (&mut Net, Air<'_>) {
        let air = Air {
            now: self.now,
            draw: self.draw,
            weather: self.weather,
            dice: self.dice,
            agenda: self.agenda,
        };
        (self.net, air)
    }
}

/// What is around a process when it does nothing: whoever lets one live owns this, and makes the [`Outside`] of every call from it.
#[derive(Clone)]
pub struct Surroundings {
    /// Draws by place.
    pub draw: Draw,
    /// How long things take.
    pub weather: Weather,
    /// No disk operation ends until then.
    pub stalled: Nanos,
    /// The disk has no room.
    pub full: bool,
    /// What goes wrong.
    pub dice: Dice,
    /// What will happen.
    pub agenda: Agenda,
    /// The network.
    pub net: Net,
    /// The disk.
    pub media: Media,
    /// What was done to the disk on purpose and is not on the map yet.
    pub failed: Vec<String>,
}

impl Surroundings {
    /// An empty agenda, nobody connected, nothing wrong yet.
    pub fn new(draw: Draw, weather: Weather, chances: Chances, media: Media) -> Surroundings {
        Surroundings {
            draw,
            weather,
            stalled: 0,
            full: false,
            dice: Dice::new(draw, chances),
            agenda: Agenda::new(draw),
            net: Net::new(),
            media,
            failed: Vec::new(),
        }
    }

    /// As this life of the process sees them now.
    pub fn outside(&mut self, now: Nanos, life: u32) -> Outside<'_> {
        Outside {
            now,
            life,
            draw: self.draw,
            weather: &self.weather,
            stalled: self.stalled,
            full: self.full,
            dice: &mut self.dice,
            agenda: &mut self.agenda,
            net: &mut self.net,
            media: &mut self.media,
            failed: &mut self.failed,
        }
    }

    /// The network, and what every call to it needs.
    pub fn air(&mut self, now: Nanos) -> (&mut Net, Air<'_>) {
        let air = Air {
            now,
            draw: self.draw,
            weather: &self.weather,
            dice: &mut self.dice,
            agenda: &mut self.agenda,
        };
        (&mut self.net, air)
    }
}

/// What a process stands on.
pub trait Host {
    /// An effect other than `Tell`, `Work` and `Note`.
    fn take(&mut self, effect: Effect<Broker>, outside: &mut Outside<'_>);

    /// The network tells the node's kernel something.
    fn net(&mut self, tell: NodeTell, outside: &mut Outside<'_>);

    /// What it put on the agenda has come.
    fn happen(&mut self, event: HostEvent, outside: &mut Outside<'_>);

    /// A turn begins: `Sent` is told at most once per connection and turn.
    fn turn(&mut self, outside: &mut Outside<'_>);

    /// The next event for the broker. The order among independent events is the host's freedom.
    fn event(&mut self, outside: &mut Outside<'_>) -> Option<Event<Broker>>;

    /// Whether there is an event.
    fn is_ready(&self) -> bool;

    /// How many operations and connections are open: for the bounds.
    fn open(&self) -> (usize, usize);
}
