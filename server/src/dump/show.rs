//! Lines of a dump: for people, or one JSON object each.

use std::io::{self, Write};

use serde_json::{Map, Value};

/// Where lines go, and in which form.
pub struct Show<'o, W> {
    out: &'o mut W,
    json: bool,
    /// The file that is being shown.
    file: String,
    damaged: bool,
}

/// The fields of a line of JSON, in order.
pub type Fields = Vec<(&'static str, Value)>;

impl<'o, W: Write> Show<'o, W> {
    /// Lines to `out`.
    pub fn new(out: &'o mut W, json: bool) -> Show<'o, W> {
        Show {
            out,
            json,
            file: String::new(),
            damaged: false,
        }
    }

    /// A file begins.
    pub fn begin(&mut self, file: String) -> io::Result<()> {
        self.file = file;
        match self.json {
            true => Ok(()),
            false => writeln!(self.out, "{}", self.file),
        }
    }

    /// A line of what lies in it: `what` it is, and its fields.
    pub fn line(
        &mut self,
        what: &str,
        text: impl FnOnce() -> String,
        fields: impl FnOnce() -> Fields,
    ) -> io::Result<()> {
        if !self.json {
            return writeln!(self.out, "  {}", text());
        }
        // In this order: a map would have the order of the alphabet.
        let named = [("file", self.file.as_str().into()), ("what", what.into())];
        let pairs: Vec<String> = named
            .into_iter()
            .chain(fields())
            .map(|(name, value)| format!("{}:{value}", Value::from(name)))
            .collect();
        writeln!(self.out, "{{{}}}", pairs.join(","))
    }

    /// What is not as it should be.
    pub fn damage(&mut self, position: Option<u64>, why: &str) -> io::Result<()> {
        self.damaged = true;
        let text = || match position {
            Some(position) => format!("damage at byte {position}: {why}"),
            None => format!("damage: {why}"),
        };
        let fields = || vec![("position", position.into()), ("why", why.into())];
        self.line("damage", text, fields)
    }

    /// All of it is out.
    pub fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Whether anything was not as it should be.
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }
}

/// Bytes in JSON: text where they are text, else hexadecimal.
pub fn bytes(bytes: Option<&[u8]>) -> Value {
    match bytes.map(std::str::from_utf8) {
        None => Value::Null,
        Some(Ok(text)) => text.into(),
        Some(Err(_)) => {
            let hex = bytes
                .unwrap_or_default()
                .iter()
                .map(|byte| format!("{byte:02x}"));
            let mut object = Map::new();
            object.insert("hex".to_owned(), hex.collect::<String>().into());
            object.into()
        }
    }
}

/// Bytes for people.
pub fn text(bytes: Option<&[u8]>) -> String {
    match bytes {
        None => "null".to_owned(),
        Some(bytes) => format!("\"{}\"", bytes.escape_ascii()),
    }
}
