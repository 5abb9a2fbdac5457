//! Scripted conversations with a broker, compared as text.
//!
//! In: the scripts beside this crate, and a broker's address. Out: what was answered, written beside the script (`record`) or
//! compared with what is there (`replay`); exit code 1 if something differs that is not in `differences`.
#![forbid(unsafe_code)]

mod codec;
mod mask;
mod script;
mod talk;
mod transcript;
mod value;

use clap::{Parser, Subcommand};
use codec::Codec;
use script::Script;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use transcript::{compared, read, read_differences, written};

/// Scripted conversations with a broker.
#[derive(Parser)]
#[command(name = "ottla-conversations")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Names the settings that the broker of a script must be started with
    Settings { script: String },
    /// Speaks a script to a fresh broker and keeps its answers
    Record { script: String, address: String },
    /// Speaks a script to a fresh broker and tells where its answers differ from the kept ones
    Replay {
        script: String,
        address: String,
        /// Allow no difference, not even those that are meant
        #[arg(long)]
        exactly: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(told) if told.is_empty() => ExitCode::SUCCESS,
        Ok(told) => {
            print!("{told}");
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// Does it; what differs.
fn run(command: Command) -> Result<String, String> {
    match command {
        Command::Settings { script } => {
            for (key, value) in opened(&script)?.settings {
                println!("{key}={value}");
            }
        }
        Command::Record { script, address } => {
            let heard = talk::spoken(&Codec::new()?, &opened(&script)?, &address)?;
            let path = file(&script, "answers");
            std::fs::write(&path, written(&heard))
                .map_err(|why| format!("{}: {why}", path.display()))?;
            println!("{script}: {} answers", heard.len());
        }
        Command::Replay {
            script,
            address,
            exactly,
        } => {
            let heard = talk::spoken(&Codec::new()?, &opened(&script)?, &address)?;
            let recorded = read(&text(&file(&script, "answers"))?);
            let meant = match exactly {
                true => Vec::new(),
                false => read_differences(&text(&folder().join("differences"))?)?,
            };
            let astray = meant.iter().find(|d| !file(&d.script, "script").exists());
            if let Some(difference) = astray {
                return Err(format!("there is no script {}", difference.script));
            }
            return Ok(compared(&script, &recorded, &heard, &meant));
        }
    }
    Ok(String::new())
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn file(script: &str, ending: &str) -> PathBuf {
    folder().join("scripts").join(format!("{script}.{ending}"))
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))
}

fn opened(name: &str) -> Result<Script, String> {
    let path = file(name, "script");
    Script::parse(&text(&path)?).map_err(|why| format!("{}: {why}", path.display()))
}
