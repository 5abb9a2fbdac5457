//! The `ottla` binary. In: the command line. Out: an exit code: 0 when it ended as asked, 1 when something broke or a directory is damaged,
//! 2 when what was asked for cannot be done; then one sentence on standard error.
#![forbid(unsafe_code)]

use std::io;
use std::process::ExitCode;

use clap::Parser;
use ottla_server::arguments::{Arguments, Command, Log};
use ottla_server::check::check;
use ottla_server::dump::dump;
use ottla_server::node::Failure;
use ottla_server::serve::serve;

fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Serve(flags) => serve(&flags).map(|()| ExitCode::SUCCESS),
        Command::Check(flags) => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            check(&flags.dir, &mut out).map(code)
        }
        Command::Log(Log::Dump(flags)) => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            dump(&flags.files, flags.json, &mut out).map(code)
        }
    };
    let (sentence, code) = match ended {
        Ok(code) => return code,
        Err(Failure::Misuse(sentence)) => (sentence, 2),
        Err(Failure::Broken(sentence)) => (sentence, 1),
    };
    for line in sentence.lines() {
        eprintln!("ottla: {line}");
    }
    ExitCode::from(code)
}

/// Whether all was as it should be.
fn code(sound: bool) -> ExitCode {
    ExitCode::from(u8::from(!sound))
}
