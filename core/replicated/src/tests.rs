//! The runtime under a toy: a counter that is added to, read, and reset by a timer. Transcripts: causes in, answers out.

use ottla_machine::{
    Cause, Deadlines, Decision, Emit, Entry, Forgets, NoJob, Now, Offset, Release, Replicated,
    Ticket, Time, WallMs,
};

use crate::{Refused, Runtime, Tail, limits};

/// Sums what was added; in soft state it counts how often it was asked in this tenure.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counter {
    sum: i64,
    last: Option<Offset>,
}

#[derive(Debug)]
enum Ask {
    Add(Vec<i64>),
    Read,
    ReadLatest,
    Peek,
    ResetAt(Time),
}

#[derive(Debug, PartialEq)]
struct Told {
    sum: i64,
    asked: u32,
}

#[derive(Debug, Default)]
struct Asked(u32);

impl Replicated for Counter {
    type Request = Ask;
    type Response = Told;
    type Record = i64;
    type View = ();
    type Soft = Asked;
    type Call = Offset;
    type Timer = &'static str;
    type Job = NoJob;

    fn begin(&self, now: Now, _: &()) -> (Asked, Deadlines<Counter>) {
        (Asked(0), vec![("tick", Some(now.mono.after_ms(1_000)))])
    }

    fn decide(
        &self,
        soft: &mut Asked,
        _: Now,
        _: &(),
        cause: Cause<Counter>,
        _: &mut impl Emit,
    ) -> Decision<Counter> {
        let mut decision = Decision::default();
        match cause {
            Cause::Request(ticket, ask) => {
                soft.0 += 1;
                let (added, release) = match &ask {
                    Ask::Add(amounts) => (amounts.clone(), Release::WithRecords),
                    Ask::Read => (Vec::new(), self.last.map_or(Release::Now, Release::After)),
                    Ask::ReadLatest => (Vec::new(), Release::WithRecords),
                    Ask::Peek => (Vec::new(), Release::Now),
                    Ask::ResetAt(at) => {
                        decision.timers.push(("reset", Some(*at)));
                        (vec![1], Release::WithRecords)
                    }
                };
                let sum = self.sum + added.iter().sum::<i64>();
                let asked = soft.0;
                decision
                    .replies
                    .push((ticket, Told { sum, asked }, release));
                decision.records = added;
            }
            Cause::Expired("reset") => decision.records.push(-self.sum),
            Cause::Expired(_) | Cause::Returned(..) | Cause::Computed(_) | Cause::ViewChanged => {}
        }
        decision
    }

    fn replay(&mut self, offset: Offset, entry: Entry<&i64>) {
        if let Entry::Record { record, .. } = entry {
            self.sum += record;
        }
        self.last = Some(offset);
    }

    fn committed(&self, _: &mut Asked, offset: Offset, calls: &mut Vec<Offset>) {
        calls.push(offset);
    }
}

/// A log in memory that refuses what it is told to refuse.
#[derive(Default)]
struct Log {
    records: Vec<i64>,
    refuse: Option<Refused>,
}

impl Tail<i64> for Log {
    fn append(&mut self, records: &[i64], _: bool) -> Result<Offset, Refused> {
        if let Some(refused) = self.refuse {
            return Err(refused);
        }
        let base = Offset(self.records.len() as i64);
        self.records.extend_from_slice(records);
        Ok(base)
    }
}

/// Answers and refusals by ticket number.
type Answers = (Vec<(u32, Told)>, Vec<(u32, Refused)>);

struct World {
    runtime: Runtime<Counter>,
    log: Log,
    asked: u32,
}

fn at(ms: i64) -> Now {
    Now {
        mono: Time::ZERO.after_ms(ms),
        wall: WallMs(ms),
    }
}

fn ticket(slot: u32) -> Ticket {
    Ticket {
        gather: 0,
        generation: 0,
        slot,
    }
}

fn told(sum: i64, asked: u32) -> Told {
    Told { sum, asked }
}

impl World {
    fn leading() -> World {
        let mut runtime = Runtime::new(Counter::default(), Offset(0));
        assert!(runtime.begin(at(0), &()).calls.is_empty());
        World {
            runtime,
            log: Log::default(),
            asked: 0,
        }
    }

