//! What is said on the command line, in the environment and in files, and what comes of it.

use super::*;
use crate::arguments::Serve;
use crate::settings::ConfigFile;

/// Kafka's own sample for one node, settings only.
const KAFKAS: &str = "process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
";

fn gather(
    name: &str,
    text: &str,
    environment: &[(&str, &str)],
    flags: Serve,
) -> Result<Configuration, String> {
    let file = ConfigFile {
        name: name.into(),
        bytes: text.as_bytes().to_vec(),
    };
    let environment: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    let settings =
        Settings::gather(&flags, &environment, Some(&file)).map_err(|misuse| misuse.0)?;
    Configuration::of(&settings).map_err(|misuse| misuse.0)
}

fn properties(text: &str, overrides: &[&str]) -> Result<Configuration, String> {
    let overrides = overrides.iter().map(|pair| (*pair).to_owned()).collect();
    gather(
        "server.properties",
        text,
        &[],
        Serve {
            overrides,
            ..Serve::default()
        },
    )
}

fn refusal(text: &str, overrides: &[&str], needles: &[&str]) {
    let why = properties(text, overrides).unwrap_err();
    assert!(
        needles.iter().all(|needle| why.contains(needle)),
        "{text:?} {overrides:?}: {why}"
    );
}

#[test]
fn kafkas_single_node_file_starts_with_one_warning() {
    let found = properties(KAFKAS, &[]).unwrap();
    assert_eq!(found.node, 1);
    assert_eq!(
        found.data,
        Data::Directory("/tmp/kraft-combined-logs".into())
    );
    assert_eq!(found.listeners.client.len(), 1);
    assert_eq!(found.listeners.controller.to_string(), "localhost:9093");
    assert_eq!(found.warnings.len(), 1, "{:?}", found.warnings);
    assert!(
        found.warnings[0].contains("num.io.threads"),
        "{:?}",
        found.warnings
    );
    assert!(
        !found.warnings[0].contains("controller.quorum"),
        "{:?}",
        found.warnings
    );
}

#[test]
fn without_a_word_there_is_nothing_to_warn_of() {
    let settings = Settings::gather(&Serve::default(), &[], None).unwrap();
    let found = Configuration::of(&settings).unwrap();
    assert_eq!(found.data, Data::Directory("ottla-data".into()));
    assert_eq!(found.warnings, Vec::<String>::new());
    assert_eq!(
        found.statics.configured("offsets.topic.replication.factor"),
        Some("1")
    );
    assert_eq!(found.statics.configured("node.id"), Some("1"));
    assert!(!found.unprotected && found.metrics.is_none());
}

#[test]
fn a_wrong_value_names_key_place_and_what_is_allowed() {
    refusal(
        "\nnum.partitions=0",
        &[],
        &["num.partitions=0 (server.properties line 2): allowed is a whole number from 1"],
    );
    refusal(
        "",
        &["log.flush.on.ack=maybe"],
        &["log.flush.on.ack=maybe (--override): allowed is true or false"],
    );
    refusal(
        "node.id=-3",
        &[],
        &["node.id=-3", "server.properties line 1"],
    );
    refusal(
        "in-memory=perhaps",
        &[],
        &["in-memory=perhaps (server.properties line 1): allowed is true or false"],
    );
    refusal("log=loud", &[], &["log=loud", "allowed is off, error"]);
    refusal("log=3", &[], &["log=3"]);
    refusal(
        "metrics=9100",
        &[],
        &["metrics=9100 (server.properties line 1): expected HOST:PORT"],
    );
    let why = gather("x", "", &[("OTTLA_NUM_PARTITIONS", "x")], Serve::default()).unwrap_err();
    assert!(
        why.starts_with("num.partitions=x (environment variable OTTLA_NUM_PARTITIONS): allowed is"),
        "{why}"
    );
    // All of them at once, one a line.
    let why = properties("num.partitions=0\nmin.insync.replicas=0", &[]).unwrap_err();
    assert_eq!(why.lines().count(), 2, "{why}");
}

#[test]
fn an_unknown_key_names_the_nearest() {
    refusal(
        "log.retention.hour=1",
        &[],
        &[
            "log.retention.hour (server.properties line 1)",
            "the nearest is log.retention.hours",
        ],
    );
    refusal("", &["data_dir=x"], &["the nearest is data-dir"]);
    refusal(
        "",
        &["colour.of.the.sky=blue"],
        &["colour.of.the.sky (--override) is no setting"],
    );
}

