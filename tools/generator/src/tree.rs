//! The files: which specs are read, and what is made of them where.

use crate::spec::{Kind, Message};
use crate::{name, rust, table};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Where, from the root of the workspace.
    pub path: PathBuf,
    /// Its text, formatted.
    pub text: String,
}

const SPECS: &str = "core/protocol/specs";
const MESSAGES: &str = "core/protocol/src/messages";
const RECODE: &str = "core/protocol/tests/protocol/recode.rs";

/// The root of this workspace.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Reads the specs, in the order of their names.
pub fn read_specs(root: &Path) -> io::Result<Vec<Message>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root.join(SPECS))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let mut messages = Vec::new();
    for path in &paths {
        let told = |what: String| io::Error::other(format!("{}: {what}", path.display()));
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let read = read_spec(stem.unwrap_or_default(), &std::fs::read_to_string(path)?);
        messages.extend(read.map_err(told)?);
    }
    Ok(messages)
}

/// What a spec file of that name must hold: a message of that name, or an API's request and its response.
fn read_spec(stem: &str, text: &str) -> Result<Vec<Message>, String> {
    let messages = Message::parse(text).map_err(|bad| bad.to_string())?;
    let kinds: Vec<Kind> = messages.iter().map(|message| message.kind).collect();
    if !matches!(
        kinds.as_slice(),
        [Kind::Request, Kind::Response] | [Kind::Header | Kind::Metadata | Kind::Data]
    ) {
        return Err("a file holds a request and its response, or one other message".into());
    }
    match messages.iter().find(|message| message.file() != stem) {
        Some(message) => Err(format!("{} does not belong into this file", message.name)),
        None => Ok(messages),
    }
}

/// Everything that is generated, formatted.
pub fn generate(messages: &[Message]) -> io::Result<Vec<Generated>> {
    let mut files: Vec<(PathBuf, String)> = messages
        .iter()
        .map(|message| {
            (
                in_messages(&name::snake(&message.name)),
                rust::file(message),
            )
        })
        .collect();
    files.push((in_messages("mod"), table::modules(messages)));
    files.push((
        in_messages("metadata_record"),
        table::metadata_record(messages),
    ));
    files.push((
        in_messages("coordinator_record"),
        table::coordinator_record(messages),
    ));
    files.push((RECODE.into(), table::recode(messages)));
    files
        .into_iter()
        .map(|(path, text)| {
            Ok(Generated {
                text: format(&path, &text)?,
                path,
            })
        })
        .collect()
}

/// The files in the generated folder, from the root of the workspace.
pub(crate) fn present(root: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = Path::new(MESSAGES);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root.join(folder))? {
        found.push(folder.join(entry?.file_name()));
    }
    Ok(found)
}

impl Generated {
    /// Writes what has changed, and removes what is generated no more. Says what it did.
    pub fn write_all(files: &[Generated], root: &Path) -> io::Result<Vec<String>> {
        let mut done = Vec::new();
        std::fs::create_dir_all(root.join(MESSAGES))?;
        for file in files {
            let path = root.join(&file.path);
            if std::fs::read_to_string(&path).ok().as_ref() != Some(&file.text) {
                std::fs::write(&path, &file.text)?;
                done.push(format!("wrote {}", file.path.display()));
            }
        }
        for path in present(root)? {
            if !files.iter().any(|file| file.path == path) {
                std::fs::remove_file(root.join(&path))?;
                done.push(format!("removed {}", path.display()));
            }
        }
        Ok(done)
    }

    /// What is not as it would be generated now.
    pub fn stale(files: &[Generated], root: &Path) -> io::Result<Vec<PathBuf>> {
        let differs = |file: &&Generated| {
            std::fs::read_to_string(root.join(&file.path)).ok().as_ref() != Some(&file.text)
        };
        let mut stale: Vec<PathBuf> = files
            .iter()
            .filter(differs)
            .map(|file| file.path.clone())
            .collect();
        stale.extend(
            present(root)?
                .into_iter()
                .filter(|path| !files.iter().any(|file| file.path == *path)),
        );
        Ok(stale)
    }
}

fn in_messages(module: &str) -> PathBuf {
    Path::new(MESSAGES).join(format!("{module}.rs"))
}

/// Through rustfmt, so that the output is what `cargo fmt` would leave alone.
fn format(path: &Path, text: &str) -> io::Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| {
            io::Error::other(format!(
                "rustfmt: {error}; install it with `rustup component add rustfmt`"
            ))
        })?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    match String::from_utf8(output.stdout) {
        Ok(formatted) if output.status.success() => Ok(formatted),
        _ => Err(io::Error::other(format!(
            "{}: rustfmt refused\n{text}",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_like_what_it_holds() {
        let head =
            |kind, name| format!("{kind} {name}\nversions 0\nflexible none\n\nA int8 0+\n\n");
        let (request, response) = (head("request", "XRequest"), head("response", "XResponse"));
        let both = format!("{request}{response}");
        let names = |read: Vec<Message>| read.into_iter().map(|m| m.name).collect::<Vec<_>>();
        assert_eq!(
            read_spec("X", &both).map(names).unwrap(),
            ["XRequest", "XResponse"]
        );
        let record = head("metadata", "XRecord");
        assert_eq!(
            read_spec("XRecord", &record).map(names).unwrap(),
            ["XRecord"]
        );
        let stranger = format!("{request}{}", head("response", "YResponse"));
        for (stem, text, why) in [
            ("Y", &both, "XRequest does not belong"),
            ("X", &stranger, "YResponse does not belong"),
            ("X", &request, "a file holds"),
            ("X", &String::new(), "a file holds"),
            ("X", &record, "XRecord does not belong"),
        ] {
            let refused = read_spec(stem, text).unwrap_err();
            assert!(refused.starts_with(why), "{refused}");
        }
    }
}
