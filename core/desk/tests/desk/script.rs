//! A transcript is lines. What goes in: `> effect`, `= number answer`, `accept`, `turn`. What must come out right
//! after: `< number call` and `! event`. Calls are numbered as they come; `#n` names an operation.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use ottla_desk::{
    Call, CallDone, CallId, Desk, Errno, FileCall, Lane, Looked, NetCall, Opened, Outcome, Path,
    SendfileErrno, SentFile,
};
use ottla_machine::{
    Conn, Dir, DirEntry, DiskOp, DiskOutput, Effect, Endpoint, File, How, Kind, Machine, Mode,
    Name, NoJob, Op, Owner, Part, Parts, Switch, Want,
};

/// Only its effects matter.
struct Nobody;

impl Machine for Nobody {
    type Ask = ();
    type Tell = ();
    type Job = NoJob;

    fn step(
        &mut self,
        _: ottla_machine::Now,
        _: ottla_machine::Event<Nobody>,
        _: &mut ottla_machine::Effects<Nobody>,
    ) {
    }

    fn settle(&mut self, _: ottla_machine::Now, _: &mut ottla_machine::Effects<Nobody>) {}

    fn deadline(&self) -> Option<ottla_machine::Time> {
        None
    }

    fn inspect(&self, _: &mut dyn ottla_machine::Inspect) {}
}

/// Plays a transcript and compares what comes out.
pub fn play(script: &str) {
    let mut player = Player {
        desk: Desk::new([Dir(0)], Switch::default()),
        calls: BTreeMap::new(),
        next: 1,
        out: Vec::new(),
    };
    let mut wanted: Vec<String> = Vec::new();
    for line in script.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("--") {
            continue;
        }
        wanted.push(line.into());
        if !line.starts_with(['<', '!']) {
            player.out.push(line.into());
            player.act(line);
        }
    }
    let (played, wanted) = (player.out.join("\n"), wanted.join("\n"));
    assert!(played == wanted, "played:\n{played}\n\nwanted:\n{wanted}\n");
}

struct Player {
    desk: Desk,
    calls: BTreeMap<u64, (CallId, Call)>,
    next: u64,
    out: Vec<String>,
}

impl Player {
    fn act(&mut self, line: &str) {
        match line.split_once(' ') {
            Some((">", effect)) => {
                let effect: Effect<Nobody> = effect_of(effect);
                assert!(self.desk.take(effect).is_none());
                // What is held together by a plus is taken before any call is made.
                if line.ends_with(" +") {
                    return;
                }
            }
            Some(("=", answer)) => self.answer(answer),
            None if line == "accept" => {
                self.desk.accepted(3, "peer".into());
            }
            None if line == "turn" => self.desk.turn(),
            _ => panic!("what is {line:?}?"),
        }
        while let Some((id, call)) = self.desk.next_call() {
            self.out
                .push(format!("< {} {}", self.next, call_text(&call)));
            self.calls.insert(self.next, (id, call));
            self.next += 1;
        }
        while let Some(event) = self.desk.event() {
            self.out.push(format!("! {}", event_text(&event)));
        }
    }

    fn answer(&mut self, answer: &str) {
        let (number, what) = answer.split_once(' ').expect("a number and an answer");
        let (id, call) = self
            .calls
            .remove(&number.parse().expect("a number"))
            .expect("a call that is out");
        self.desk.back(id, done_of(call, what));
    }
}

