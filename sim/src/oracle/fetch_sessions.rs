//! An incremental fetch is served only in step (KIP-227): its session was given to somebody and not ended since, and its epoch is the next one;
//! else it is told FETCH_SESSION_ID_NOT_FOUND or INVALID_FETCH_SESSION_EPOCH. And who is in step is never told that it is not.
//!
//! | a session is | on | becomes |
//! |---|---|---|
//! | not known | a full fetch is answered with its id | at 1 |
//! | at n | the fetch of epoch n is answered without an error | at n+1, not known when the answer has no session |
//! | at n | the fetch of epoch n is lost | at n or n+1: perhaps it came |
//! | any | a full fetch that names it is answered without an error | not known |

use std::collections::BTreeMap;

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Reply, Seen};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct FetchSessions {
    /// The epochs that may be next, by session: more than one after a fetch that was lost.
    next: BTreeMap<i32, Vec<i32>>,
}

const NAME: &str = "fetch-sessions";

const INVALID_FETCH_SESSION_EPOCH: i16 = 71;

impl Oracle for FetchSessions {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, _scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Lost(asked) => {
                if let Ask::Fetch { session, .. } = &asked.ask {
                    self.lost(*session);
                }
                Ok(())
            }
            Seen::Answered(asked, Reply::Fetch { error, session, .. }) => match &asked.ask {
                Ask::Fetch { session: said, .. } => {
                    self.answered(asked.number, *said, *error, *session)
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl FetchSessions {
    fn lost(&mut self, (id, epoch): (i32, i32)) {
        if epoch <= 0 {
            // It may have ended the session, or not.
            return;
        }
        if let Some(next) = self.next.get_mut(&id)
            && next.contains(&epoch)
            && !next.contains(&after(epoch))
        {
            next.push(after(epoch));
        }
    }

    fn answered(
        &mut self,
        number: u64,
        (id, epoch): (i32, i32),
        error: i16,
        given: i32,
    ) -> Verdict {
        let said = |what: &str| {
            fired(
                NAME,
                format!("#{number} said epoch {epoch} of session {id}: {what}"),
            )
        };
        let next = self.next.get(&id).map_or(&[][..], Vec::as_slice);
        match error {
            0 if epoch <= 0 => {
                self.next.remove(&id);
                if epoch == 0 && given != 0 {
                    self.next.insert(given, vec![1]);
                }
                Ok(())
            }
            0 if next.is_empty() => said("served, and nobody has such a session"),
            0 if !next.contains(&epoch) => said(&format!("served, and {next:?} is next")),
            0 => {
                self.next.remove(&id);
                if given == id {
                    self.next.insert(id, vec![after(epoch)]);
                }
                Ok(())
            }
            INVALID_FETCH_SESSION_EPOCH if next == [epoch] => said("refused, and it is next"),
            _ => Ok(()),
        }
    }
}

/// The epoch after this one: behind the largest comes 1 again.
fn after(epoch: i32) -> i32 {
    epoch.checked_add(1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::super::rig::{self, Rig, fires, passes};
    use super::*;

    fn ask(said: (i32, i32)) -> Ask {
        let mut ask = rig::fetch(&rig::topic("t0", 1), 0);
        if let Ask::Fetch { session, .. } = &mut ask {
            *session = said;
        }
        ask
    }

    fn told(error: i16, session: i32) -> Reply {
        Reply::Fetch {
            error,
            session,
            parts: Vec::new(),
        }
    }

    /// A session that was given, and used once.
    fn used() -> Rig<FetchSessions> {
        let mut rig = Rig::new();
        passes(rig.exchange(ask((0, 0)), &told(0, 7)));
        passes(rig.exchange(ask((7, 1)), &told(0, 7)));
        rig
    }

    #[test]
    fn who_is_in_step_is_served() {
        passes(used().exchange(ask((7, 2)), &told(0, 7)));
        fires(used().exchange(ask((7, 2)), &told(71, 0)), "it is next");
    }

    #[test]
    fn who_is_out_of_step_is_not() {
        for epoch in [1, 3] {
            passes(used().exchange(ask((7, epoch)), &told(71, 0)));
            fires(used().exchange(ask((7, epoch)), &told(0, 7)), "[2] is next");
        }
        passes(used().exchange(ask((8, 2)), &told(70, 0)));
        fires(used().exchange(ask((8, 2)), &told(0, 8)), "nobody has");
    }

    #[test]
    fn what_was_lost_may_have_come() {
        for next in [2, 3] {
            let mut rig = used();
            let lost = rig.ask(ask((7, 2)));
            passes(rig.see(&Seen::Lost(&lost)));
            passes(rig.exchange(ask((7, next)), &told(0, 7)));
        }
        let mut rig = used();
        let lost = rig.ask(ask((7, 2)));
        passes(rig.see(&Seen::Lost(&lost)));
        fires(rig.exchange(ask((7, 4)), &told(0, 7)), "is next");
    }

    #[test]
    fn a_session_that_was_ended_is_no_more() {
        let mut rig = used();
        passes(rig.exchange(ask((7, -1)), &told(0, 0)));
        fires(rig.exchange(ask((7, 2)), &told(0, 7)), "nobody has");
    }
}
