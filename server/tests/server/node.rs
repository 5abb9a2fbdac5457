//! One node as a process: what it prints, how it stops, whom it keeps out.

use std::net::TcpListener;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::golden::unpacked;
use crate::process::{Node, api_keys, ended, http, ottla, run};

const PRODUCE: i16 = 0;
const API_VERSIONS: i16 = 18;

fn in_memory(dir: &TempDir) -> Node {
    Node::start(
        ottla(
            dir.path(),
            &["serve", "--in-memory", "--listen", "127.0.0.1:0"],
        ),
        1,
    )
}

#[test]
fn it_answers_and_stops_on_a_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let dir = TempDir::new().unwrap();
        let node = in_memory(&dir);
        assert_eq!(node.printed[0], "data in memory");
        assert_eq!(node.printed.len(), 2, "{:?}", node.printed);
        let keys = api_keys(node.said("listening on ")[0]);
        assert!(
            keys.contains(&PRODUCE) && keys.contains(&API_VERSIONS),
            "{keys:?}"
        );
        assert_eq!(node.stop(signal), (0, String::new(), String::new()));
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            0,
            "nothing on disk"
        );
    }
}

#[test]
fn a_directory_is_formatted_once_and_starts_again() {
    let dir = TempDir::new().unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0"];
    let data = dir.path().join("ottla-data");
    for _ in 0..3 {
        let node = Node::start(ottla(dir.path(), &arguments), 1);
        assert_eq!(node.printed[0], format!("data in {}", data.display()));
        assert_eq!(node.stop(Signal::TERM), (0, String::new(), String::new()));
        assert!(
            data.join("meta.properties").exists() && data.join(".kafka_cleanshutdown").exists()
        );
    }
}

#[test]
fn a_second_one_is_told_who_holds_the_directory() {
    let dir = TempDir::new().unwrap();
    let arguments = ["serve", "--data-dir", "d", "--listen", "127.0.0.1:0"];
    let node = Node::start(ottla(dir.path(), &arguments), 1);
    let (code, output, errors) = run(dir.path(), &arguments);
    assert_eq!((code, output.as_str()), (2, ""), "{errors}");
    for needle in [
        &format!("process {}", node.pid()),
        "serve --data-dir d",
        "data directory d",
    ] {
        assert!(errors.contains(needle), "{errors}");
    }
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert_eq!(node.stop(Signal::TERM).0, 0);
}

#[test]
fn a_taken_port_is_named() {
    let dir = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--listen", "--metrics"] {
        let (code, output, errors) = run(dir.path(), &["serve", "--in-memory", flag, &address]);
        assert_eq!((code, output.as_str()), (2, ""), "{errors}");
        assert!(
            errors.contains(&address) && errors.lines().count() == 1,
            "{errors}"
        );
    }
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("thesis.txt"), "words").unwrap();
    let (code, output, errors) = run(
        dir.path(),
        &["serve", "--data-dir", ".", "--listen", "127.0.0.1:0"],
    );
    assert_eq!((code, output.as_str()), (2, ""), "{errors}");
    assert!(
        errors.contains("thesis.txt") && errors.lines().count() == 1,
        "{errors}"
    );
    assert!(!dir.path().join("meta.properties").exists());
}

