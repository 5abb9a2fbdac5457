//! From the text of a spec to the model of its messages.
//!
//! Invariants
//! - S1: every struct that a field names is defined once in its message, and structs do not contain themselves.
//! - S2: a tagged field has versions in which the message is flexible.
//! - S3: a struct may be null in all of its versions or in none.
//! - S4: a view is an array that is never null, of what can be read again for nothing: numbers, or structs of numbers, bytes and records.

use super::{BadSpec, Field, Kind, Message, Struct, Type, Versions};
use std::collections::BTreeMap;

impl Message {
    /// Reads a spec: its messages, one behind the other.
    pub fn parse(text: &str) -> Result<Vec<Message>, BadSpec> {
        let lines: Vec<(usize, &str)> = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .collect();
        lines
            .chunk_by(|_, (_, next)| Message::parse_kind(next).is_none())
            .map(|lines| Message::parse_one(&mut lines.iter().copied()))
            .collect()
    }

    fn parse_one<'a>(
        lines: &mut impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Message, BadSpec> {
        let mut message = Message::parse_head(lines)?;
        // The structs that are open, outermost first: the index of each, and how deep its fields are.
        let mut open: Vec<(Option<usize>, usize)> = vec![(None, 0)];
        for (line, text) in lines {
            let bad = |what: &str| BadSpec {
                line,
                what: what.to_owned(),
            };
            let words = text.trim_start();
            if words.is_empty() {
                continue;
            }
            let depth = (text.len() - words.len()) / 2;
            if let Some(name) = words.strip_prefix("struct ") {
                let name = name.split(' ').next().unwrap_or(name);
                message.structs.push(Struct {
                    name: name.to_owned(),
                    fields: Vec::new(),
                });
                open = vec![(Some(message.structs.len() - 1), 1)];
                continue;
            }
            let field = parse_field(words).map_err(|what| bad(&what))?;
            while open.last().is_some_and(|(_, at)| *at > depth) {
                open.pop();
            }
            if open.last().is_none_or(|(_, at)| *at < depth) {
                let owner = open
                    .last()
                    .and_then(|(index, _)| message.fields_of(*index).last());
                let name = owner
                    .and_then(|owner| owner.kind.structure())
                    .map(str::to_owned);
                let name = name.ok_or_else(|| bad("fields of no struct"))?;
                message.structs.push(Struct {
                    name,
                    fields: Vec::new(),
                });
                open.push((Some(message.structs.len() - 1), depth));
            }
            let index = open.last().and_then(|(index, _)| *index);
            message.fields_of(index).push(field);
        }
        message.check()?;
        Ok(message)
    }

    fn fields_of(&mut self, index: Option<usize>) -> &mut Vec<Field> {
        match index {
            Some(index) => &mut self.structs[index].fields,
            None => &mut self.fields,
        }
    }

    /// The line with which a message begins: a kind and a name, nothing more.
    fn parse_kind(line: &str) -> Option<(Kind, &str)> {
        let (kind, name) = line.split_once(' ')?;
        let kind = match kind {
            "request" => Kind::Request,
            "response" => Kind::Response,
            "header" => Kind::Header,
            "metadata" => Kind::Metadata,
            "data" | "coordinator-key" | "coordinator-value" => Kind::Data,
            _ => return None,
        };
        Some((kind, name)).filter(|(_, name)| !name.contains(' '))
    }

    fn parse_head<'a>(
        lines: &mut impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Message, BadSpec> {
        let bad = |line: usize, what: &str| BadSpec {
            line,
            what: what.to_owned(),
        };
        let (line, first) = lines.next().ok_or_else(|| bad(0, "empty"))?;
        let (kind, name) =
            Message::parse_kind(first).ok_or_else(|| bad(line, "kind and name wanted"))?;
        let mut message = Message {
            kind,
            name: name.to_owned(),
            key: None,
            listeners: Vec::new(),
            versions: Versions::NONE,
            unstable: None,
            flexible: Versions::NONE,
            fields: Vec::new(),
            structs: Vec::new(),
        };
        for (line, text) in lines.by_ref().take_while(|(_, text)| !text.is_empty()) {
            let (word, value) = text
                .split_once(' ')
                .ok_or_else(|| bad(line, "a value is missing"))?;
            let number = || value.parse().map_err(|_| bad(line, "not a number"));
            let versions = || Versions::parse(value).ok_or_else(|| bad(line, "not versions"));
            match word {
                "key" => message.key = Some(number()?),
                "listeners" => message.listeners = value.split(' ').map(str::to_owned).collect(),
                "versions" => message.versions = versions()?,
                "unstable" => message.unstable = Some(number()?),
                "flexible" => message.flexible = versions()?,
                _ => return Err(bad(line, "unknown word")),
            }
        }
        Ok(message)
    }

