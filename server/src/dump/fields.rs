//! What a decoded record says, as JSON. In: the text that Rust prints of any value (`{:?}`), which is what people are shown. Out: the same
//! with its fields as fields, so that a program needs not read that text.
//!
//! | printed | in JSON |
//! |---|---|
//! | `Name { field: value, .. }` | an object: `type`, and each field |
//! | `Name(value)` | the value; `Some(value)` too |
//! | `Name(value, value)` | an object: `type`, and `values` |
//! | `[..]`, `(..)` | a list |
//! | `None` | null |
//! | a number, a text, true, false | itself |
//! | `Name`, a UUID | a text; a record that is nothing else: an object with its `type` |

use serde_json::{Map, Value};

/// The fields. A text that is not what Rust prints stays a text.
pub fn fields(printed: &str) -> Value {
    let mut reading = Reading { rest: printed };
    match reading.value() {
        Some(value) if reading.rest.is_empty() => match value {
            Value::String(name) if !printed.ends_with('"') => typed(&name, []),
            value => value,
        },
        _ => printed.into(),
    }
}

/// What is still to be read.
struct Reading<'t> {
    rest: &'t str,
}

impl<'t> Reading<'t> {
    fn takes(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self) -> Option<Value> {
        match self.rest.chars().next()? {
            '"' => self.text().map(Value::from),
            '[' => self.list('[', ']').map(Value::from),
            '(' => self.list('(', ')').map(Value::from),
            _ => self.named(),
        }
    }

    fn text(&mut self) -> Option<String> {
        self.takes("\"");
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        loop {
            match chars.next()? {
                (at, '"') => {
                    self.rest = &self.rest[at + 1..];
                    return Some(text);
                }
                (_, '\\') => text.push(match chars.next()?.1 {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '0' => '\0',
                    'u' => {
                        let digits = chars.by_ref().map(|(_, digit)| digit).skip(1);
                        let digits: String = digits.take_while(|digit| *digit != '}').collect();
                        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                    }
                    other => other,
                }),
                (_, other) => text.push(other),
            }
        }
    }

    fn list(&mut self, open: char, close: char) -> Option<Vec<Value>> {
        self.rest = self.rest.strip_prefix(open)?;
        let mut values = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix(close) {
                self.rest = rest;
                return Some(values);
            }
            values.push(self.value()?);
            self.takes(", ");
        }
    }

    /// A word, and what it is the name of.
    fn named(&mut self) -> Option<Value> {
        let word = self.word()?;
        if self.takes(" { ") {
            return self.object(word);
        }
        if self.rest.starts_with('(') {
            let mut values = self.list('(', ')')?;
            return Some(match values.len() {
                1 => values.remove(0),
                _ => typed(word, [("values".to_owned(), values.into())]),
            });
        }
        Some(match word {
            "None" => Value::Null,
            "true" => true.into(),
            "false" => false.into(),
            word => match word.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) if word.contains('.') => {
                    word.parse::<f64>().map_or(word.into(), Value::from)
                }
                Err(_) => word.into(),
            },
        })
    }

    fn object(&mut self, name: &str) -> Option<Value> {
        let mut fields = Vec::new();
        loop {
            if self.takes(" }") {
                return Some(typed(name, fields));
            }
            let field = self.word()?.to_owned();
            if !self.takes(": ") {
                return None;
            }
            fields.push((field, self.value()?));
            self.takes(", ");
        }
    }

    fn word(&mut self) -> Option<&'t str> {
        let ends = |c: char| " ,:{}()[]\"".contains(c);
        let (word, rest) = self
            .rest
            .split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        Some(word).filter(|word| !word.is_empty())
    }
}

fn typed(name: &str, fields: impl IntoIterator<Item = (String, Value)>) -> Value {
    let mut object = Map::from_iter([("type".to_owned(), Value::from(name))]);
    object.extend(fields);
    object.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::fields;

    #[derive(Debug)]
    #[expect(dead_code, reason = "only printed")]
    enum Any {
        Unit,
        One(i64),
        Two(u8, Option<&'static str>),
        Many {
            list: Vec<i32>,
            nothing: (),
            of: Box<Any>,
            rate: f64,
        },
    }

    #[test]
    fn what_is_printed_comes_back_as_fields() {
        let of = Box::new(Any::Two(7, Some("a \"b\"\n\u{7f}, {c: [1]}")));
        let many = Any::Many {
            list: vec![-1, 2],
            nothing: (),
            of,
            rate: 0.5,
        };
        let two = json!({"type": "Two", "values": [7, "a \"b\"\n\u{7f}, {c: [1]}"]});
        assert_eq!(
            fields(&format!("{many:?}")),
            json!({"type": "Many", "list": [-1, 2], "nothing": [], "of": two, "rate": 0.5})
        );
        assert_eq!(fields(&format!("{:?}", Any::Unit)), json!({"type": "Unit"}));
        assert_eq!(fields(&format!("{:?}", [Any::Unit])), json!(["Unit"]));
        assert_eq!(fields(&format!("{:?}", Any::One(3))), json!(3));
        assert_eq!(
            fields(&format!("{:?}", Any::Two(1, None))),
            json!({"type": "Two", "values": [1, null]})
        );
        let id = "AAAA-_AAAAAAAAAAAAAAAA";
        assert_eq!(fields(&format!("[{id}, 12]")), json!([id, 12]));
    }

    #[test]
    fn what_is_nothing_of_the_kind_stays_a_text() {
        for text in [
            "",
            "a control record of kind 9",
            "A { b",
            "[1, ",
            "\"x",
            "A { b: 1 } c",
            "A(1",
            "\"\\u{zz}\"",
        ] {
            assert_eq!(fields(text), json!(text));
        }
    }
}
