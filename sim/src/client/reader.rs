//! Where a client's reading stands, and its fetch session (KIP-227): what a fetch must say so that the node serves what the client wants.
//!
//! | session | on | becomes |
//! |---|---|---|
//! | none | a full fetch is answered with an id | open, epoch 1 |
//! | open | an incremental fetch is answered | open, next epoch |
//! | open | it is refused, or lost | broken: the next fetch is full and closes it |
//! | open | answered with id 0, or FETCH_SESSION_ID_NOT_FOUND | none |

use std::collections::BTreeMap;

use crate::history::{Fetched, Named};
use crate::ledger::same;
use crate::script::Place;

const FETCH_SESSION_ID_NOT_FOUND: i16 = 70;

/// Where reading stands in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// The next offset.
    pub offset: i64,
    /// The epoch of the last batch that was read, or -1.
    pub epoch: i32,
    /// An offset to go on at was asked for.
    pub asking: bool,
}

/// A partition that is to be fetched, as a request says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    pub place: Place,
    pub named: Named,
    pub offset: i64,
    /// -1: not known.
    pub leader_epoch: i32,
    /// -1: not known.
    pub last_epoch: i32,
    pub max_bytes: i32,
}

/// What a fetch says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub session: (i32, i32),
    pub say: Vec<Want>,
    pub forget: Vec<Named>,
    /// All that the node must serve: partition, where from, the most bytes.
    pub all: Vec<(Named, i64, i32)>,
    /// The leader epoch that the node was told for each of them.
    pub epochs: Vec<i32>,
}

#[derive(Clone, Debug, Default)]
struct Session {
    id: i32,
    /// 0: the next fetch is full.
    epoch: i32,
    version: i16,
    kept: Vec<Want>,
}

/// Positions and the session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    positions: BTreeMap<Place, Position>,
    session: Session,
    /// A fetch of the session is under way.
    pub fetching: bool,
}

impl Reader {
    /// Where reading stands, if it has begun.
    pub fn position(&self, place: Place) -> Option<Position> {
        self.positions.get(&place).copied()
    }

    /// Reading goes on there.
    pub fn seek(&mut self, place: Place, offset: i64) {
        let position = Position {
            offset,
            epoch: -1,
            asking: false,
        };
        self.positions.insert(place, position);
    }

    /// Where to go on is being asked for.
    pub fn ask(&mut self, place: Place) {
        let position = self.positions.entry(place).or_insert(Position {
            offset: 0,
            epoch: -1,
            asking: true,
        });
        position.asking = true;
    }

    /// No answer will come: reading goes on where it stood.
    pub fn stop_asking(&mut self, place: Place) {
        if let Some(position) = self.positions.get_mut(&place) {
            position.asking = false;
        }
    }

    /// The partitions that the session remembers.
    pub fn kept(&self) -> impl Iterator<Item = Place> {
        self.session.kept.iter().map(|want| want.place)
    }

    /// The version that the open session speaks.
    pub fn session_version(&self) -> Option<i16> {
        (self.session.epoch != 0).then_some(self.session.version)
    }

    /// What to say without a session. `closing`: the one there is ends with it.
    pub fn alone(&mut self, wants: Vec<Want>, closing: bool) -> Plan {
        let mut id = 0;
        if closing {
            id = std::mem::take(&mut self.session).id;
        }
        Plan {
            session: (id, -1),
            all: all(&wants),
            epochs: epochs(&wants),
            say: wants,
            forget: Vec::new(),
        }
    }

    /// What to say so that these partitions are served, and no other.
    pub fn in_session(&mut self, wants: Vec<Want>, version: i16) -> Plan {
        self.fetching = true;
        let session = &mut self.session;
        let number = (session.id, session.epoch);
        let kept = std::mem::take(&mut session.kept);
        let whole = session.epoch == 0;
        if whole {
            session.version = version;
        }
        let mut forget = Vec::new();
        let mut say = Vec::new();
        for old in kept.iter().filter(|_| !whole) {
            let new = wants.iter().find(|want| want.place == old.place);
            // By name a topic that was made anew is the same: to forget it would forget what is said of it now.
            if new.is_none_or(|new| !same(&new.named, &old.named)) {
                forget.push(old.named.clone());
            }
        }
        for want in &wants {
            if whole || !kept.contains(want) {
                say.push(want.clone());
            }
        }
        session.kept = wants;
        Plan {
            session: number,
            say,
            forget,
            all: all(&session.kept),
            epochs: epochs(&session.kept),
        }
    }

