//! What is said wrongly: exit code 2 and a sentence, before anything was touched.

use tempfile::TempDir;

use crate::process::{ended, ottla, run};

#[test]
fn help_and_version_are_pages() {
    let dir = TempDir::new().unwrap();
    for (arguments, needle) in [
        (&["--help"][..], "ottla serve"),
        (&["--version"], concat!("ottla ", env!("CARGO_PKG_VERSION"))),
        (&["serve", "--help"], "--override <KEY=VALUE>"),
    ] {
        let (code, output, errors) = run(dir.path(), arguments);
        assert_eq!((code, errors.as_str()), (0, ""), "{arguments:?}");
        assert!(output.contains(needle), "{arguments:?}: {output}");
    }
}

#[test]
fn misuse_is_a_sentence_and_exit_code_2() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("bad.toml"), "listen = 1 = 2\n").unwrap();
    std::fs::write(
        dir.path().join("server.properties"),
        "\nlog.retention.hour=1\n",
    )
    .unwrap();
    for (arguments, needle) in [
        (&[][..], "Usage"),
        (&["server"], "serve"),
        (&["serve", "--lisen", "x"], "--listen"),
        (
            &["serve", "--listen", "9092"],
            "listen=9092 (--listen): expected HOST:PORT",
        ),
        (
            &["serve", "--override", "num.partitions=many"],
            "num.partitions=many (--override): allowed is",
        ),
        (
            &["serve", "--override", "num.partition=1"],
            "the nearest is num.partitions",
        ),
        (&["serve", "--config", "none.toml"], "none.toml"),
        (&["serve", "--config", "bad.toml"], "bad.toml line 1"),
        (
            &["serve", "--config", "server.properties"],
            "log.retention.hour (server.properties line 2)",
        ),
        (
            &["serve", "--override", "authorizer.class.name=x"],
            "--override authorizer.class.name=",
        ),
        (
            &["serve", "--in-memory", "--data-dir", "x"],
            "exclude each other",
        ),
    ] {
        let (code, output, errors) = run(dir.path(), arguments);
        assert_eq!((code, output.as_str()), (2, ""), "{arguments:?}: {errors}");
        assert!(errors.contains(needle), "{arguments:?}: {errors}");
    }
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        2,
        "nothing was made"
    );
}

#[test]
fn a_wrong_variable_is_named() {
    let dir = TempDir::new().unwrap();
    let mut command = ottla(dir.path(), &["serve"]);
    let (code, _, errors) = ended(
        command
            .env("OTTLA_MIN_INSYNC_REPLICAS", "0")
            .output()
            .unwrap(),
    );
    assert_eq!(code, 2);
    assert!(
        errors.contains("min.insync.replicas=0 (environment variable OTTLA_MIN_INSYNC_REPLICAS)"),
        "{errors}"
    );
}