#[test]
fn a_strange_variable_is_a_warning_since_the_environment_is_shared() {
    let variables = [
        ("OTTLA_LOG_RETENTION_HOUR", "1"),
        ("OTTLA_SERVICE_PORT", "9092"),
    ];
    let found = gather("x", "", &variables, Serve::default()).unwrap();
    assert_eq!(found.warnings.len(), 2);
    assert!(
        found.warnings[0].contains("the nearest is log.retention.hours"),
        "{:?}",
        found.warnings
    );
}

#[test]
fn what_does_nothing_yet_is_one_warning() {
    let found = properties(
        "metric.reporters=x\nlistener.name.plaintext.max.connections=5\nnum.io.threads=2",
        &[],
    )
    .unwrap();
    assert_eq!(found.warnings.len(), 1);
    for key in [
        "metric.reporters",
        "listener.name.plaintext.max.connections",
        "num.io.threads",
    ] {
        assert!(found.warnings[0].contains(key), "{:?}", found.warnings);
    }
}

#[test]
fn protection_is_never_dropped_silently() {
    let asking = [
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:admin",
        "ssl.keystore.password=hunter2",
        "listeners=SASL_SSL://127.0.0.1:9092",
        "listeners=PLAINTEXT://127.0.0.1:9092\nlistener.security.protocol.map=PLAINTEXT:SSL",
        "listener.name.x.ssl.keystore.location=/k",
    ];
    for text in asking {
        let key = text.lines().last().unwrap().split('=').next().unwrap();
        refusal(
            text,
            &[],
            &[
                "cannot protect",
                key,
                "server.properties line",
                "--override authorizer.class.name=",
            ],
        );
        assert!(!properties(text, &[]).unwrap_err().contains("hunter2"));
        let found = properties(text, &["authorizer.class.name="]).unwrap();
        assert!(found.unprotected);
        // Giving up the authorizer leaves nothing that the override itself did not replace.
        assert_eq!(
            found.warnings.len(),
            usize::from(!text.starts_with("authorizer")),
            "{:?}",
            found.warnings
        );
    }
    // Only the command line gives it up: an empty value in a file is Kafka's default.
    refusal(
        "authorizer.class.name=\nsuper.users=User:admin",
        &[],
        &["cannot protect"],
    );
}

#[test]
fn memory_and_directories() {
    let memory = Serve {
        in_memory: true,
        ..Serve::default()
    };
    let found = gather("x.properties", "log.dirs=/a", &[], memory.clone()).unwrap();
    assert_eq!(found.data, Data::Memory);
    let both = Serve {
        data_dir: Some("d".into()),
        ..memory
    };
    assert!(
        gather("x.properties", "", &[], both)
            .unwrap_err()
            .contains("exclude each other")
    );
    let flag = Serve {
        data_dir: Some("d".into()),
        ..Serve::default()
    };
    let found = gather("x.toml", "in-memory = true", &[], flag).unwrap();
    assert_eq!(found.data, Data::Directory("d".into()));
    assert_eq!(found.statics.configured("log.dirs"), Some("d"));
    refusal("log.dirs=/a,/b", &[], &["log.dirs=/a,/b", "exactly one"]);
    refusal(
        "log.dirs=/a\nmetadata.log.dir=/b",
        &[],
        &["metadata.log.dir=/b", "in /a"],
    );
}

#[test]
fn one_node_is_all_there_is() {
    refusal(
        "process.roles=broker",
        &[],
        &["process.roles=broker", "broker,controller"],
    );
    refusal(
        "controller.quorum.voters=1@a:1,2@b:1",
        &[],
        &["controller.quorum.voters", "one node"],
    );
    refusal("node.id=1\nbroker.id=2", &[], &["broker.id=2", "node.id=1"]);
    assert_eq!(properties("broker.id=7", &[]).unwrap().node, 7);
}

#[test]
fn a_toml_file_says_both_kinds_of_names() {
    let text = "listen = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\nmetrics = \"127.0.0.1:3\"\n[num]\npartitions = 4\n";
    let found = gather("ottla.toml", text, &[], Serve::default()).unwrap();
    assert_eq!(found.listeners.client.len(), 2);
    assert_eq!(found.metrics.unwrap().port, 3);
    assert_eq!(found.statics.whole("num.partitions"), 4);
}
