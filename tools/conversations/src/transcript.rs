//! What was asked and answered, as text: one file for each script, and one of the differences that are meant.
//!
//! | line | meaning |
//! |---|---|
//! | `== WORDS` | a heading |
//! | any other | a question, as the script has it |
//! | indented by four | its answer |
//!
//! In the file of differences each begins with `script NAME` and `why SENTENCE`, and holds the answer that Ottla gives.
//!
//! Invariants
//! - T1: a difference that is not listed is told, and so is a listed one that is none any more.

use std::fmt::Write;

/// A question with its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What it is about.
    pub heading: String,
    /// The question.
    pub question: String,
    /// The answer, as it is shown; several lines.
    pub answer: String,
}

/// A difference that is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// In which script.
    pub script: String,
    /// The reason.
    pub why: String,
    /// What Ottla answers.
    pub ours: Exchange,
}

/// The text of a transcript.
pub fn written(exchanges: &[Exchange]) -> String {
    let (mut text, mut heading) = (String::new(), "");
    for exchange in exchanges {
        if exchange.heading != heading {
            heading = &exchange.heading;
            // writing into a string cannot fail
            let _ = writeln!(
                text,
                "{}== {heading}\n",
                if text.is_empty() { "" } else { "\n" }
            );
        }
        text.push_str(&shown(exchange));
    }
    text
}

fn shown(exchange: &Exchange) -> String {
    let lines = exchange.answer.lines();
    let answer: String = lines.map(|line| format!("    {line}\n")).collect();
    format!("{}\n{answer}", exchange.question)
}

/// Reads a transcript.
pub fn read(text: &str) -> Vec<Exchange> {
    let mut found: Vec<Exchange> = Vec::new();
    let mut heading = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(words) = line.strip_prefix("== ") {
            heading = words.to_owned();
        } else if let Some(more) = line.strip_prefix("    ") {
            if let Some(last) = found.last_mut() {
                last.answer.push_str(more);
                last.answer.push('\n');
            }
        } else {
            found.push(Exchange {
                heading: heading.clone(),
                question: line.to_owned(),
                answer: String::new(),
            });
        }
    }
    found
}

/// Reads the differences of all scripts.
pub fn read_differences(text: &str) -> Result<Vec<Difference>, String> {
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| format!("\n{line}"))
        .collect();
    let entries = text.split("\nscript ").filter(|e| !e.trim().is_empty());
    let entry = |entry: &str| {
        let (script, rest) = entry.split_once('\n')?;
        let (why, rest) = rest.strip_prefix("why ")?.split_once('\n')?;
        let [ours] = read(rest).try_into().ok()?;
        Some(Difference {
            script: script.to_owned(),
            why: why.to_owned(),
            ours,
        })
    };
    entries
        .map(|text| entry(text).ok_or(format!("differences: this is no entry: {text}")))
        .collect()
}

/// Where what was heard differs from what was recorded, as text; empty when it does not (T1).
pub fn compared(
    script: &str,
    recorded: &[Exchange],
    heard: &[Exchange],
    meant: &[Difference],
) -> String {
    let asked = |exchanges: &[Exchange]| {
        let questions = exchanges
            .iter()
            .map(|e| (e.heading.clone(), e.question.clone()));
        questions.collect::<Vec<_>>()
    };
    if asked(recorded) != asked(heard) {
        return format!("{script}: the recorded questions are others: record them again\n");
    }
    let mut told = String::new();
    let mut unused: Vec<&Difference> = meant.iter().filter(|d| d.script == script).collect();
    for (theirs, ours) in recorded.iter().zip(heard) {
        if theirs.answer == ours.answer {
            continue;
        }
        match meant.iter().any(|d| d.script == script && d.ours == *ours) {
            true => unused.retain(|difference| difference.ours != *ours),
            false => {
                // writing into a string cannot fail
                let _ = write!(
                    told,
                    "script {script}\nwhy ?\n== {}\n{}recorded:\n{}\n",
                    ours.heading,
                    shown(ours),
                    theirs
                        .answer
                        .lines()
                        .map(|l| format!("    {l}\n"))
                        .collect::<String>(),
                );
            }
        }
    }
    for difference in unused {
        let _ = writeln!(
            told,
            "script {script}: listed, but no difference any more:\n{}",
            shown(&difference.ours)
        );
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(question: &str, answer: &str) -> Exchange {
        Exchange {
            heading: "about".into(),
            question: question.into(),
            answer: answer.into(),
        }
    }

    #[test]
    fn text_and_back() {
        let exchanges = [exchange("A: x", "1\n  2\n"), exchange("A: y", "3\n")];
        assert_eq!(read(&written(&exchanges)), exchanges);
    }

    #[test]
    fn differences_are_listed_or_told() {
        let theirs = [exchange("A: x", "1\n"), exchange("A: y", "2\n")];
        let ours = [exchange("A: x", "1\n"), exchange("A: y", "3\n")];
        assert_eq!(compared("s", &theirs, &theirs, &[]), "");
        let told = compared("s", &theirs, &ours, &[]);
        assert!(told.contains("A: y\n    3\nrecorded:\n    2\n"), "{told}");
        let listed = "# a comment\nscript s\nwhy it is better\n== about\nA: y\n    3\n";
        let both = format!("{listed}\n{}", listed.replace("script s", "script t"));
        let meant = read_differences(&both).unwrap();
        assert_eq!(meant.len(), 2);
        assert_eq!(compared("s", &theirs, &ours, &meant), "");
        let told = compared("s", &theirs, &theirs, &meant);
        assert!(told.contains("no difference any more"), "{told}");
        let third = [exchange("A: x", "1\n"), exchange("A: y", "4\n")];
        let told = compared("s", &theirs, &third, &meant);
        assert!(
            told.contains("    4\n") && told.contains("no difference any more"),
            "{told}"
        );
    }

    #[test]
    fn an_entry_without_a_reason_is_none() {
        for wrong in [
            "script s\n== about\nA: y\n    3\n",
            "script s\nwhy x\n",
            "nonsense\n",
        ] {
            assert!(read_differences(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read_differences("# nothing\n"), Ok(Vec::new()));
    }

    #[test]
    fn other_questions_are_no_comparison() {
        let (one, two) = ([exchange("A: x", "")], [exchange("A: y", "")]);
        assert!(compared("s", &one, &two, &[]).contains("record them again"));
    }
}
