//! A message, or a part of one, as text that people write and read.
//!
//! In: `{GroupId: "g", GenerationId: -1, Protocols: [{Name: "range", Metadata: "any bytes"}]}`, with `$name` for what an earlier
//! answer held, and calls for what would be long to write (`repeat("x", 5000)`). Out: a [`Value`], and its text again.
//!
//! A name after `$` may stand for any value; inside quotes it stands for its text.

use std::collections::BTreeMap;
use std::fmt::Write;

/// What a field can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number of any width.
    Number(i64),
    /// A string; in a field of bytes, its UTF-8.
    Text(String),
    /// Bytes that are no text: `hex("00ff")`
    Bytes(Vec<u8>),
    /// What a reader is shown in place of something: never read from a script.
    Shown(String),
    /// `[..]`
    List(Vec<Value>),
    /// `{Name: .., ..}` in the order of the wire
    Fields(Vec<(String, Value)>),
    /// `$name`
    Variable(String),
    /// `name(..)`
    Call(String, Vec<Value>),
}

/// What variables stand for.
pub type Variables = BTreeMap<String, Value>;

/// Lines are broken where they would be longer.
const WIDTH: usize = 130;

impl Value {
    /// Reads a whole text.
    pub fn parse(text: &str) -> Result<Value, String> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value()?;
        parser.space();
        match parser.rest() {
            "" => Ok(value),
            rest => Err(format!("{rest:?} is left over")),
        }
    }

    /// What is at a path of names and indexes, `Members.0.MemberId`; `Members.#` is how many there are.
    pub fn at(&self, path: &str) -> Option<Value> {
        let mut here = self.clone();
        for part in path.split('.') {
            here = match here {
                Value::Fields(fields) => fields.into_iter().find(|(name, _)| name == part)?.1,
                Value::List(list) if part == "#" => Value::Number(list.len() as i64),
                Value::List(list) => list.into_iter().nth(part.parse().ok()?)?,
                _ => return None,
            };
        }
        Some(here)
    }

    /// The same with every variable replaced.
    pub fn filled(&self, variables: &Variables) -> Result<Value, String> {
        let each = |list: &[Value]| {
            list.iter()
                .map(|v| v.filled(variables))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(match self {
            Value::Variable(name) => known(variables, name)?.clone(),
            Value::Text(text) => Value::Text(interpolated(text, variables)?),
            Value::List(list) => Value::List(each(list)?),
            Value::Call(name, arguments) => Value::Call(name.clone(), each(arguments)?),
            Value::Fields(fields) => {
                let filled = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), value.filled(variables)?)));
                Value::Fields(filled.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    /// On one line.
    pub fn line(&self) -> String {
        let joined = |values: &[Value]| {
            values
                .iter()
                .map(Value::line)
                .collect::<Vec<_>>()
                .join(", ")
        };
        match self {
            Value::Null => "null".into(),
            Value::Bool(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::Text(text) => quoted(text),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.contains(|c: char| c.is_control()) => quoted(text),
                _ => format!("hex({})", quoted(&hex(bytes))),
            },
            Value::Shown(text) => text.clone(),
            Value::List(list) => format!("[{}]", joined(list)),
            Value::Fields(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", value.line()))
                    .collect();
                format!("{{{}}}", fields.join(", "))
            }
            Value::Variable(name) => format!("${name}"),
            Value::Call(name, arguments) => format!("{name}({})", joined(arguments)),
        }
    }

    /// On one line if it fits, else on several.
    pub fn lines(&self) -> String {
        self.broken(0, 0)
    }

    /// The first line stands behind `column` letters, the others behind `indent`.
    fn broken(&self, indent: usize, column: usize) -> String {
        let line = self.line();
        if column + line.chars().count() <= WIDTH {
            return line;
        }
        let inner = indent + 2;
        let (open, close, parts): (_, _, Vec<String>) = match self {
            Value::List(list) => {
                let parts = list.iter().map(|value| value.broken(inner, inner));
                ('[', ']', parts.collect())
            }
            Value::Fields(fields) => {
                let part = |(name, value): &(String, Value)| {
                    let column = inner + name.len() + 2;
                    format!("{name}: {}", value.broken(inner, column))
                };
                ('{', '}', fields.iter().map(part).collect())
            }
            _ => return line,
        };
        let pad = " ".repeat(indent);
        let body: String = parts.iter().map(|v| format!("{pad}  {v}\n")).collect();
        format!("{open}\n{body}{pad}{close}")
    }
}

fn known<'v>(variables: &'v Variables, name: &str) -> Result<&'v Value, String> {
    variables.get(name).ok_or(format!("${name} is not known"))
}

