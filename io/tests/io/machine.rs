//! One machine, or two, on one host: what the conformance suite does not say of a driver.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use ottla_io::{Files, Gone, Handle, Host, Memory, MemoryFiles, RealFiles, Said, Setup, bind};
use ottla_machine::Dir;
use ottla_media::Media;
use rustix::fs::{Advice, fadvise};
use tempfile::TempDir;

use super::echo::{Ask, Echo, Tell, frame};

/// Long enough for any machine, short enough to end a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Served {
    pub handle: Handle<Echo>,
    pub address: SocketAddr,
}

pub fn told(handle: &Handle<Echo>) -> Said<Tell> {
    handle.tells().recv_timeout(PATIENCE).expect("a word")
}

pub fn serve(host: &Host, name: &str, dir: &TempDir) -> Served {
    let files = RealFiles::open(name, vec![(Dir(0), dir.path().into())]).expect("a directory");
    serve_on(host, Box::new(files))
}

pub fn serve_on(host: &Host, files: Box<dyn Files + Send>) -> Served {
    let listener = bind("127.0.0.1:0").expect("a port");
    let address = listener.address();
    let setup = Setup {
        listeners: vec![listener],
        files,
        notes: Box::new(|_| {}),
    };
    let handle = host.add(Echo::default(), setup);
    assert!(handle.ask(Ask::Start));
    assert_eq!(told(&handle), Said::Tell(Tell::Ready));
    Served { handle, address }
}

pub fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

pub fn answer(stream: &mut TcpStream) -> Vec<u8> {
    let mut len = [0; 4];
    stream.read_exact(&mut len).expect("a length");
    let mut body = vec![0; u32::from_be_bytes(len) as usize];
    stream.read_exact(&mut body).expect("a body");
    body
}

/// The other side has closed, which is not the same as saying nothing; what it had begun to say does not matter.
fn assert_ended(stream: &mut TcpStream) {
    match stream.read_to_end(&mut Vec::new()) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

pub fn range(at: u64, len: u32) -> Bytes {
    let mut body = BytesMut::from(&b"R"[..]);
    body.put_u64(at);
    body.put_u32(len);
    frame(&body)
}

fn pattern(len: usize) -> Vec<u8> {
    let mut body = vec![b'W'];
    body.extend((0..len).map(|n| (n * 31 % 251) as u8));
    body
}

#[test]
fn frames_are_written_synced_echoed_and_sent_back_from_the_file() {
    let dir = TempDir::new().expect("a directory");
    let host = Host::start("test").expect("a host");
    let served = serve(&host, "m0", &dir);
    let mut stream = client(served.address);
    let bodies: Vec<Vec<u8>> = (0..500).map(|n| pattern(n * 7)).collect();
    let mut all = Vec::new();
    for body in &bodies {
        all.extend_from_slice(&frame(body));
    }
    stream.write_all(&all).expect("sent");
    for body in &bodies {
        assert_eq!(&answer(&mut stream), body);
    }
    let path = dir.path().join("echo");
    assert_eq!(std::fs::read(path).expect("the file"), all);
    stream.write_all(&range(100, 5000)).expect("sent");
    assert_eq!(answer(&mut stream), all[100..5100]);
}

#[test]
fn a_machine_in_memory_finds_its_bytes_again() {
    let memory = Memory::new(Media::volatile(64 << 20));
    let files = || {
        let files = MemoryFiles::open(&memory, vec![(Dir(0), String::new())]);
        Box::new(files.expect("a directory"))
    };
    let host = Host::start("test").expect("a host");
    let body = pattern(3 << 20);
    let first = serve_on(&host, files());
    let mut stream = client(first.address);
    stream.write_all(&frame(&body)).expect("sent");
    assert!(answer(&mut stream) == body);
    first.handle.join();
    let second = serve_on(&host, files());
    let mut stream = client(second.address);
    stream.write_all(&range(4, 3 << 20)).expect("sent");
    assert!(answer(&mut stream) == body[..3 << 20]);
}

#[test]
fn ranges_that_are_not_in_memory_are_sent_too() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("echo");
    let bytes: Vec<u8> = (0..5 << 20).map(|n| (n % 253) as u8).collect();
    std::fs::write(&path, &bytes).expect("written");
    let host = Host::start("test").expect("a host");
    let served = serve(&host, "m0", &dir);
    let file = std::fs::File::open(&path).expect("opened");
    file.sync_all().expect("synced");
    // Advice may be ignored; then this is a range like any other.
    fadvise(&file, 0, None, Advice::DontNeed).expect("advised");
    let mut stream = client(served.address);
    stream.write_all(&range(1, (5 << 20) - 1)).expect("sent");
    assert!(answer(&mut stream) == bytes[1..]);
}

#[test]
fn jobs_come_back() {
    let dir = TempDir::new().expect("a directory");
    let host = Host::start("test").expect("a host");
    let served = serve(&host, "m0", &dir);
    let mut stream = client(served.address);
    stream.write_all(&frame(b"J\0\0\x03\xe8")).expect("sent");
    assert_eq!(answer(&mut stream), 499_500u64.to_be_bytes());
}

#[test]
fn a_panic_takes_one_machine_and_tells_its_owner() {
    let (one, two) = (TempDir::new().expect("one"), TempDir::new().expect("two"));
    let host = Host::start("test").expect("a host");
    let (bad, good) = (serve(&host, "m0", &one), serve(&host, "m1", &two));
    let (mut to_bad, mut to_good) = (client(bad.address), client(good.address));
    to_bad.write_all(&frame(b"P")).expect("sent");
    let gone = Said::Gone(Gone::Panicked("a frame that nobody wants".into()));
    assert_eq!(told(&bad.handle), gone);
    assert_ended(&mut to_bad);
    assert!(!bad.handle.ask(Ask::Start));
    assert_eq!(bad.handle.inspect(|machine| machine.open), None);
    to_good.write_all(&frame(b"Wstill here")).expect("sent");
    assert_eq!(answer(&mut to_good), b"Wstill here");
    // The port is free again.
    bind(&bad.address.to_string()).expect("the port");
}

#[test]
fn a_job_that_panics_is_the_machines_panic() {
    let dir = TempDir::new().expect("a directory");
    let host = Host::start("test").expect("a host");
    let served = serve(&host, "m0", &dir);
    let mut stream = client(served.address);
    stream.write_all(&frame(b"J\0\0\0\x0d")).expect("sent");
    let words = "a job panicked: thirteen is not summed".to_owned();
    assert_eq!(told(&served.handle), Said::Gone(Gone::Panicked(words)));
}

#[test]
fn deadlines_come_without_events() {
    let dir = TempDir::new().expect("a directory");
    let host = Host::start("test").expect("a host");
    let served = serve(&host, "m0", &dir);
    served.handle.ask(Ask::Wake(Duration::from_millis(20)));
    assert_eq!(told(&served.handle), Said::Tell(Tell::Woken));
    served.handle.ask(Ask::Wake(Duration::ZERO));
    assert_eq!(told(&served.handle), Said::Tell(Tell::Woken));
}

#[test]
fn dropping_the_host_ends_its_machines() {
    let dir = TempDir::new().expect("a directory");
    let host = Host::start("test").expect("a host");
    let served = serve(&host, "m0", &dir);
    let mut stream = client(served.address);
    drop(host);
    assert_eq!(told(&served.handle), Said::Gone(Gone::Stopped));
    assert_ended(&mut stream);
    served.handle.join();
}
