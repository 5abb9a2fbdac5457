//! What a look at a directory has found: sentences, each of one file, and whether any of them is damage.

use std::fmt::Display;
use std::io::{self, Write};

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Findings {
    damage: Vec<String>,
    notes: Vec<String>,
}

impl Findings {
    /// What was durable is not as it was, or one of the two brokers would not take the directory. `text` ends with what to do.
    pub fn damage(&mut self, file: impl Display, at: Option<u64>, text: impl Display) {
        self.damage.push(line("damage", file, at, text));
    }

    /// What the next start sees to by itself, or what is as somebody wanted it.
    pub fn note(&mut self, file: impl Display, at: Option<u64>, text: impl Display) {
        self.notes.push(line("note", file, at, text));
    }

    /// How many damages there are.
    pub fn damages(&self) -> usize {
        self.damage.len()
    }

    /// A line each, notes first.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let mut lines = self.notes.iter().chain(&self.damage);
        lines.try_for_each(|line| writeln!(out, "{line}"))
    }
}

fn line(weight: &str, file: impl Display, at: Option<u64>, text: impl Display) -> String {
    match at {
        Some(at) => format!("{weight}: {file} at byte {at}: {text}"),
        None => format!("{weight}: {file}: {text}"),
    }
}
