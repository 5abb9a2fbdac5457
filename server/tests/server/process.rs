//! The binary as a process of its own. In: arguments and variables. Out: what it prints, its exit code, a socket to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// A bound on waiting, never a pace.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary with arguments, in a directory of its own, without anything from outside that would configure it.
pub fn ottla(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ottla"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OTTLA_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(dir)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub fn run(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    ended(ottla(dir, arguments).output().expect("the binary starts"))
}

/// Exit code, standard output, standard error.
pub fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// A running node.
pub struct Node {
    child: Option<Child>,
    lines: Receiver<String>,
    /// What it has printed so far.
    pub printed: Vec<String>,
}

impl Node {
    /// Starts one and waits until it says where it listens, `listeners` times.
    pub fn start(mut command: Command, listeners: usize) -> Node {
        let mut child = command.spawn().expect("the binary starts");
        let lines = lines_of(child.stdout.take().expect("its output is a pipe"));
        let mut node = Node {
            child: Some(child),
            lines,
            printed: Vec::new(),
        };
        while node.said("listening on ").len() < listeners {
            match node.lines.recv_timeout(PATIENCE) {
                Ok(line) => node.printed.push(line),
                Err(_) => panic!("it does not listen: {:?}", node.end()),
            }
        }
        node
    }

    /// What follows `words` in the lines that begin with them.
    pub fn said(&self, words: &str) -> Vec<&str> {
        self.printed
            .iter()
            .filter_map(|line| line.strip_prefix(words))
            .collect()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("not ended").id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process has a number");
        kill_process(pid, signal).expect("it is running");
    }

    /// Sends it a signal and waits: exit code, the rest of its output, its errors.
    pub fn stop(mut self, signal: Signal) -> (i32, String, String) {
        self.signal(signal);
        let output = self
            .child
            .take()
            .expect("not ended")
            .wait_with_output()
            .expect("it ends");
        let (code, _, errors) = ended(output);
        let rest: Vec<String> = self.lines.iter().collect();
        (code, rest.join("\n"), errors)
    }

    fn end(&mut self) -> (i32, String, String) {
        let mut child = self.child.take().expect("not ended");
        let _ = child.kill();
        ended(child.wait_with_output().expect("it ends"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.end();
        }
    }
}

fn lines_of(output: ChildStdout) -> Receiver<String> {
    let (give, take) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if give.send(line).is_err() {
                return;
            }
        }
    });
    take
}

/// Asks ApiVersions, version 0, by its bytes: the api keys it answers with.
pub fn api_keys(address: &str) -> Vec<i16> {
    let mut stream = connect(address);
    // Key 18, version 0, correlation 7, no client id.
    stream
        .write_all(&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff])
        .expect("it reads");
    let mut size = [0; 4];
    stream.read_exact(&mut size).expect("it answers");
    let mut answer = vec![0; u32::from_be_bytes(size) as usize];
    stream
        .read_exact(&mut answer)
        .expect("it answers whole frames");
    let int16 = |at: usize| i16::from_be_bytes([answer[at], answer[at + 1]]);
    assert_eq!(
        answer[..6],
        [0, 0, 0, 7, 0, 0],
        "correlation and error code"
    );
    let count = u32::from_be_bytes([answer[6], answer[7], answer[8], answer[9]]) as usize;
    assert_eq!(answer.len(), 10 + 6 * count, "six bytes for each api");
    (0..count).map(|n| int16(10 + 6 * n)).collect()
}

/// One HTTP request: status and body.
pub fn http(address: &str, request: &str) -> (u16, String) {
    let mut stream = connect(address);
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}