    /// Asks; answers what came at once.
    fn ask(&mut self, ask: Ask) -> Answers {
        self.asked += 1;
        let cause = Cause::Request(ticket(self.asked), ask);
        let outcome = self
            .runtime
            .step(at(0), &(), cause, &mut self.log, &mut Forgets);
        self.check();
        (by_slot(outcome.replies), by_slot(outcome.refused))
    }

    fn commit(&mut self, to: i64) -> Vec<(u32, Told)> {
        let passed = self.runtime.on_high_watermark(Offset(to));
        self.check();
        by_slot(passed.replies)
    }

    /// R1, against a replay from nothing.
    fn check(&self) {
        self.runtime.check();
        let mut again = Counter::default();
        for (index, record) in self.log.records.iter().enumerate() {
            let producer = None;
            again.replay(Offset(index as i64), Entry::Record { producer, record });
        }
        assert_eq!(self.runtime.state(), &again);
    }
}

fn by_slot<T>(list: Vec<(Ticket, T)>) -> Vec<(u32, T)> {
    list.into_iter()
        .map(|(t, answer)| (t.slot, answer))
        .collect()
}

#[test]
fn answers_wait_for_their_records_and_leave_in_order() {
    let mut world = World::leading();
    assert_eq!(world.ask(Ask::Add(vec![1, 2])), (vec![], vec![]));
    assert_eq!(world.ask(Ask::Add(vec![4])), (vec![], vec![]));
    assert_eq!(world.runtime.state().sum, 7);
    assert_eq!(world.commit(1), vec![], "half of a decision is not enough");
    assert_eq!(world.commit(2), vec![(1, told(3, 1))]);
    assert_eq!(world.commit(2), vec![], "nothing is told twice");
    assert_eq!(world.commit(3), vec![(2, told(7, 2))]);
}

#[test]
fn a_read_waits_for_the_last_write_of_its_key_only() {
    let mut world = World::leading();
    assert_eq!(world.ask(Ask::Read).0, vec![(1, told(0, 1))]);
    world.ask(Ask::Add(vec![5]));
    assert_eq!(world.ask(Ask::Read), (vec![], vec![]));
    assert_eq!(world.ask(Ask::Peek).0, vec![(4, told(5, 4))]);
    let both = vec![(2, told(5, 2)), (3, told(5, 3))];
    assert_eq!(world.commit(1), both);
    // After(offset) of something committed long ago leaves at once.
    assert_eq!(world.ask(Ask::Read).0, vec![(5, told(5, 5))]);
}

#[test]
fn an_answer_without_records_waits_for_all_it_may_have_seen() {
    let mut world = World::leading();
    assert_eq!(world.ask(Ask::ReadLatest).0, vec![(1, told(0, 1))]);
    world.ask(Ask::Add(vec![5]));
    assert_eq!(world.ask(Ask::ReadLatest), (vec![], vec![]));
    assert_eq!(world.commit(1).len(), 2);
}

#[test]
fn a_refused_append_changes_nothing() {
    let mut world = World::leading();
    world.ask(Ask::Add(vec![5]));
    for refused in [Refused::Full, Refused::TooLarge, Refused::NotLeader] {
        world.log.refuse = Some(refused);
        let mine = world.asked + 1;
        let asked = world.ask(Ask::ResetAt(Time::ZERO));
        assert_eq!(asked, (vec![], vec![(mine, refused)]));
        assert_eq!(world.runtime.state().sum, 5);
        let peek = world.ask(Ask::Peek).0;
        assert_eq!(peek[0].1.sum, 5, "what needs no append still works");
    }
    let reset = Some(Time::ZERO);
    assert_eq!(world.runtime.deadline(), reset, "deadlines are soft, too");
    world.log.refuse = None;
    assert_eq!(world.commit(1).len(), 1);
}

