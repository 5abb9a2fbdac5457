//! `ottla-sim`: the command line of the simulator.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::{Parser, Subcommand, ValueEnum};
use ottla_sim::draw::mix;
use ottla_sim::hunt::{self, Hunt, Summary};
use ottla_sim::mutants::{self, Search};
use ottla_sim::script::Script;
use ottla_sim::swarm::Profile;
use ottla_sim::world::{Failure, Report, World};
use ottla_sim::{determinism, failing, panics, shrink, sites, text};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the broker that ships in worlds drawn from seeds, and looks for what cannot be.
#[derive(Parser)]
#[command(name = "ottla-sim", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One seed: what it came to, and with --trace everything that happened
    Run {
        /// The seed
        seed: u64,
        #[command(flatten)]
        how: How,
        /// Print everything that happens
        #[arg(long)]
        trace: bool,
    },
    /// Many seeds; exit code 1 when an oracle fired
    Hunt {
        /// First and last seed: A..B
        #[arg(long, value_parser = seeds)]
        seeds: (u64, u64),
        #[command(flatten)]
        how: How,
        /// On how many threads
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Stop at the first failure
        #[arg(long)]
        first: bool,
        /// Stop after so many minutes
        #[arg(long)]
        minutes: Option<u64>,
        /// Print a line of JSON at the end
        #[arg(long)]
        json: bool,
        /// Shrink the first failure and save it in this folder
        #[arg(long)]
        save: Option<PathBuf>,
        /// Write the hash of each seed to this file: a second process must write the same
        #[arg(long)]
        hashes: Option<PathBuf>,
    },
    /// Run a script that was saved
    Replay {
        /// The file
        file: PathBuf,
        /// Print everything that happens
        #[arg(long)]
        trace: bool,
    },
    /// Make a script that fails as short as it can be; prints it
    Shrink {
        /// The file, or a seed
        what: String,
        #[command(flatten)]
        how: How,
        /// For at most so many seconds
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Print everything that happens in a script that was saved
    Trace {
        /// The file
        file: PathBuf,
    },
    /// Print the script of a seed
    Script {
        /// The seed
        seed: u64,
        #[command(flatten)]
        how: How,
    },
    /// Look for every planted bug; exit code 0 only if all were found
    Mutants {
        /// Where the searches begin; drawn when it is not given
        #[arg(long)]
        from_seed: Option<u64>,
        /// How many starting seeds
        #[arg(long, default_value_t = 10)]
        starts: usize,
        /// Only this bug
        #[arg(long)]
        only: Option<String>,
        /// Give a search up after so many seconds of processor time
        #[arg(long, default_value_t = 300)]
        patience: u64,
        /// On how many threads
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Print a line of JSON per search instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Which rare situations of the core a campaign meets; exit code 1 if too many are never met
    Coverage {
        /// First and last seed: A..B
        #[arg(long, value_parser = seeds, default_value = "1..2000")]
        seeds: (u64, u64),
        #[command(flatten)]
        how: How,
        /// On how many threads
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// So many may be missing
        #[arg(long, default_value_t = 0)]
        most: usize,
        /// Write the hash of each seed to this file: a second process must write the same
        #[arg(long)]
        hashes: Option<PathBuf>,
    },
    /// Run every seed in two processes and compare the hashes of what happened; exit code 1 if they differ
    CheckDeterminism {
        /// First and last seed: A..B
        #[arg(long, value_parser = seeds, default_value = "1..100")]
        seeds: (u64, u64),
        #[command(flatten)]
        how: How,
        /// The second process is this program: another build of the same sources
        #[arg(long)]
        beside: Option<PathBuf>,
    },
    /// Print the hash of each seed
    #[command(hide = true)]
    Hashes {
        #[arg(long, value_parser = seeds)]
        seeds: (u64, u64),
        #[command(flatten)]
        how: How,
        /// The core's own limits as they ship
        #[arg(long)]
        shipped: bool,
    },
}

#[derive(clap::Args, Clone)]
struct How {
    /// How hard the world is
    #[arg(long, value_enum, default_value = "mixed")]
    profile: Hardness,
    /// Switch a planted bug on
    #[arg(long)]
    planted: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Hardness {
    Mixed,
    Calm,
    Crashes,
    Network,
    Idle,
}

impl From<Hardness> for Profile {
    fn from(hardness: Hardness) -> Profile {
        match hardness {
            Hardness::Mixed => Profile::Mixed,
            Hardness::Calm => Profile::Calm,
            Hardness::Crashes => Profile::Crashes,
            Hardness::Network => Profile::Network,
            Hardness::Idle => Profile::Idle,
        }
    }
}

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let wrong = || format!("{text}: seeds are given as A..B");
    let (first, last) = text.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| text.parse().map_err(|_| wrong());
    Ok((number(first)?, number(last)?))
}

fn main() -> ExitCode {
    panics::listen();
    match Arguments::parse().command {
        Command::Run { seed, how, trace } => {
            let script = hunt::script(seed, how.profile.into(), how.planted.as_deref());
            run(&format!("seed {seed}"), script, trace)
        }
        Command::Hunt {
            seeds,
            how,
            jobs,
            first,
            minutes,
            json,
            save,
            hashes,
        } => {
            let hunt = Hunt {
                seeds: seeds.0..=seeds.1,
                profile: how.profile.into(),
                jobs,
                planted: how.planted,
                first,
                time: minutes.map(|minutes| Duration::from_secs(60 * minutes)),
            };
            campaign(&hunt, json, save.as_deref(), hashes.as_deref())
        }
        Command::Replay { file, trace } => with_script(&file, |script| {
            run(&file.display().to_string(), Arc::new(script), trace)
        }),
        Command::Trace { file } => with_script(&file, |script| {
            run(&file.display().to_string(), Arc::new(script), true)
        }),
        Command::Shrink { what, how, seconds } => match what.parse::<u64>() {
            Ok(seed) => {
                let script = hunt::script(seed, how.profile.into(), how.planted.as_deref());
                shorten(&script, &format!("seed {seed}"), seconds)
            }
            Err(_) => with_script(Path::new(&what), |script| shorten(&script, &what, seconds)),
        },
        Command::Script { seed, how } => {
            let script = hunt::script(seed, how.profile.into(), how.planted.as_deref());
            print!("{}", text::print(&script, &format!("seed {seed}")));
            ExitCode::SUCCESS
        }
        Command::Mutants {
            from_seed,
            starts,
            only,
            patience,
            jobs,
            json,
        } => look_for_bugs(
            Search {
                starts: starting(from_seed, starts),
                only,
                patience: Duration::from_secs(patience),
                jobs,
                profile: Profile::Mixed,
            },
            json,
        ),
        Command::Coverage {
            seeds,
            how,
            jobs,
            most,
            hashes,
        } => {
            let hunt = Hunt {
                seeds: seeds.0..=seeds.1,
                profile: how.profile.into(),
                jobs,
                planted: None,
                first: false,
                time: None,
            };
            coverage(&hunt, most, hashes.as_deref())
        }
        Command::CheckDeterminism { seeds, how, beside } => {
            check_determinism(seeds, how.profile, beside.as_deref())
        }
        Command::Hashes {
            seeds,
            how,
            shipped,
        } => {
            let seeds = seeds.0..=seeds.1;
            for line in determinism::hashes(seeds, how.profile.into(), shipped) {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
    }
}

/// Starting seeds far from each other.
fn starting(from: Option<u64>, many: usize) -> Vec<u64> {
    let first = from.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        mix(now.map_or(0, |now| now.as_nanos() as u64)) >> 16
    });
    (0..many as u64).map(|n| first + n * 1_000_000).collect()
}

fn with_script(file: &Path, act: impl FnOnce(Script) -> ExitCode) -> ExitCode {
    let script = fs::read_to_string(file)
        .map_err(|why| why.to_string())
        .and_then(|text| text::parse(&text));
    match script {
        Ok(script) => act(script),
        Err(why) => {
            eprintln!("{}: {why}", file.display());
            ExitCode::from(2)
        }
    }
}

/// Writes how each seed went.
fn keep(hashes: Option<&Path>, summary: &Summary) -> Result<(), ExitCode> {
    let Some(file) = hashes else {
        return Ok(());
    };
    let lines: Vec<String> = hunt::lines(&summary.hashes).collect();
    fs::write(file, lines.join("\n") + "\n").map_err(|why| {
        eprintln!("{}: {why}", file.display());
        ExitCode::from(2)
    })
}

fn campaign(hunt: &Hunt, json: bool, save: Option<&Path>, hashes: Option<&Path>) -> ExitCode {
    let summary = hunt::hunt(hunt, |summary| eprintln!("{}", line(summary)));
    if let Err(code) = keep(hashes, &summary) {
        return code;
    }
    for (seed, report) in &summary.failures {
        let script = hunt::script(*seed, hunt.profile, hunt.planted.as_deref());
        show(&format!("seed {seed}"), &script, report);
    }
    if let (Some(folder), Some((seed, _))) = (save, summary.failures.first()) {
        let script = hunt::script(*seed, hunt.profile, hunt.planted.as_deref());
        if let Some(text) = shortened(&script, &format!("seed {seed}"), 60) {
            let file = folder.join(format!("{seed}.ron"));
            match fs::write(&file, text) {
                Ok(()) => println!("saved as {}", file.display()),
                Err(why) => eprintln!("{}: {why}", file.display()),
            }
        }
    }
    if json {
        let failures: Vec<_> = summary
            .failures
            .iter()
            .map(|(seed, report)| {
                let violation = report.failure.as_ref().map(|failure| &failure.violation);
                serde_json::json!({
                    "seed": seed,
                    "oracle": violation.map(|violation| violation.oracle),
                    "what": violation.map(|violation| &violation.what),
                })
            })
            .collect();
        let all = serde_json::json!({
            "seeds": summary.seeds,
            "events": summary.events,
            "events_per_core_second": summary.speed(),
            "times_real_time": summary.pace(),
            "failures": failures,
        });
        println!("{all}");
    } else {
        println!("{}", line(&summary));
    }
    code(summary.failures.is_empty())
}

fn shorten(script: &Script, name: &str, seconds: u64) -> ExitCode {
    match shortened(script, name, seconds) {
        Some(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("{name} does not fail");
            ExitCode::from(1)
        }
    }
}

fn shortened(script: &Script, name: &str, seconds: u64) -> Option<String> {
    let shrunk = shrink::shrink(script, Duration::from_secs(seconds))?;
    let Failure { at, violation, .. } = &shrunk.failure;
    let about = format!(
        "{name}, shrunk: {} fires at {:.6} s\n{}",
        violation.oracle,
        *at as f64 / 1e9,
        violation.what
    );
    eprintln!("{} scripts were tried", shrunk.tried);
    Some(text::print(&shrunk.script, &about))
}

fn look_for_bugs(search: Search, json: bool) -> ExitCode {
    println!("starting seeds: {:?}", search.starts);
    let found = mutants::search(&search, |one| {
        let (seed, oracle) = one.by.unzip();
        if json {
            println!(
                "{}",
                serde_json::json!({
                    "id": one.id, "start": one.start, "seed": seed, "oracle": oracle,
                    "cpu_seconds": one.cost.as_secs_f64(),
                })
            );
        } else {
            let cost = one.cost.as_secs_f64();
            match one.by {
                Some((seed, oracle)) => eprintln!("{}: {oracle} at {seed}, {cost:.1} s", one.id),
                None => eprintln!("{}: not found in {cost:.0} s", one.id),
            }
        }
    });
    let bugs: BTreeSet<&str> = found.iter().map(|one| one.id).collect();
    let missed = |id: &str| found.iter().any(|one| one.id == id && one.by.is_none());
    if !json {
        for id in &bugs {
            let of: Vec<_> = found.iter().filter(|one| one.id == *id).cloned().collect();
            let times = of.iter().filter(|one| one.by.is_some()).count();
            let oracles: BTreeSet<_> = of.iter().filter_map(|one| one.by.map(|by| by.1)).collect();
            let (median, _) = mutants::costs(&of);
            println!(
                "{id:<44} {times:>2} of {:>2}  {:>8.2} s  {}",
                of.len(),
                median.as_secs_f64(),
                oracles.into_iter().collect::<Vec<_>>().join(", ")
            );
        }
    }
    for one in found.iter().filter(|one| !one.real.is_empty()) {
        println!("seeds that fail without {} as well: {:?}", one.id, one.real);
    }
    let (median, tail) = mutants::costs(&found);
    let all = bugs.iter().filter(|id| !missed(id)).count();
    println!(
        "found {all} of {}, CPU-seconds median {:.2}, p95 {:.2}",
        bugs.len(),
        median.as_secs_f64(),
        tail.as_secs_f64()
    );
    code(all == bugs.len() && !bugs.is_empty())
}

fn coverage(hunt: &Hunt, most: usize, hashes: Option<&Path>) -> ExitCode {
    let summary = hunt::hunt(hunt, |summary| eprintln!("{}", line(summary)));
    if let Err(code) = keep(hashes, &summary) {
        return code;
    }
    for (seed, report) in &summary.failures {
        let script = hunt::script(*seed, hunt.profile, hunt.planted.as_deref());
        show(&format!("seed {seed}"), &script, report);
    }
    let met = sites::met(&summary.sites);
    let mut rows: Vec<(&String, &u64)> = met.iter().collect();
    rows.sort_by_key(|(name, count)| (**count, (*name).clone()));
    for (name, count) in &rows {
        println!("{count:>12}  {name}");
    }
    let never = rows.iter().filter(|(_, count)| **count == 0).count();
    println!(
        "{} of {} rare situations met in {} seeds",
        rows.len() - never,
        rows.len(),
        summary.seeds
    );
    code(never <= most && !rows.is_empty() && summary.failures.is_empty())
}

fn check_determinism(seeds: (u64, u64), profile: Hardness, beside: Option<&Path>) -> ExitCode {
    let name = profile
        .to_possible_value()
        .expect("every profile has a name");
    match determinism::compare(seeds.0, seeds.1, name.get_name(), beside) {
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
        Ok(differ) => {
            for line in &differ {
                println!("{line}");
            }
            let all = seeds.1 - seeds.0 + 1;
            println!(
                "{} of {all} seeds are the same in both processes",
                all - differ.len() as u64
            );
            code(differ.is_empty())
        }
    }
}

fn code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

fn run(name: &str, script: Arc<Script>, trace: bool) -> ExitCode {
    let report = World::new(Arc::clone(&script), trace).run();
    for line in &report.lines {
        println!("{line}");
    }
    show(name, &script, &report);
    println!(
        "{name}: {} steps, {} lives, {}/{} requests answered, {:.3} virtual seconds, hash {}",
        report.counts.steps,
        report.counts.lives,
        report.counts.answered,
        report.counts.asked,
        report.ended as f64 / 1e9,
        report.hash
    );
    code(report.failure.is_none())
}

fn show(name: &str, script: &Arc<Script>, report: &Report) {
    if let Some(failure) = &report.failure {
        print!("{}", failing::describe(name, script, failure));
    }
}

fn line(summary: &Summary) -> String {
    format!(
        "{} seeds, {} events, {} events per core-second, {} x real time, {} failures",
        summary.seeds,
        summary.events,
        summary.speed(),
        summary.pace(),
        summary.failures.len()
    )
}
