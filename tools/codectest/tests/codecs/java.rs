//! Apache Kafka's own generated classes, of the jars that it is shipped in: requests, responses, headers, and what
//! is stored.
//!
//! In: samples. Out to one JVM (`java/Codec.java`): each sample behind its length; back: what Kafka's class wrote.

use crate::{Ledger, Other};
use ottla_codectest::{Place, Sample, samples, specs};
use ottla_generator::workspace;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::process::{ChildStdin, Command, Stdio};

/// Where `./test` puts Kafka's jars.
const JARS: &str = ".cache/kafka-4.3.1";

/// The schemas of 4.4 have a schema of this; in 4.3 it is written by hand. Recorded files cover it.
const BY_HAND: &str = "AbortedTxn";

fn block(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u32).to_be_bytes())?;
    out.write_all(bytes)
}

/// Sends all samples: name, version and bytes of the plain one, then of the strange one.
fn ask(samples: &[Sample], to: ChildStdin) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    for sample in samples {
        for bytes in [&sample.plain, &sample.strange] {
            block(&mut to, sample.place.name.as_bytes())?;
            to.write_all(&sample.place.version.to_be_bytes())?;
            block(&mut to, bytes)?;
        }
    }
    to.flush()
}

/// One answer: a byte that says what came of it, and a block.
fn answer(from: &mut impl Read) -> io::Result<Other> {
    let (mut head, mut bytes) = ([0; 5], Vec::new());
    from.read_exact(&mut head)?;
    let [what, length @ ..] = head;
    let length = u64::from(u32::from_be_bytes(length));
    from.by_ref().take(length).read_to_end(&mut bytes)?;
    Ok(match what {
        0 => Other::Again(bytes),
        1 => Other::Unknown,
        _ => Other::Failed(String::from_utf8_lossy(&bytes).into_owned()),
    })
}

#[test]
fn kafkas_own_classes_write_the_same_bytes() {
    let jars = workspace().join(JARS);
    assert!(
        jars.is_dir(),
        "{JARS} is missing: run `./test codec`, which fetches Kafka's jars"
    );
    let specs = specs();
    let samples = samples(&specs);
    let mut child = Command::new("java")
        .args(["-XX:+UseSerialGC", "-cp"])
        .arg(jars.join("*"))
        .arg(workspace().join("tools/codectest/java/Codec.java"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("java is installed");
    let (to, from) = (child.stdin.take(), child.stdout.take());
    let (to, mut from) = (to.expect("a pipe"), BufReader::new(from.expect("a pipe")));
    let ledger = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&samples, to));
        let ledger = Ledger::all(&samples, |_, _| answer(&mut from).expect("an answer"));
        asking.join().expect("a thread").expect("a JVM that reads");
        ledger
    });
    assert!(child.wait().expect("an end").success());
    let unknown = ledger.settle("Apache Kafka 4.3.1", &specs);
    let served = |place: &&Place| {
        let spec = specs.iter().find(|spec| spec.name == place.name);
        place.name != BY_HAND && spec.is_some_and(|spec| spec.versions.contains(place.version))
    };
    let lacking: Vec<&Place> = unknown.iter().filter(served).collect();
    assert!(lacking.is_empty(), "Kafka must know {lacking:?}");
}