    /// A fetch of the session was answered.
    pub fn answered(&mut self, session: (i32, i32), error: i16, id: i32) {
        self.fetching = false;
        let own = &mut self.session;
        match error {
            0 if id == 0 => *own = Session::default(),
            0 => {
                own.id = id;
                own.epoch = if session.1 == i32::MAX {
                    1
                } else {
                    session.1 + 1
                };
            }
            FETCH_SESSION_ID_NOT_FOUND => *own = Session::default(),
            _ => self.broken(),
        }
    }

    /// What the node has of the session is not known any more.
    pub fn broken(&mut self) {
        self.fetching = false;
        self.session = Session {
            id: self.session.id,
            ..Session::default()
        };
    }

    /// Reading moves on with what a partition that was asked for from `from` was answered with. Whether an offset to go on at is needed.
    pub fn moves(&mut self, place: Place, from: i64, fetched: &Fetched) -> bool {
        const OFFSET_OUT_OF_RANGE: i16 = 1;
        let Some(position) = self.positions.get_mut(&place) else {
            return false;
        };
        // It may have been moved meanwhile.
        if position.offset != from || position.asking {
            return false;
        }
        if fetched.error == OFFSET_OUT_OF_RANGE {
            position.asking = true;
            return true;
        }
        if let Some((epoch, end)) = fetched.diverging {
            position.offset = position.offset.min(end.max(0));
            position.epoch = epoch;
        }
        for batch in &fetched.batches {
            if batch.last_offset >= position.offset {
                position.offset = batch.last_offset + 1;
                position.epoch = batch.leader_epoch;
            }
        }
        false
    }
}

fn all(wants: &[Want]) -> Vec<(Named, i64, i32)> {
    let all = wants.iter();
    all.map(|want| (want.named.clone(), want.offset, want.max_bytes))
        .collect()
}

fn epochs(wants: &[Want]) -> Vec<i32> {
    wants.iter().map(|want| want.leader_epoch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(partition: i32, id: u8, offset: i64) -> Want {
        let place = Place {
            topic: 1,
            partition,
        };
        Want {
            place,
            named: Named {
                topic: "t1".into(),
                id: [id; 16],
                by_id: true,
                index: partition,
            },
            offset,
            leader_epoch: -1,
            last_epoch: -1,
            max_bytes: 1_000,
        }
    }

    #[test]
    fn a_session_says_what_has_changed() {
        let mut reader = Reader::default();
        let plan = reader.in_session(vec![want(0, 1, 0), want(1, 1, 0)], 13);
        assert_eq!(
            (plan.session, plan.say.len(), plan.forget.len()),
            ((0, 0), 2, 0)
        );
        reader.answered(plan.session, 0, 77);
        assert_eq!(reader.session_version(), Some(13));

        // One has moved on, one is the same.
        let plan = reader.in_session(vec![want(0, 1, 5), want(1, 1, 0)], 13);
        assert_eq!(plan.session, (77, 1));
        assert_eq!(plan.say, [want(0, 1, 5)]);
        assert_eq!(plan.all.len(), 2);
        reader.answered(plan.session, 0, 77);

        // One is forgotten, one belongs to a topic that was made anew.
        let plan = reader.in_session(vec![want(1, 2, 0)], 13);
        assert_eq!(plan.session, (77, 2));
        let forgotten = plan.forget.iter().map(|named| (named.id[0], named.index));
        let forgotten: Vec<_> = forgotten.collect();
        assert_eq!(forgotten, [(1, 0), (1, 1)]);
        assert_eq!(plan.say, [want(1, 2, 0)]);
        reader.answered(plan.session, 71, 0);

        // It was refused: the next one is full, and closes the session.
        let plan = reader.in_session(vec![want(1, 2, 0)], 13);
        assert_eq!((plan.session, plan.say.len()), ((77, 0), 1));
        reader.broken();
        assert_eq!(reader.in_session(vec![], 13).session, (77, 0));
        reader.answered((77, 0), FETCH_SESSION_ID_NOT_FOUND, 0);
        assert_eq!(reader.in_session(vec![], 13).session, (0, 0));
    }
}