#[test]
fn timers_decide_and_cancel() {
    let mut world = World::leading();
    world.ask(Ask::ResetAt(at(50).mono));
    assert_eq!(world.runtime.deadline(), Some(at(50).mono));
    let early = world
        .runtime
        .on_time(at(49), &(), &mut world.log, &mut Forgets);
    assert!(early.replies.is_empty());
    assert_eq!(world.runtime.state().sum, 1);
    let due = world
        .runtime
        .on_time(at(50), &(), &mut world.log, &mut Forgets);
    assert!(due.replies.is_empty() && due.refused.is_empty() && due.jobs.is_empty());
    assert_eq!(world.log.records, [1, -1]);
    assert_eq!(world.runtime.deadline(), Some(at(1_000).mono));
    world.check();
}

#[test]
fn the_end_gives_every_parked_ticket_back_and_forgets_soft_state() {
    let mut world = World::leading();
    world.ask(Ask::Add(vec![1]));
    world.ask(Ask::Add(vec![2]));
    world.ask(Ask::Read);
    world.commit(1);
    assert_eq!(world.runtime.parked(), 2);
    assert_eq!(world.runtime.end(), [ticket(2), ticket(3)]);
    assert_eq!(world.runtime.end(), [], "given back once");
    assert_eq!(world.runtime.deadline(), None);
    assert!(world.runtime.is_stale(), "offset 1 may never be committed");

    // The next leader cut offset 1 off; the committed prefix is loaded anew.
    world.log.records.truncate(1);
    world.runtime.restart(Counter::default(), Offset(0));
    let entry = Entry::Record {
        producer: None,
        record: &world.log.records[0],
    };
    world.runtime.load(Offset(0), entry);
    assert!(
        world
            .runtime
            .on_high_watermark(Offset(1))
            .replies
            .is_empty()
    );
    assert_eq!(world.runtime.begin(at(9), &()).calls, [Offset(0)]);
    world.asked = 9;
    assert_eq!(world.ask(Ask::Peek).0, vec![(10, told(1, 1))]);
}

#[test]
fn a_tenure_that_ends_with_all_committed_may_go_on_following() {
    let mut world = World::leading();
    world.ask(Ask::Add(vec![1]));
    world.commit(1);
    assert_eq!(world.runtime.end(), []);
    assert!(!world.runtime.is_stale());
    let entry = Entry::Record {
        producer: None,
        record: &6,
    };
    world.runtime.load(Offset(4), entry);
    world.runtime.skip(Offset(9));
    assert_eq!(world.runtime.end_offset(), Offset(9));
    assert_eq!(world.runtime.state().sum, 7);
}

#[test]
fn what_is_committed_is_told_once_per_advance() {
    let mut world = World::leading();
    world.ask(Ask::Add(vec![1, 2, 3]));
    assert_eq!(
        world.runtime.on_high_watermark(Offset(2)).calls,
        [Offset(1)]
    );
    assert_eq!(world.runtime.on_high_watermark(Offset(1)).calls, []);
    assert_eq!(
        world.runtime.on_high_watermark(Offset(3)).calls,
        [Offset(2)]
    );
}

#[test]
fn too_many_waiting_answers_refuse_the_next_request() {
    let mut world = World::leading();
    world.ask(Ask::Add(vec![1]));
    for slot in 0..limits::PARKED as u32 {
        let cause = Cause::Request(ticket(slot), Ask::Read);
        let outcome = world
            .runtime
            .step(at(0), &(), cause, &mut world.log, &mut Forgets);
        assert!(outcome.replies.is_empty());
    }
    assert_eq!(world.ask(Ask::Peek).1, vec![(2, Refused::Full)]);
    assert_eq!(world.commit(1).len(), limits::PARKED);
    assert_eq!(world.ask(Ask::Peek).0.len(), 1);
}

#[test]
#[should_panic(expected = "R6")]
fn a_high_watermark_beyond_the_end_is_a_bug() {
    let mut world = World::leading();
    world.ask(Ask::Add(vec![1]));
    world.commit(2);
}

#[test]
#[should_panic(expected = "R5")]
fn a_stale_state_is_not_used_again() {
    let mut world = World::leading();
    world.ask(Ask::Add(vec![1]));
    world.runtime.end();
    let passed = world.runtime.begin(at(0), &());
    assert!(passed.calls.is_empty());
}