/// Whether a letter can stand in a name.
fn in_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The text with `$name` replaced by the text that it stands for.
fn interpolated(text: &str, variables: &Variables) -> Result<String, String> {
    let mut parts = text.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c| !in_name(c)).unwrap_or(part.len());
        match known(variables, &part[..end])? {
            Value::Text(value) => out.push_str(value),
            other => out.push_str(&other.line()),
        }
        out.push_str(&part[end..]);
    }
    Ok(out)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Two digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // writing into a string cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes behind two digits each.
pub fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let bad = || format!("{text:?} is not hexadecimal");
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return Err(bad());
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| bad()))
        .collect()
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Whether that letter comes next; if so, it is passed.
    fn passes(&mut self, letter: char) -> bool {
        self.space();
        let found = self.rest().starts_with(letter);
        self.at += if found { letter.len_utf8() } else { 0 };
        found
    }

    fn word(&mut self) -> &'t str {
        self.space();
        let rest = self.rest();
        let end = rest.find(|c| !in_name(c) && c != '-').unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.passes('{') {
            return self
                .until('}', |parser| {
                    let name = parser.word().to_owned();
                    if name.is_empty() || !parser.passes(':') {
                        return Err(format!("a field and a colon, not {:?}", parser.rest()));
                    }
                    Ok((name, parser.value()?))
                })
                .map(Value::Fields);
        }
        if self.passes('[') {
            return self.until(']', Parser::value).map(Value::List);
        }
        if self.passes('"') {
            return self.quoted();
        }
        if self.passes('$') {
            return Ok(Value::Variable(self.word().to_owned()));
        }
        match self.word() {
            "" => Err(format!("a value, not {:?}", self.rest())),
            "null" => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            word => match word.parse() {
                Ok(number) => Ok(Value::Number(number)),
                Err(_) if self.passes('(') => {
                    let arguments = self.until(')', Parser::value)?;
                    Ok(Value::Call(word.to_owned(), arguments))
                }
                Err(_) => Err(format!("{word:?} is no value")),
            },
        }
    }

    /// What stands between commas before a closing letter.
    fn until<T>(
        &mut self,
        close: char,
        mut one: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let mut found = Vec::new();
        while !self.passes(close) {
            found.push(one(self)?);
            if !self.passes(',') && !self.rest().trim_start().starts_with(close) {
                return Err(format!("a comma or {close}, not {:?}", self.rest()));
            }
        }
        Ok(found)
    }

    /// Behind the opening quote.
    fn quoted(&mut self) -> Result<Value, String> {
        let mut text = String::new();
        let mut letters = self.rest().char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at += at + 1;
                    return Ok(Value::Text(text));
                }
                '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
                _ => text.push(letter),
            }
        }
        Err("a string that does not end".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_to_value_and_back() {
        let line = r#"{A: "x\"\\y", B: [1, -2, null], C: {}, D: hex("00ff"), E: $e, F: true}"#;
        assert_eq!(Value::parse(line).unwrap().line(), line);
        for wrong in [
            "",
            "{A}",
            "{A: 1 B: 2}",
            "[1",
            "\"x",
            "word",
            "1 2",
            "{: 1}",
        ] {
            assert!(Value::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn variables_stand_for_values_and_texts() {
        let variables = Variables::from([
            ("id".to_owned(), Value::Text("m-1".into())),
            ("n".to_owned(), Value::Number(7)),
        ]);
        let filled = Value::parse(r#"[$id, $n, "<$id/$n>"]"#)
            .unwrap()
            .filled(&variables);
        assert_eq!(filled.unwrap().line(), r#"["m-1", 7, "<m-1/7>"]"#);
        assert!(
            Value::parse("$x").unwrap().filled(&variables).is_err(),
            "a variable that nobody set"
        );
    }

    #[test]
    fn paths() {
        let value = Value::parse(r#"{A: [{B: 1}, {B: 2}]}"#).unwrap();
        assert_eq!(value.at("A.1.B"), Some(Value::Number(2)));
        assert_eq!(value.at("A.#"), Some(Value::Number(2)));
        assert_eq!(value.at("A.2.B"), None);
        assert_eq!(value.at("B"), None);
    }

    #[test]
    fn long_values_are_broken() {
        let long = Value::List(vec![Value::Text("x".repeat(100)); 2]);
        let broken = Value::Fields(vec![("A".into(), long)]).lines();
        let ends: Vec<&str> = broken
            .lines()
            .map(|line| &line[..line.len().min(5)])
            .collect();
        assert_eq!(ends, ["{", "  A: ", "    \"", "    \"", "  ]", "}"]);
        assert_eq!(unhex("00Ff").unwrap(), [0, 255]);
        assert!(unhex("0").is_err() && unhex("zz").is_err());
    }
}
