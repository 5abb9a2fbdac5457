//! The rules of the house that neither the compiler nor clippy can see. Each test says what is wrong and where.

use std::collections::{BTreeMap, BTreeSet};

use ottla_tidy::{Source, manifests, sources, table};

/// The floors of ARCHITECTURE.md. An arrow may only point down.
const FLOORS: &[(&str, u32)] = &[
    ("core/machine", 1),
    ("core/protocol", 1),
    ("core/record", 1),
    ("core/media", 1),
    ("core/log", 2),
    ("core/metadata", 2),
    ("core/replicated", 2),
    ("core/desk", 2),
    ("core/quorum", 3),
    ("core/replica", 3),
    ("core/controller", 3),
    ("core/coordinator", 3),
    ("core/shard", 4),
    ("io", 4),
    ("core/broker", 5),
    ("server", 7),
];

/// What `core/` may use besides itself. All of it is pure.
const PURE: &[&str] = &[
    "bytes",
    "hashbrown",
    "crc-fast",
    "crc32c",
    "flate2",
    "imbl",
    "lz4_flex",
    "rand_chacha",
    "rpds",
    "serde",
    "serde_json",
    "snap",
    "twox-hash",
    "zstd",
];

/// Functions that may be longer, with the reason.
const LONG_FUNCTIONS: &[(&str, &str)] = &[];

fn complain(rule: &str, wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}

fn floor(folder: &str) -> Option<u32> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == folder)
        .map(|(_, floor)| *floor)
}

fn dependency_names(manifest: &Source, name: &str) -> Vec<String> {
    table(&manifest.text, name)
        .filter_map(|line| line.split(['=', '.', ' ']).next())
        .map(str::to_owned)
        .collect()
}

fn folder_of(name: &str) -> Option<&'static str> {
    let short = name.strip_prefix("ottla-")?;
    FLOORS
        .iter()
        .map(|(folder, _)| *folder)
        .find(|folder| folder.rsplit('/').next() == Some(short))
}

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for manifest in manifests() {
        let folder = manifest.path.trim_end_matches("/Cargo.toml");
        let Some(here) = floor(folder) else {
            if folder.starts_with("core/") {
                wrong.push(format!(
                    "{folder} has no floor: add it to FLOORS and to ARCHITECTURE.md"
                ));
            }
            continue;
        };
        for name in dependency_names(&manifest, "dependencies") {
            match folder_of(&name) {
                Some(used) if floor(used) >= Some(here) => {
                    wrong.push(format!("{folder} -> {used}"))
                }
                None if folder.starts_with("core/") && !PURE.contains(&name.as_str()) => {
                    wrong.push(format!(
                        "{folder} -> {name}: not on the list of pure dependencies"
                    ));
                }
                _ => {}
            }
        }
    }
    complain("an arrow may only point down", wrong);
}

#[test]
fn io_knows_only_the_grammar() {
    let io = manifests()
        .into_iter()
        .find(|m| m.path == "io/Cargo.toml")
        .expect("io has a manifest");
    let allowed = ["ottla-machine", "ottla-desk", "ottla-media"];
    let wrong = dependency_names(&io, "dependencies")
        .into_iter()
        .filter(|name| name.starts_with("ottla-") && !allowed.contains(&name.as_str()))
        .collect();
    complain("io knows machine, desk and media only", wrong);
}

#[test]
fn io_contains_no_kafka_word() {
    let words = [
        "topic",
        "offset",
        "epoch",
        "partition",
        "broker",
        "kafka",
        "produce",
        "consume",
        "fetch",
        "replica",
        "segment",
        "leader",
    ];
    let mut wrong = Vec::new();
    for source in sources("io/src", ".rs") {
        for (at, line) in source.text.lines().enumerate() {
            let low = line.to_lowercase();
            let found = low
                .split(|c: char| !c.is_alphabetic())
                .find(|w| words.iter().any(|word| w.trim_end_matches('s') == *word));
            if let Some(word) = found {
                wrong.push(format!("{}:{}: {word}", source.path, at + 1));
            }
        }
    }
    complain("io moves bytes; it knows no word of Kafka's", wrong);
}