fn effect_of(text: &str) -> Effect<Nobody> {
    let words: Vec<&str> = text.trim_end_matches(" +").split(' ').collect();
    let conn = |word: &str| Conn(word[1..].parse().expect("a connection"));
    match words[..] {
        ["receive", to, least, most, ref carry @ ..] => Effect::Receive(
            conn(to),
            Want {
                carry: Bytes::from(carry.concat()),
                least: least.parse().expect("bytes"),
                most: most.parse().expect("bytes"),
            },
        ),
        ["send", to, ref parts @ ..] => Effect::Send(conn(to), parts_of(parts)),
        ["end", of, "drained"] => Effect::Close(conn(of), How::Drained),
        ["end", of, "now"] => Effect::Close(conn(of), How::Now),
        ["connect", name, host] => {
            let (host, port) = (host.into(), 9);
            Effect::Connect(conn(name), Endpoint { host, port })
        }
        [ref words @ .., op] => {
            let owner = Owner {
                part: 1,
                slot: 2,
                generation: 3,
            };
            let op = owner.op(op[1..].parse().expect("an operation"));
            Effect::Disk(op, disk_of(words))
        }
        [] => panic!("no effect"),
    }
}

fn parts_of(words: &[&str]) -> Parts {
    let mut parts = Parts::default();
    for word in words {
        parts.push(match word.split_once('@') {
            None => Part::Bytes(Bytes::from((*word).to_owned())),
            Some((file, range)) => {
                let (at, len) = range.split_once('+').expect("a range");
                Part::File {
                    file: file_of(file),
                    position: at.parse().expect("a position"),
                    length: len.parse().expect("a length"),
                }
            }
        });
    }
    parts
}

fn file_of(word: &str) -> File {
    File(word[1..].parse().expect("a file"))
}

fn dir_of(word: &str) -> Dir {
    Dir(word[1..].parse().expect("a directory"))
}

fn place_of(word: &str) -> (Dir, Name) {
    let (dir, name) = word.split_once('/').expect("a place");
    (dir_of(dir), Name::new(name).expect("a name"))
}

fn disk_of(words: &[&str]) -> DiskOp {
    let at = |word: &str| word.trim_start_matches('@').parse().expect("a number");
    match *words {
        ["open", file, place, mode] => {
            let (dir, name) = place_of(place);
            let mode = match mode {
                "read" => Mode::Read,
                "write" => Mode::Write,
                "create" => Mode::Create,
                _ => Mode::Fresh,
            };
            let file = file_of(file);
            DiskOp::Open {
                dir,
                name,
                file,
                mode,
            }
        }
        ["write", file, from, ref bytes @ ..] => DiskOp::Write {
            file: file_of(file),
            at: at(from),
            bytes: bytes
                .iter()
                .map(|bytes| Bytes::from((*bytes).to_owned()))
                .collect(),
        },
        ["read", file, from, len] => DiskOp::Read {
            file: file_of(file),
            at: at(from),
            len: at(len) as u32,
        },
        ["sync", file] => DiskOp::Sync(file_of(file)),
        ["sync-aside", file] => DiskOp::SyncAside(file_of(file)),
        ["truncate", file, len] => DiskOp::Truncate {
            file: file_of(file),
            len: at(len),
        },
        ["allocate", file, to] => DiskOp::Allocate {
            file: file_of(file),
            to: at(to),
        },
        ["close", file] => DiskOp::Close(file_of(file)),
        ["rename", from, to] => DiskOp::Rename {
            from: place_of(from),
            to: place_of(to),
        },
        ["remove", place] => {
            let (dir, name) = place_of(place);
            DiskOp::Remove { dir, name }
        }
        ["mkdir", place, made] => {
            let (dir, name) = place_of(place);
            let made = dir_of(made);
            DiskOp::MakeDir { dir, name, made }
        }
        ["syncdir", dir] => DiskOp::SyncDir(dir_of(dir)),
        ["space", dir] => DiskOp::Space(dir_of(dir)),
        ["list", dir] => DiskOp::List {
            dir: dir_of(dir),
            after: None,
            most: 9,
        },
        _ => panic!("what is {words:?}?"),
    }
}

fn errno_of(word: &str) -> Option<Errno> {
    Some(match word {
        "eintr" => Errno::Interrupted,
        "enospc" => Errno::NoSpace,
        "emfile" => Errno::NoDescriptors,
        "enoent" => Errno::NotFound,
        "eexist" => Errno::Exists,
        "enotempty" => Errno::NotEmpty,
        "eopnotsupp" => Errno::Unsupported,
        "econnrefused" => Errno::Refused,
        "econnreset" => Errno::Reset,
        "etimedout" => Errno::TimedOut,
        "eio" => Errno::Other(5),
        _ => return None,
    })
}