#[test]
fn several_listeners_and_what_they_advertise() {
    let dir = TempDir::new().unwrap();
    let listen = [
        "serve",
        "--in-memory",
        "--listen",
        "127.0.0.1:0",
        "--listen",
        "OUT://127.0.0.1:0",
    ];
    let advertise = ["--advertise", "OUT://broker.example:9"];
    let node = Node::start(ottla(dir.path(), &[&listen[..], &advertise].concat()), 2);
    let listening = node.said("listening on ");
    assert_ne!(listening[0], listening[1]);
    for address in listening {
        assert!(api_keys(address).contains(&API_VERSIONS));
    }
    assert_eq!(
        node.said("clients of OUT are sent to "),
        ["broker.example:9"]
    );
    assert_eq!(node.stop(Signal::TERM).0, 0);
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let dir = TempDir::new().unwrap();
    std::fs::write(
        dir.path().join("c.toml"),
        "data-dir = 'file'\nlisten = '127.0.0.1:0'\nmetrics = 'x:y'\n",
    )
    .unwrap();
    let mut command = ottla(
        dir.path(),
        &["serve", "--data-dir", "flag", "--metrics", "127.0.0.1:0"],
    );
    command
        .env("OTTLA_CONFIG", "c.toml")
        .env("OTTLA_DATA_DIR", "environment")
        .env("OTTLA_METRICS", "127.0.0.1:1");
    let node = Node::start(command, 1);
    assert!(node.printed[0].ends_with("/flag"), "{:?}", node.printed);
    assert_ne!(node.said("metrics on "), ["http://127.0.0.1:1/metrics"]);
    assert_eq!(node.stop(Signal::TERM).0, 0);
    let (code, _, errors) = ended(
        ottla(dir.path(), &["serve", "--config", "c.toml"])
            .output()
            .unwrap(),
    );
    assert!(
        code == 2 && errors.contains("metrics=x:y (c.toml line 3)"),
        "{errors}"
    );
}

#[test]
fn its_health_and_metrics_are_pages() {
    let dir = TempDir::new().unwrap();
    let arguments = [
        "serve",
        "--in-memory",
        "--listen",
        "127.0.0.1:0",
        "--metrics",
        "127.0.0.1:0",
    ];
    let node = Node::start(ottla(dir.path(), &arguments), 1);
    let page = node.said("metrics on http://")[0]
        .strip_suffix("/metrics")
        .unwrap()
        .to_owned();
    assert_eq!(http(&page, "GET /healthz"), (200, "alive\n".to_owned()));
    assert_eq!(http(&page, "GET /readyz"), (200, "ready\n".to_owned()));
    assert_eq!(http(&page, "GET /").0, 404);
    assert_eq!(http(&page, "POST /metrics").0, 405);
    api_keys(node.said("listening on ")[0]);
    let (status, text) = http(&page, "GET /metrics");
    assert_eq!(status, 200);
    for needle in [
        "ottla_requests_total{api=\"ApiVersions\"} 1",
        "process_resident_memory_bytes ",
    ] {
        assert!(text.contains(needle), "{needle}: {text}");
    }
    assert_eq!(node.stop(Signal::TERM), (0, String::new(), String::new()));
}

#[test]
fn warnings_are_logged_and_quiet_is_quiet() {
    let dir = TempDir::new().unwrap();
    let arguments = [
        "serve",
        "--in-memory",
        "--listen",
        "127.0.0.1:0",
        "--override",
        "num.io.threads=3",
    ];
    let (code, _, errors) = Node::start(ottla(dir.path(), &arguments), 1).stop(Signal::TERM);
    assert_eq!(
        (code, errors.matches("num.io.threads").count()),
        (0, 1),
        "{errors}"
    );
    let quiet = [&arguments[..], &["--log", "off"]].concat();
    assert_eq!(
        Node::start(ottla(dir.path(), &quiet), 1)
            .stop(Signal::TERM)
            .2,
        ""
    );
}

#[test]
fn a_directory_with_acls_is_served_only_when_protection_is_given_up() {
    let dir = unpacked("clean");
    let arguments = ["serve", "--data-dir", ".", "--listen", "127.0.0.1:0"];
    let (code, output, errors) = run(dir.path(), &arguments);
    assert_eq!(
        (code, output.as_str(), errors.lines().count()),
        (2, "", 1),
        "{errors}"
    );
    assert!(
        errors.contains("ACL") && errors.contains("--override authorizer.class.name="),
        "{errors}"
    );
    let given_up = [&arguments[..], &["--override", "authorizer.class.name="]].concat();
    let node = Node::start(ottla(dir.path(), &given_up), 1);
    assert!(api_keys(node.said("listening on ")[0]).contains(&PRODUCE));
    let (code, _, errors) = node.stop(Signal::TERM);
    let warned = errors.lines().filter(|line| line.contains("ACL"));
    assert_eq!((code, warned.count()), (0, 1), "{errors}");
}