#[test]
fn core_is_pure() {
    let banned = [
        "std::fs",
        "std::net",
        "std::thread",
        "std::env",
        "std::process",
        "std::io::std",
        "std::sync::Mutex",
        "std::sync::mpsc",
        "SystemTime",
        "Instant",
        "tokio",
        "tracing::",
        "println!",
        "eprintln!",
        "thread_local!",
        "static mut",
        "OnceLock",
        "LazyLock",
        "OnceCell",
        "RefCell",
        "HashMap",
        "HashSet",
        "RandomState",
        "getrandom",
        "rand::rng",
        "unsafe ",
        "async fn",
        ".await",
    ];
    let mut wrong = Vec::new();
    for source in sources("core", ".rs").into_iter().filter(|s| !s.is_test()) {
        for (at, line) in source.code() {
            if let Some(word) = banned
                .iter()
                .find(|word| line.contains(**word) && !line.contains("forbid(unsafe"))
            {
                wrong.push(format!("{}:{at}: {word}", source.path));
            }
        }
        if source.path.ends_with("/src/lib.rs") && !source.text.contains("#![forbid(unsafe_code)]")
        {
            wrong.push(format!("{}: no forbid(unsafe_code)", source.path));
        }
    }
    complain("core/ reaches for nothing outside itself", wrong);
}

#[test]
fn nothing_is_process_wide_outside_the_server() {
    let banned = [
        "set_hook",
        "tokio::signal",
        "signal_hook",
        "set_global_default",
        "set_logger",
        "static mut",
        "thread_local!",
        "OnceLock",
        "LazyLock",
        "lazy_static",
    ];
    let mut wrong = Vec::new();
    for source in sources("core", ".rs")
        .into_iter()
        .chain(sources("io", ".rs"))
        .filter(|s| !s.is_test())
    {
        for (at, line) in source.code() {
            let word = banned.iter().find(|word| line.contains(**word)).copied();
            let shared = (line.trim_start().starts_with("static ") || line.contains("pub static "))
                && (line.contains("Mutex") || line.contains("Atomic"));
            if let Some(word) = word.or(shared.then_some("a shared static")) {
                wrong.push(format!("{}:{at}: {word}", source.path));
            }
        }
    }
    complain(
        "several brokers live in one process: no state, hook, handler or logger of the process's",
        wrong,
    );
}

#[test]
fn every_dependency_says_why() {
    let mut wrong = Vec::new();
    for manifest in manifests() {
        for name in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for line in table(&manifest.text, name).filter(|line| {
                line.contains('=') && !line.contains('#') && !line.starts_with("ottla-")
            }) {
                wrong.push(format!("{}: {line}", manifest.path));
            }
        }
    }
    complain("every dependency has its reason in the same line", wrong);
}

fn rust() -> Vec<Source> {
    ["core", "io", "server", "tools"]
        .iter()
        .flat_map(|folder| sources(folder, ".rs"))
        .filter(|s| !s.is_generated())
        .collect()
}

#[test]
fn files_have_a_header_and_an_end() {
    let mut wrong = Vec::new();
    for source in rust() {
        if !source.text.starts_with("//!") {
            wrong.push(format!("{} does not open with //!", source.path));
        }
        let lines = source.text.lines().count();
        if lines > 1000 {
            wrong.push(format!(
                "{} has {lines} lines; 1000 are too many, 400 are many",
                source.path
            ));
        }
    }
    complain("a file says what it is and stays readable", wrong);
}

#[test]
fn functions_fit_a_screen() {
    let mut wrong = Vec::new();
    for source in rust().into_iter().filter(|s| !s.is_test()) {
        for (name, at, lines) in source.functions() {
            if lines > 70 && !LONG_FUNCTIONS.iter().any(|(allowed, _)| *allowed == name) {
                wrong.push(format!("{}:{at}: {name} has {lines} lines", source.path));
            }
        }
    }
    complain("a function has at most 70 lines", wrong);
}

