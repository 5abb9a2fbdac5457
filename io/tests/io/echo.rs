//! A tiny machine that uses every effect. A frame is a 4-byte length and a body; the body's first byte is the verb:
//! `W` append this frame to the file, sync, answer with it; `R` at(8) len(4): answer with that range of the file;
//! `J` n(4): answer with the sum below n, computed by a job; `P` panic.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use ottla_machine::{
    Conn, Dir, DiskOp, DiskOutput, Effects, Emit, Event, Fault, File, How, Inspect, Job, Machine,
    Mode, Name, Names, Now, Output, Owner, Part, Parts, Time, Want,
};

const OWNER: Owner = Owner {
    part: 1,
    slot: 0,
    generation: 0,
};

/// Frames longer than this are not taken.
const LONGEST: usize = 64 << 20;

#[derive(Debug)]
pub enum Ask {
    Start,
    Wake(Duration),
}

#[derive(Debug, PartialEq)]
pub enum Tell {
    Ready,
    Woken,
    Failed(Fault),
}

pub struct Sum(u32);

impl Job for Sum {
    type Product = u64;

    fn run(self) -> u64 {
        assert!(self.0 != 13, "thirteen is not summed");
        (0..u64::from(self.0)).sum()
    }
}

enum Waiting {
    Open,
    Write(Conn, Bytes),
    Sync(Conn, Bytes),
    Job(Conn),
}

pub struct Echo {
    names: Names,
    file: Option<File>,
    end: u64,
    seq: u64,
    waiting: BTreeMap<u64, Waiting>,
    wake: Option<Time>,
    pub open: usize,
}

impl Default for Echo {
    fn default() -> Echo {
        Echo {
            names: Names::new(1),
            file: None,
            end: 0,
            seq: 0,
            waiting: BTreeMap::new(),
            wake: None,
            open: 0,
        }
    }
}

pub fn frame(body: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(4 + body.len());
    frame.put_u32(body.len() as u32);
    frame.put_slice(body);
    frame.freeze()
}

fn first() -> Want {
    Want {
        carry: Bytes::new(),
        least: 4,
        most: 64 << 10,
    }
}

impl Echo {
    fn later(&mut self, what: Waiting) -> ottla_machine::Op {
        self.seq += 1;
        self.waiting.insert(self.seq, what);
        OWNER.op(self.seq)
    }

    fn start(&mut self, fx: &mut Effects<Echo>) {
        let file = self.names.file();
        self.file = Some(file);
        let op = self.later(Waiting::Open);
        let open = DiskOp::Open {
            dir: Dir(0),
            name: Name::new("echo").expect("a name"),
            file,
            mode: Mode::Create,
        };
        fx.disk(op, open);
    }

    fn received(&mut self, conn: Conn, mut bytes: Bytes, fx: &mut Effects<Echo>) {
        while bytes.len() >= 4 {
            let len = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
            if len == 0 || len > LONGEST {
                return fx.close(conn, How::Now);
            }
            if bytes.len() < 4 + len {
                let want = Want {
                    carry: bytes,
                    least: 4 + len,
                    most: (4 + len).max(64 << 10),
                };
                return fx.receive(conn, want);
            }
            let frame = bytes.split_to(4 + len);
            self.frame(conn, frame, fx);
        }
        fx.receive(
            conn,
            Want {
                carry: bytes,
                ..first()
            },
        );
    }

    fn frame(&mut self, conn: Conn, whole: Bytes, fx: &mut Effects<Echo>) {
        let mut body = whole.slice(5..);
        match whole[4] {
            b'W' => {
                let file = self.file.expect("started");
                let at = self.end;
                self.end += whole.len() as u64;
                let op = self.later(Waiting::Write(conn, whole.clone()));
                let bytes = vec![whole];
                fx.disk(op, DiskOp::Write { file, at, bytes });
            }
            b'R' => {
                let (position, length) = (body.get_u64(), body.get_u32());
                let file = self.file.expect("started");
                let mut parts = Parts::default();
                parts.push(Part::Bytes(Bytes::copy_from_slice(&length.to_be_bytes())));
                parts.push(Part::File {
                    file,
                    position,
                    length,
                });
                fx.send(conn, parts);
            }
            b'J' => {
                let op = self.later(Waiting::Job(conn));
                fx.work(op, Sum(body.get_u32()));
            }
            _ => panic!("a frame that nobody wants"),
        }
    }

    fn done(&mut self, seq: u64, result: Result<Output<Echo>, Fault>, fx: &mut Effects<Echo>) {
        let waiting = self.waiting.remove(&seq).expect("one Done per Op");
        let output = match result {
            Ok(output) => output,
            Err(fault) => return fx.tell(Tell::Failed(fault)),
        };
        match (waiting, output) {
            (Waiting::Open, Output::Disk(DiskOutput::Opened { len })) => {
                self.end = len;
                fx.tell(Tell::Ready);
            }
            (Waiting::Write(conn, frame), _) => {
                let op = self.later(Waiting::Sync(conn, frame));
                fx.disk(op, DiskOp::Sync(self.file.expect("started")));
            }
            (Waiting::Sync(conn, frame), _) => fx.send(conn, frame.into()),
            (Waiting::Job(conn), Output::Product(sum)) => {
                fx.send(conn, frame(&sum.to_be_bytes()).into());
            }
            _ => panic!("an output of another kind"),
        }
    }
}

impl Machine for Echo {
    type Ask = Ask;
    type Tell = Tell;
    type Job = Sum;

    fn step(&mut self, now: Now, event: Event<Echo>, fx: &mut Effects<Echo>) {
        match event {
            Event::Asked(Ask::Start) => self.start(fx),
            Event::Asked(Ask::Wake(after)) => self.wake = Some(now.mono.after(after)),
            Event::Opened(conn, _) => {
                self.open += 1;
                fx.receive(conn, first());
            }
            Event::Received(conn, bytes) => self.received(conn, bytes, fx),
            Event::Sent(..) => {}
            Event::Closed(..) => self.open -= 1,
            Event::Done(op, result) => self.done(op.seq, result, fx),
        }
    }

    fn settle(&mut self, now: Now, fx: &mut Effects<Echo>) {
        if self.wake.is_some_and(|at| at <= now.mono) {
            self.wake = None;
            fx.tell(Tell::Woken);
        }
    }

    fn deadline(&self) -> Option<Time> {
        self.wake
    }

    fn inspect(&self, out: &mut dyn Inspect) {
        out.gauge("connections", &[], self.open as i64);
    }
}