fn done_of(call: Call, what: &str) -> CallDone {
    let words: Vec<&str> = what.split(' ').collect();
    let number = |word: &str| word.parse::<usize>().expect("a number");
    let failed = errno_of(words[0]);
    let count = |word: &str| failed.map_or_else(|| Ok(number(word)), Err);
    match call {
        Call::File(_, _, FileCall::Openat { .. }) => CallDone::Opened(match failed {
            Some(errno) => Err(errno),
            None => Ok(Opened {
                len: number(words[1]) as u64,
                node: number(words[2]) as u64,
            }),
        }),
        Call::File(_, _, FileCall::Pwritev { bufs, .. }) => CallDone::Written {
            bufs,
            result: count(words.last().expect("a count")),
        },
        Call::File(_, _, FileCall::Pread { mut buf, .. }) => {
            let bytes = words.get(1).copied().unwrap_or_default();
            buf.extend_from_slice(bytes.as_bytes());
            let result = failed.map_or(Ok(bytes.len()), Err);
            CallDone::Read { buf, result }
        }
        Call::File(_, _, FileCall::ListDir { .. }) => CallDone::Listed(match failed {
            Some(errno) => Err(errno),
            None => Ok(words[1..].iter().map(|word| entry_of(word)).collect()),
        }),
        Call::File(_, _, FileCall::Lookup { .. }) => CallDone::Looked(match failed {
            Some(errno) => Err(errno),
            None => Ok(Looked {
                kind: kind_of(words[0]),
                len: number(words[1]) as u64,
                node: number(words[2]) as u64,
                links: 1,
            }),
        }),
        Call::File(_, _, FileCall::StatFs { .. }) => CallDone::Space(Ok((10, 20))),
        Call::Net(NetCall::Recv { mut buf, .. }) => {
            let bytes = words.get(1).copied().unwrap_or_default();
            // As a driver does that has a chunk of its own.
            let mut chunk = BytesMut::with_capacity(64);
            chunk.extend_from_slice(&buf);
            chunk.extend_from_slice(bytes.as_bytes());
            buf = chunk;
            let result = failed.map_or(Ok(bytes.len()), Err);
            CallDone::Received { buf, result }
        }
        Call::Net(NetCall::Sendmsg { bufs, .. }) => CallDone::Sent {
            bufs,
            result: count(words.last().expect("a count")),
        },
        Call::Net(NetCall::Sendfile { .. }) => CallDone::SentFile(match words[..] {
            ["cold"] => Ok(SentFile::Cold),
            ["sent", bytes] => Ok(SentFile::Count(number(bytes))),
            ["file", errno] => Err(SendfileErrno::File(errno_of(errno).expect("an errno"))),
            _ => Err(SendfileErrno::Conn(failed.expect("an errno"))),
        }),
        Call::Net(NetCall::Connect { .. }) => {
            CallDone::Connected(failed.map_or_else(|| Ok("there".into()), Err))
        }
        _ => CallDone::Plain(failed.map_or(Ok(()), Err)),
    }
}

fn kind_of(word: &str) -> Kind {
    match word {
        "dir" => Kind::Dir,
        _ => Kind::File,
    }
}

fn entry_of(word: &str) -> DirEntry {
    let (name, rest) = word.split_once(':').expect("a kind");
    DirEntry {
        name: Name::new(name).expect("a name"),
        kind: kind_of(rest),
        len: rest.parse().unwrap_or(0),
    }
}

fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn texts(bufs: &[Bytes]) -> String {
    bufs.iter().map(text).collect::<Vec<_>>().join(" ")
}

fn path_text(path: &Path) -> String {
    format!("/{}", path.rest)
}