#[test]
fn names_say_what_a_file_is() {
    let vague = [
        "utils", "util", "common", "manager", "helper", "helpers", "misc",
    ];
    let wrong = rust()
        .iter()
        .filter(|s| s.path.split(['/', '.']).any(|part| vague.contains(&part)))
        .map(|s| s.path.clone())
        .collect();
    complain("files are nouns", wrong);
}

#[test]
fn nothing_is_left_open() {
    let banned = ["todo!(", "unimplemented!(", "FIXME", "#[ignore"];
    let mut wrong = Vec::new();
    for source in rust()
        .into_iter()
        .filter(|s| !s.path.starts_with("tools/tidy"))
    {
        for (at, line) in source.text.lines().enumerate() {
            if let Some(word) = banned.iter().find(|word| line.contains(**word)) {
                wrong.push(format!("{}:{}: {word}", source.path, at + 1));
            }
        }
    }
    complain("no part is left open in the code", wrong);
}

/// Modules of one crate that import each other in a circle. The root is left out: a state owner and its files know each other.
#[test]
fn modules_have_no_circles() {
    let mut wrong = Vec::new();
    for manifest in manifests() {
        let folder = manifest.path.trim_end_matches("/Cargo.toml");
        let files: Vec<Source> = sources(&format!("{folder}/src"), ".rs")
            .into_iter()
            .filter(|s| !s.is_test() && !s.is_generated())
            .collect();
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let prefix = format!("{folder}/src/");
        let module = |path: &str| {
            path.trim_start_matches(&prefix)
                .split(['/', '.'])
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let modules: BTreeSet<String> = files.iter().map(|s| module(&s.path)).collect();
        for source in &files {
            let here = module(&source.path);
            for (_, line) in source.code() {
                for used in line.split("crate::").skip(1) {
                    let name: String = used
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    if modules.contains(&name) && name != here && here != "lib" && here != "main" {
                        uses.entry(here.clone()).or_default().insert(name);
                    }
                }
            }
        }
        for start in uses.keys() {
            let mut seen = BTreeSet::new();
            let mut next: Vec<&String> = uses[start].iter().collect();
            while let Some(name) = next.pop() {
                if seen.insert(name)
                    && let Some(more) = uses.get(name)
                {
                    next.extend(more);
                }
            }
            if seen.contains(start) {
                wrong.push(format!("{folder}: {start} comes back to itself"));
            }
        }
    }
    complain("modules of a crate form no circle", wrong);
}

/// The names between quotes that follow `call`, each with where it stands.
fn quoted(source: &Source, call: &str) -> Vec<(String, String)> {
    let text = source.without_tests();
    let found = text.match_indices(call).filter_map(|(at, _)| {
        let name = text[at..].split('"').nth(1)?;
        let line = text[..at].lines().count();
        Some((name.to_owned(), format!("{}:{line}", source.path)))
    });
    found.collect()
}

#[test]
fn planted_mistakes_and_sites_have_one_name_and_one_place() {
    let mut wrong = Vec::new();
    for (call, is_word) in [("planted!(", false), ("sometimes!(", true)] {
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        let sources = sources("core", ".rs").into_iter();
        for source in sources.filter(|s| s.path != "core/machine/src/planted.rs") {
            for (name, place) in quoted(&source, call) {
                let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                if !is_word && !name.chars().all(fits) {
                    wrong.push(format!("{place}: {name:?} is not in kebab-case"));
                }
                if let Some(other) = places.insert(name.clone(), place.clone()) {
                    wrong.push(format!("{place}: {name:?} is at {other} too"));
                }
            }
        }
        let enough = if is_word { 45 } else { 26 };
        if places.len() < enough {
            wrong.push(format!("{call}..): only {} were found", places.len()));
        }
    }
    complain("a name in planted! and sometimes! is used once", wrong);
}

#[test]
fn only_the_simulator_plants() {
    let planting = manifests().into_iter().filter(|manifest| {
        let feature = manifest.text.lines().any(|line| {
            let code = line.split('#').next().unwrap_or_default();
            code.contains("planted") && code.trim() != "planted = []"
        });
        feature && !manifest.path.starts_with("sim/")
    });
    let wrong = planting.map(|manifest| manifest.path).collect();
    complain("no manifest but sim/'s turns `planted` on", wrong);
}
