//! The command line. In: the process's arguments. Out: [`Arguments`], or clap's own page or sentence.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// What was asked for on the command line.
#[derive(Debug, Parser)]
#[command(
    name = "ottla",
    version,
    about = "A small, safe broker that speaks Kafka's protocol and keeps Kafka's files",
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "`ottla serve` runs a node; `ottla serve --help` says how. `ottla check` looks at what one has left, \
                  `ottla log dump` shows what lies in its files."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run one node, until SIGTERM or Ctrl-C
    Serve(Serve),
    /// Look at a data directory, ours or Apache Kafka's, and change nothing
    Check(Check),
    /// The files of a log
    #[command(subcommand)]
    Log(Log),
}

/// What there is to do with the files of a log.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// Show what lies in files, ours or Apache Kafka's
    Dump(Dump),
}

const DUMP_KINDS: &str = "\
A file is what its name says: a segment (.log) with its batches and records, .index, .timeindex, .txnindex, .snapshot (producers),
a snapshot of the metadata (.checkpoint), an offset or epoch checkpoint, partition.metadata, quorum-state. The records of
__cluster_metadata, __consumer_offsets, __transaction_state and __share_group_state are decoded where their directory names them.

Exit codes: 0, 1 when something is not whole, 2 when a file is none of these.";

/// The arguments of `ottla log dump`.
#[derive(Args, Clone, Debug)]
#[command(after_help = DUMP_KINDS)]
pub struct Dump {
    /// One JSON object per line, for programs
    #[arg(long)]
    pub json: bool,

    /// What to show
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

const CHECK_CODES: &str = "\
A line for the directory, one for each partition, one for each damage: which file, where, what to do. What the next start
repairs by itself without losing what was durable is only noted.

Exit codes: 0 sound, 1 damage, 2 when it is no data directory, or one in use.";

/// The arguments of `ottla check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = CHECK_CODES)]
pub struct Check {
    /// The data directory; nobody may be serving it
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  ottla serve
        keeps its data in ./ottla-data and listens on 127.0.0.1:9092
  ottla serve --in-memory --listen 127.0.0.1:0
        for a test: nothing on disk, a free port, which is printed
  ottla serve --listen 0.0.0.0:9092 --advertise broker.example.org:9092
        reachable from elsewhere: clients are sent to the advertised address
  ottla serve --config server.properties --override log.retention.hours=24
        with the configuration of an Apache Kafka node, one value changed
  OTTLA_LOG_RETENTION_HOURS=24 ottla serve
        any of Kafka's keys, dots as underscores

What is said twice: flags and --override win over the environment, the environment over the file,
the file over the defaults. A TOML file has Kafka's keys ([log.retention] hours = 24) and the names of
these flags (listen = \"127.0.0.1:9092\").

Exit codes: 0 after SIGTERM or Ctrl-C (a second Ctrl-C ends at once), 1 when something failed, 2 when what was asked
for cannot be done; standard error then has one sentence that says why.";

/// The arguments of `ottla serve`. Absent ones leave the word to the environment, the file, the defaults.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub struct Serve {
    /// Where the data is; made when absent [default: ./ottla-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,

    /// Where clients connect to; port 0 takes a free one; may be repeated [default: 127.0.0.1:9092]
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Vec<String>,

    /// What clients are told to connect to, when it is not what --listen says; may be repeated, in the order of --listen
    #[arg(long, value_name = "HOST:PORT")]
    pub advertise: Vec<String>,

    /// Keep everything in memory: all is gone when the process ends
    #[arg(long)]
    pub in_memory: bool,

    /// A TOML file, or a server.properties of Apache Kafka when its name does not end in .toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,

    /// One of Kafka's settings; may be repeated
    #[arg(long = "override", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,

    /// Serve metrics (Prometheus), /healthz and /readyz here
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics: Option<String>,

    /// How much is logged to standard error: off, error, warn, info, debug, trace, or TARGET=LEVEL,.. [default: warn]
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_repeat_and_equal_signs_stay() {
        let line = "ottla serve --listen a:1 --listen b:2 --override x=y=z --in-memory";
        let Command::Serve(serve) = Arguments::parse_from(line.split(' ')).command else {
            panic!("{line}");
        };
        assert_eq!(serve.listen, ["a:1", "b:2"]);
        assert_eq!(serve.overrides, ["x=y=z"]);
        assert!(serve.in_memory && serve.data_dir.is_none());
    }
}