fn call_text(call: &Call) -> String {
    match call {
        Call::File(lane, _, call) => {
            let lane = match lane {
                Lane::Inline => "",
                Lane::Flush => "flush ",
                Lane::Bulk => "bulk ",
            };
            format!("{lane}{}", file_call_text(call))
        }
        Call::Net(NetCall::Recv { conn, buf, room }) => {
            let have = text(&Bytes::copy_from_slice(buf)).to_owned();
            let own = if buf.capacity() > buf.len() {
                "own "
            } else {
                ""
            };
            format!("recv c{} {own}[{have}] room {room}", conn.0)
        }
        Call::Net(NetCall::Sendmsg { conn, bufs, more }) => {
            let more = if *more { " more" } else { "" };
            format!("sendmsg c{} {}{more}", conn.0, texts(bufs))
        }
        Call::Net(NetCall::Sendfile {
            conn,
            file,
            at,
            len,
            warm,
        }) => {
            let warm = if *warm { " warm" } else { "" };
            format!("sendfile c{} p{} @{at} {len}{warm}", conn.0, file.0)
        }
        Call::Net(NetCall::Connect { conn, to }) => format!("connect c{} {}", conn.0, to.host),
        Call::Net(NetCall::CloseConn { conn }) => format!("closeconn c{}", conn.0),
    }
}

fn file_call_text(call: &FileCall) -> String {
    match call {
        FileCall::Openat { file, path, mode } => {
            format!("openat p{} {} {mode:?}", file.0, path_text(path))
        }
        FileCall::Pwritev { file, at, bufs } => {
            format!("pwritev p{} @{at} {}", file.0, texts(bufs))
        }
        FileCall::Pread { file, at, len, buf } => {
            format!("pread p{} @{at} {len} after {}", file.0, buf.len())
        }
        FileCall::Fdatasync { file } => format!("fdatasync p{}", file.0),
        FileCall::Fallocate { file, at, len } => format!("fallocate p{} @{at} {len}", file.0),
        FileCall::Ftruncate { file, len } => format!("ftruncate p{} {len}", file.0),
        FileCall::Warm { file, at, len } => format!("warm p{} @{at} {len}", file.0),
        FileCall::CloseFile { file } => format!("close p{}", file.0),
        FileCall::Renameat { from, to } => {
            format!("renameat {} {}", path_text(from), path_text(to))
        }
        FileCall::Unlinkat { path } => format!("unlinkat {}", path_text(path)),
        FileCall::Rmdir { path } => format!("rmdir {}", path_text(path)),
        FileCall::Mkdirat { path } => format!("mkdirat {}", path_text(path)),
        FileCall::FsyncDir { path } => format!("fsyncdir {}", path_text(path)),
        FileCall::ListDir { path, .. } => format!("listdir {}", path_text(path)),
        FileCall::Lookup { path } => format!("lookup {}", path_text(path)),
        FileCall::StatFs { path } => format!("statfs {}", path_text(path)),
    }
}

fn event_text(event: &Outcome) -> String {
    match event {
        Outcome::Opened(conn, peer) => format!("opened c{} by {}", conn.0, peer.address),
        Outcome::Received(conn, bytes) => format!("received c{} {}", conn.0, text(bytes)),
        Outcome::Sent(conn, count) => format!("sent c{} {count}", conn.0),
        Outcome::Closed(conn, why) => format!("closed c{} {why:?}", conn.0),
        Outcome::Done(Op { seq, .. }, Ok(output)) => match output {
            DiskOutput::Done => format!("#{seq} done"),
            DiskOutput::Opened { len } => format!("#{seq} opened {len}"),
            DiskOutput::Read(bytes) => format!("#{seq} read {}", text(bytes)),
            DiskOutput::Listed(entries) => {
                let names = entries.iter().map(|entry| entry.name.as_str());
                format!("#{seq} listed {}", names.collect::<Vec<_>>().join(" "))
            }
            DiskOutput::Space { free, total } => format!("#{seq} space {free} {total}"),
        },
        Outcome::Done(Op { seq, .. }, Err(fault)) => format!("#{seq} {fault:?}"),
    }
}
