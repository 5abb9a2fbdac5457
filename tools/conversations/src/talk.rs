//! A script spoken to a broker.
//!
//! In: a [`Script`] and an address. Out: the [`Exchange`]s.
//!
//! Invariants
//! - S1: an answer belongs to the oldest unanswered question of its connection, and bears its number.
//! - S2: nobody sleeps to give the broker time: what must have happened first is asked for until it has.
//! - S3: an answer that does not come, or an end of the connection, is an answer too; the connection is then opened anew.

use crate::codec::Codec;
use crate::mask::{Mask, Of};
use crate::script::{Keep, Request, Script, Step};
use crate::transcript::Exchange;
use crate::value::{Value, Variables, hex};
use ottla_generator::Kind;
use ottla_protocol::{ApiKey, request as framed};
use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long an answer is awaited: a bound, never a pace.
const PATIENCE: Duration = Duration::from_secs(10);
/// How soon a question is asked again that waits for something to happen.
const AGAIN: Duration = Duration::from_millis(10);
/// The longest answer that is read.
const LONGEST_ANSWER: usize = 10_000_000;

/// What came instead of an answer that can be read.
const CLOSED: &str = "the connection was closed";
const NOTHING: &str = "no answer";

/// A connection: its socket, and what was asked on it.
struct Line {
    socket: TcpStream,
    next: i32,
    asked: VecDeque<(ApiKey, i16, i32, String)>,
}

/// A conversation under way.
pub struct Talk<'a> {
    codec: &'a Codec,
    address: &'a str,
    lines: BTreeMap<String, Line>,
    variables: Variables,
    mask: Mask,
    heading: String,
    exchanges: Vec<Exchange>,
}

/// Speaks the script; what was heard.
pub fn spoken(codec: &Codec, script: &Script, address: &str) -> Result<Vec<Exchange>, String> {
    let (host, port) = address.rsplit_once(':').ok_or("an address is HOST:PORT")?;
    let port = port.parse().map_err(|_| "an address is HOST:PORT")?;
    let mut talk = Talk {
        codec,
        address,
        lines: BTreeMap::new(),
        variables: Variables::new(),
        mask: Mask::new(host, port),
        heading: String::new(),
        exchanges: Vec::new(),
    };
    for step in &script.steps {
        talk.step(step)?;
    }
    Ok(talk.exchanges)
}

