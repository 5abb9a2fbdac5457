//! The `ottla` binary. In: the command line. Out: an exit code: 0 when it ended as asked, 1 when something broke, 2 when what was asked
//! for cannot be done; then one sentence on standard error.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use ottla_server::arguments::{Arguments, Command};
use ottla_server::node::Failure;
use ottla_server::serve::serve;

fn main() -> ExitCode {
    let Command::Serve(flags) = Arguments::parse().command;
    let (sentence, code) = match serve(&flags) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Misuse(sentence)) => (sentence, 2),
        Err(Failure::Broken(sentence)) => (sentence, 1),
    };
    for line in sentence.lines() {
        eprintln!("ottla: {line}");
    }
    ExitCode::from(code)
}
