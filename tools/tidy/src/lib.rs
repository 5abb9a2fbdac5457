//! Reads the repository's own sources as text, for the rules that neither the compiler nor clippy can see. The rules are in
//! `tests/tidy.rs`; here is only what they share: which files there are, and what is a function.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path below the repository's root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Whether a generator wrote it.
    pub fn is_generated(&self) -> bool {
        self.path.contains("/messages/")
    }

    /// Whether it is only compiled for tests.
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("_test.rs")
    }

    /// The text up to the tests inside it.
    pub fn without_tests(&self) -> &str {
        self.text.split("#[cfg(test)]").next().unwrap_or_default()
    }

    /// The lines of [`Source::without_tests`] without comments, numbered from 1.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.without_tests()
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default()))
    }

    /// The functions: name, first line, number of lines. Trusts rustfmt: a function ends with a brace at its own indent.
    pub fn functions(&self) -> Vec<(String, usize, usize)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut found = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let Some(name) = function_name(line) else {
                continue;
            };
            let signature_end = lines[at..].iter().find(|l| l.ends_with(['{', ';', '}']));
            if signature_end.is_none_or(|l| l.ends_with(';')) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            let closing = format!("{}}}", " ".repeat(indent));
            if let Some(length) = lines[at..].iter().position(|l| *l == closing) {
                found.push((name, at + 1, length + 1));
            }
        }
        found
    }
}

fn function_name(line: &str) -> Option<String> {
    let mut words = line
        .split_whitespace()
        .skip_while(|w| w.starts_with("pub") || ["const", "async", "unsafe"].contains(w));
    if words.next() != Some("fn") {
        return None;
    }
    let name: String = words
        .next()?
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    Some(name)
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the repository is there")
}

/// All files below `folder` that end in `ending`, in order.
pub fn sources(folder: &str, ending: &str) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    walk(&root.join(folder), ending, &mut |path| {
        let text =
            fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let path = path
            .strip_prefix(&root)
            .expect("below the root")
            .to_string_lossy()
            .replace('\\', "/");
        found.push(Source { path, text });
    });
    found
}

fn walk(folder: &Path, ending: &str, found: &mut dyn FnMut(&Path)) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !["target", "node_modules", ".git", ".cache", ".venv"].contains(&&*name) {
                walk(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            found(&path);
        }
    }
}

/// The crates of the workspace: folder and the manifest's text.
pub fn manifests() -> Vec<Source> {
    sources("", "Cargo.toml")
        .into_iter()
        .filter(|m| m.path != "Cargo.toml")
        .collect()
}

/// The lines of one table of a manifest.
pub fn table<'a>(manifest: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let header = format!("[{name}]");
    manifest
        .lines()
        .skip_while(move |line| line.trim() != header)
        .skip(1)
        .take_while(|line| !line.trim_start().starts_with('['))
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
}