impl Talk<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Heading(words) => {
                self.heading = words.clone();
                self.mask.forget();
            }
            Step::Close(name) => drop(self.lines.remove(name)),
            Step::Coordinator => self.coordinator()?,
            Step::Topic(name, count) => self.topic(name, *count)?,
            Step::Ask(request) => {
                let wrong = |why| format!("{}: {why}", request.text);
                self.asked(request).map_err(wrong)?;
            }
            Step::Receive(name, keeps) => {
                let line = self.lines.get(name);
                let question = line.and_then(|line| line.asked.front());
                let (api, _, _, text) = question.ok_or(format!("{name} asked nothing"))?;
                let (api, text) = (*api, format!("{name}< {text}"));
                let answer = self.receive(name);
                self.note((api, Of::Any), text, answer, keeps);
            }
        }
        Ok(())
    }

    fn asked(&mut self, request: &Request) -> Result<(), String> {
        self.send(request)?;
        if !request.waits {
            return Ok(());
        }
        let mut answer = self.receive(&request.connection);
        if let Some((path, wanted)) = &request.until {
            let wanted = wanted.filled(&self.variables)?;
            let limit = Instant::now() + PATIENCE;
            while answer.at(path).as_ref() != Some(&wanted) && Instant::now() < limit {
                std::thread::sleep(AGAIN);
                self.send(request)?;
                answer = self.receive(&request.connection);
            }
        }
        let all = request.body.line().contains("Topics: null");
        let of = if all { Of::All } else { Of::Any };
        let question = (request.api, of);
        self.note(question, request.text.clone(), answer, &request.keeps);
        Ok(())
    }

    /// Remembers an exchange, and of its answer what is to be kept.
    fn note(&mut self, (api, of): (ApiKey, Of), question: String, answer: Value, keeps: &[Keep]) {
        for (name, path) in keeps {
            // what a refusal does not hold is nothing: what follows is told as a difference
            let kept = answer.at(path).unwrap_or(Value::Text(String::new()));
            self.variables.insert(name.clone(), kept);
        }
        self.exchanges.push(Exchange {
            heading: self.heading.clone(),
            question,
            answer: self.mask.shown(api, of, &answer).lines() + "\n",
        });
    }

    fn body(&self, request: &Request) -> Result<Vec<u8>, String> {
        let name = self.codec.name_of(Kind::Request, request.api.code())?;
        let mut body = request.body.filled(&self.variables)?;
        let Value::Fields(said) = &mut body else {
            return self.codec.bytes(&body);
        };
        for (field, value) in &request.usual {
            let (known, here) = self.codec.has(name, request.version, field)?;
            if !known {
                return Err(format!("{name} has no field {field} in any version"));
            }
            if here && !said.iter().any(|(other, _)| other == field) {
                said.push((field.clone(), value.filled(&self.variables)?));
            }
        }
        self.codec.encode(name, request.version, &body)
    }

    fn send(&mut self, request: &Request) -> Result<(), String> {
        let (api, version, name) = (request.api, request.version, &request.connection);
        let body = self.body(request)?;
        if !self.lines.contains_key(name) {
            let socket = TcpStream::connect(self.address);
            let socket = socket.map_err(|why| format!("{}: {why}", self.address))?;
            let set = socket
                .set_nodelay(true)
                .and_then(|()| socket.set_read_timeout(Some(PATIENCE)));
            set.map_err(|why| why.to_string())?;
            let line = Line {
                socket,
                next: 1,
                asked: VecDeque::new(),
            };
            self.lines.insert(name.clone(), line);
        }
        let line = self.lines.get_mut(name).ok_or("just opened")?;
        let client = (name != "null").then_some(name.as_str());
        let frame = framed(api, version, line.next, client, |w| {
            w.raw(&body);
            Ok(())
        });
        let frame = frame.map_err(|why| format!("{why:?}"))?;
        let text = format!("{api} v{version}");
        line.asked.push_back((api, version, line.next, text));
        line.next += 1;
        // a connection that is closed shows itself where its answer is awaited
        let _ = line.socket.write_all(&frame.bytes);
        Ok(())
    }

    /// The answer to the oldest question of a connection (S1, S3).
    fn receive(&mut self, name: &str) -> Value {
        let Some(line) = self.lines.get_mut(name) else {
            return Value::Shown(CLOSED.into());
        };
        let asked = line.asked.pop_front();
        match (heard(&mut line.socket), asked) {
            (Ok(bytes), Some((api, version, number, _))) => self
                .answer(api, version, number, &bytes)
                .unwrap_or_else(|why| {
                    Value::Shown(format!("{why}; the answer was {}", hex(&bytes)))
                }),
            (Ok(_), None) => Value::Shown("an answer to no question".into()),
            (Err(what), _) => {
                self.lines.remove(name);
                Value::Shown(what.into())
            }
        }
    }

    fn answer(
        &self,
        api: ApiKey,
        version: i16,
        number: i32,
        bytes: &[u8],
    ) -> Result<Value, String> {
        let header = if api.response_header_version(version) == 0 {
            4
        } else {
            5
        };
        let (head, body) = bytes.split_at_checked(header).ok_or("a short answer")?;
        if head[..4] != number.to_be_bytes() || head[4..].iter().any(|tags| *tags != 0) {
            return Err(format!("another header than that of answer {number}"));
        }
        let name = self.codec.name_of(Kind::Response, api.code())?;
        self.codec.decode(name, version, body)
    }

    /// Asks by itself, on a connection of its own, until the answer is right.
    fn until(
        &mut self,
        api: ApiKey,
        version: i16,
        body: &str,
        right: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        let request = Request {
            connection: "prepares".into(),
            api,
            version,
            body: Value::parse(body)?,
            usual: Vec::new(),
            text: String::new(),
            waits: true,
            until: None,
            keeps: Vec::new(),
        };
        let limit = Instant::now() + PATIENCE;
        loop {
            self.send(&request)?;
            let answer = self.receive(&request.connection);
            if right(&answer) || Instant::now() > limit {
                return Ok(answer);
            }
            std::thread::sleep(AGAIN);
        }
    }

    /// Waits until the coordinator of groups is there and has loaded.
    fn coordinator(&mut self) -> Result<(), String> {
        let fine =
            |path: &'static str| move |answer: &Value| answer.at(path) == Some(Value::Number(0));
        let key = r#"{CoordinatorKeys: ["any"]}"#;
        self.until(
            ApiKey::FindCoordinator,
            4,
            key,
            fine("Coordinators.0.ErrorCode"),
        )?;
        let group = r#"{Groups: ["any"]}"#;
        self.until(ApiKey::DescribeGroups, 5, group, fine("Groups.0.ErrorCode"))?;
        Ok(())
    }

    /// Makes a topic and waits until every partition has a leader.
    fn topic(&mut self, name: &str, count: i64) -> Result<(), String> {
        let made = format!(
            r#"{{timeoutMs: 9000, Topics: [{{Name: "{name}", NumPartitions: {count}, ReplicationFactor: 1}}]}}"#
        );
        self.until(ApiKey::CreateTopics, 7, &made, |_| true)?;
        let asked = format!(r#"{{Topics: [{{Name: "{name}"}}]}}"#);
        let led = |answer: &Value| {
            (0..count).all(|at| {
                answer.at(&format!("Topics.0.Partitions.{at}.ErrorCode")) == Some(Value::Number(0))
            })
        };
        let answer = self.until(ApiKey::Metadata, 12, &asked, led)?;
        let id = answer
            .at("Topics.0.TopicId")
            .ok_or(format!("no topic {name}"))?;
        if let Value::Text(id) = &id {
            self.mask.topic(name, id);
        }
        self.variables.insert(format!("{name}_id"), id);
        Ok(())
    }
}

/// The next frame without its length, or what came instead.
fn heard(socket: &mut TcpStream) -> Result<Vec<u8>, &'static str> {
    let mut length = [0; 4];
    let instead = |why: std::io::Error| match why.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => NOTHING,
        _ => CLOSED,
    };
    socket.read_exact(&mut length).map_err(instead)?;
    let length = i32::from_be_bytes(length) as usize;
    if length > LONGEST_ANSWER {
        return Err("an answer that is too long");
    }
    let mut bytes = vec![0; length];
    socket.read_exact(&mut bytes).map_err(instead)?;
    Ok(bytes)
}