    fn check(&self) -> Result<(), BadSpec> {
        let bad = |what: String| Err(BadSpec { line: 0, what });
        let mut known = BTreeMap::new();
        for (index, structure) in self.structs.iter().enumerate() {
            if known.insert(structure.name.as_str(), index).is_some() {
                return bad(format!("S1: {} is defined twice", structure.name));
            }
        }
        let all = self
            .structs
            .iter()
            .map(|s| &s.fields)
            .chain([&self.fields])
            .flatten();
        for field in all {
            if field
                .kind
                .structure()
                .is_some_and(|name| !known.contains_key(name))
            {
                return bad(format!("S1: the struct of {} is missing", field.name));
            }
            if field.tag.is_some() && self.flexible.and(field.versions).is_empty() {
                return bad(format!(
                    "S2: {} is tagged where nothing is flexible",
                    field.name
                ));
            }
            let sometimes_null = !field.nullable.is_empty() && field.nullable != field.versions;
            if matches!(field.kind, Type::Struct(_)) && sometimes_null {
                return bad(format!("S3: {} is null in some versions only", field.name));
            }
            if field.view && !self.can_be_viewed(field) {
                return bad(format!("S4: {} cannot be a view", field.name));
            }
        }
        match self
            .structs
            .iter()
            .find(|s| self.reaches(&s.name, &s.name, self.structs.len()))
        {
            Some(structure) => bad(format!("S1: {} contains itself", structure.name)),
            None => Ok(()),
        }
    }

    fn can_be_viewed(&self, field: &Field) -> bool {
        let Type::Array(element) = &field.kind else {
            return false;
        };
        let plain = |kind: &Type| !matches!(kind, Type::String | Type::Array(_) | Type::Struct(_));
        let elements = match &**element {
            Type::Struct(name) => self
                .structure(name)
                .is_some_and(|s| s.fields.iter().all(|inside| plain(&inside.kind))),
            kind => plain(kind),
        };
        elements && field.nullable.is_empty()
    }

    /// Whether `from` contains `to`, looking so many steps far.
    fn reaches(&self, from: &str, to: &str, steps: usize) -> bool {
        let inside = self
            .structure(from)
            .into_iter()
            .flat_map(|s| &s.fields)
            .filter_map(|f| f.kind.structure());
        steps > 0
            && inside
                .into_iter()
                .any(|name| name == to || self.reaches(name, to, steps - 1))
    }
}

fn parse_field(words: &str) -> Result<Field, String> {
    let (words, default) = match words.split_once(" = ") {
        Some((words, default)) => (words, Some(default.trim_matches('"').to_owned())),
        None => (words, None),
    };
    let mut words = words.split(' ');
    let mut next = |what: &str| words.next().ok_or(format!("{what} is missing"));
    let name = next("name")?.to_owned();
    let kind = Type::parse(next("type")?).ok_or("unknown type")?;
    let versions = Versions::parse(next("versions")?).ok_or("not versions")?;
    let mut field = Field {
        name,
        kind,
        versions,
        nullable: Versions::NONE,
        tag: None,
        ignorable: false,
        rigid: false,
        view: false,
        default,
    };
    while let Ok(word) = next("word") {
        match word {
            "null" => field.nullable = Versions::parse(next("null")?).ok_or("not versions")?,
            "tag" => field.tag = Some(next("tag")?.parse().map_err(|_| "not a tag")?),
            "ignorable" => field.ignorable = true,
            "view" => field.view = true,
            "flexible" if next("flexible")? == "none" => field.rigid = true,
            _ => return Err(format!("unknown word {word}")),
        }
    }
    Ok(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_read() {
        let text = "request XRequest\nkey 7\nlisteners broker\nversions 1-3\nflexible 2+\n\nA []Y 0+\n  B string 2+ null 3+ tag 0 ignorable = null\nC Z 1\n\nstruct Z 0+\n  D int32 0+ = -1\n\nresponse XResponse\nkey 7\nversions 1-3\nflexible 2+\n\nE int8 1+\n";
        let messages = Message::parse(text).unwrap();
        let [message, answer] = messages.as_slice() else {
            panic!("{messages:?}");
        };
        assert_eq!((answer.kind, answer.file()), (Kind::Response, "X"));
        assert_eq!(answer.fields.len(), 1);
        assert_eq!(
            (message.key, message.versions),
            (Some(7), Versions { first: 1, last: 3 })
        );
        assert_eq!(message.fields.len(), 2);
        assert_eq!(
            message
                .structs
                .iter()
                .map(|s| s.name.as_str())
                .collect::<Vec<_>>(),
            ["Y", "Z"]
        );
        let b = &message.structs[0].fields[0];
        assert_eq!(
            (b.tag, b.ignorable, b.defaults_to_null(), b.nullable.first),
            (Some(0), true, true, 3)
        );
        assert_eq!(message.structs[1].fields[0].default.as_deref(), Some("-1"));
    }

    #[test]
    fn bad_specs_are_told() {
        let head = "data X\nversions 0\nflexible none\n\n";
        for (body, what) in [
            ("A []Y 0+\n", "S1: the struct of A is missing"),
            ("A []Y 0+\n  B []Y 0+\n", "S1: Y contains itself"),
            (
                "A int32 0+ tag 0\n",
                "S2: A is tagged where nothing is flexible",
            ),
            ("A int32 0+ view\n", "S4: A cannot be a view"),
            ("A []string 0+ view\n", "S4: A cannot be a view"),
            ("A []int32 0+ null 0+ view\n", "S4: A cannot be a view"),
            ("A []Y 0+ view\n  B []int32 0+\n", "S4: A cannot be a view"),
            ("A int31 0+\n", "unknown type"),
            ("A int32 0+\n  B int32 0+\n", "fields of no struct"),
        ] {
            assert_eq!(
                Message::parse(&format!("{head}{body}")).unwrap_err().what,
                what
            );
        }
    }
}
