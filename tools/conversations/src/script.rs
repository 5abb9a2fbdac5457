//! A script: what is said to a broker, by whom, in what order. README.md beside it is for those who write one.
//!
//! In: its text. Out: the broker's settings and the [`Step`]s.
//!
//! | line | meaning |
//! |---|---|
//! | `broker KEY=VALUE` | the broker must be started with this setting |
//! | `coordinator` | waits until there is a coordinator and it has loaded |
//! | `topic NAME COUNT` | makes a topic of so many partitions; its id is `$NAME_id` |
//! | `with API {..}` | what the API's requests behind it say of fields that they leave out; what a version lacks is left out |
//! | `== WORDS` | a heading |
//! | `A: API vN {..}` | on connection A (whose name is its client id; `null` has none): asks and waits for the answer |
//! | `A> API vN {..}` | asks and does not wait |
//! | `A<` | waits for the answer to A's oldest question |
//! | `close A` | closes the connection |
//! | `  keep NAME = PATH` | behind an answer: remembers what is at a path of it |
//! | `  until PATH = VALUE` | behind `A:`: asks again until it is so; only the last answer counts |
//! | `repeat NAME A-B` .. `end` | the lines between once for each number, with `$NAME` replaced |
//!
//! A line goes on while a bracket is open. `#` begins a comment line. Instead of `{..}` a call gives the body's bytes.

use crate::value::Value;
use ottla_protocol::ApiKey;

/// A script.
#[derive(Debug, Default)]
pub struct Script {
    /// The settings that the broker must be started with.
    pub settings: Vec<(String, String)>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One thing that is done.
#[derive(Clone, Debug)]
pub enum Step {
    /// Waits for the coordinator.
    Coordinator,
    /// Makes a topic.
    Topic(String, i64),
    /// What comes is about this.
    Heading(String),
    /// A request.
    Ask(Request),
    /// Waits for the answer to the oldest request of a connection.
    Receive(String, Vec<Keep>),
    /// Closes a connection.
    Close(String),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The connection.
    pub connection: String,
    /// What is asked.
    pub api: ApiKey,
    /// In which version.
    pub version: i16,
    /// Its fields; or a call that gives its bytes.
    pub body: Value,
    /// What `with` says of its fields.
    pub usual: Vec<(String, Value)>,
    /// As the script has it, on one line.
    pub text: String,
    /// Whether to wait for the answer.
    pub waits: bool,
    /// Asked again until this is so.
    pub until: Option<(String, Value)>,
    /// What to remember of the answer.
    pub keeps: Vec<Keep>,
}

/// A variable and the path of what it will stand for.
pub type Keep = (String, String);

/// Numbered lines.
type Lines = Vec<(usize, String)>;

impl Script {
    /// Reads a script; a message names the line.
    pub fn parse(text: &str) -> Result<Script, String> {
        let mut reading = Reading::default();
        for (number, line) in repeated(joined(text)?)? {
            reading
                .line(&line)
                .map_err(|why| format!("line {number}: {why}"))?;
        }
        Ok(reading.script)
    }
}

/// The lines that say something, each with what follows it inside brackets.
fn joined(text: &str) -> Result<Lines, String> {
    let mut lines: Lines = Vec::new();
    let mut depth = 0;
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match lines.last_mut() {
            Some((_, last)) if depth > 0 => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => lines.push((at + 1, line.trim_end().to_owned())),
        }
        depth += depth_of(line);
    }
    match (depth, lines.last()) {
        (1.., Some((at, _))) => Err(format!("line {at}: a bracket is not closed")),
        _ => Ok(lines),
    }
}

/// How many more brackets a line opens than it closes, outside quotes.
fn depth_of(line: &str) -> i32 {
    let (mut depth, mut inside) = (0, false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => inside = !inside,
            '\\' => drop(letters.next()),
            '[' | '{' | '(' if !inside => depth += 1,
            ']' | '}' | ')' if !inside => depth -= 1,
            _ => {}
        }
    }
    depth
}

/// The lines with every `repeat` written out.
fn repeated(lines: Lines) -> Result<Lines, String> {
    let mut out = Lines::new();
    let mut lines = lines.into_iter();
    while let Some((number, line)) = lines.next() {
        let Some(rest) = line.strip_prefix("repeat ") else {
            out.push((number, line));
            continue;
        };
        let range = rest.split_once(' ').and_then(|(name, range)| {
            let (first, last) = range.split_once('-')?;
            Some((name, first.parse::<i32>().ok()?, last.parse::<i32>().ok()?))
        });
        let (name, first, last) = range.ok_or(format!("line {number}: repeat NAME A-B"))?;
        let body: Lines = lines.by_ref().take_while(|(_, l)| l != "end").collect();
        for value in first..=last {
            out.extend(body.iter().map(|(number, line)| {
                (
                    *number,
                    line.replace(&format!("${name}"), &value.to_string()),
                )
            }));
        }
    }
    Ok(out)
}

#[derive(Default)]
struct Reading {
    script: Script,
    /// What `with` said, by API.
    with: Vec<(ApiKey, Vec<(String, Value)>)>,
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(heading) = line.strip_prefix("== ") {
            self.script.steps.push(Step::Heading(heading.to_owned()));
            return Ok(());
        }
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let step = match word {
            "broker" => {
                let (key, value) = rest.split_once('=').ok_or("broker KEY=VALUE")?;
                self.script.settings.push((key.into(), value.into()));
                return Ok(());
            }
            "with" => return self.with(rest),
            "keep" | "until" => return self.behind(word, rest),
            "coordinator" => Step::Coordinator,
            "topic" => {
                let (name, count) = rest.split_once(' ').ok_or("topic NAME COUNT")?;
                Step::Topic(name.to_owned(), count.parse().map_err(|_| "a count")?)
            }
            "close" => Step::Close(rest.to_owned()),
            _ => match (
                word.strip_suffix('<'),
                word.strip_suffix(':'),
                word.strip_suffix('>'),
            ) {
                (Some(connection), ..) => Step::Receive(connection.to_owned(), Vec::new()),
                (_, Some(connection), _) => Step::Ask(self.request(connection, rest, true, line)?),
                (.., Some(connection)) => Step::Ask(self.request(connection, rest, false, line)?),
                _ => return Err(format!("{word:?} begins no line")),
            },
        };
        self.script.steps.push(step);
        Ok(())
    }

    fn with(&mut self, rest: &str) -> Result<(), String> {
        let (name, value) = rest.split_once(' ').ok_or("with API {..}")?;
        let Value::Fields(fields) = Value::parse(value)? else {
            return Err("with API {..}".into());
        };
        let api = api(name)?;
        self.with.retain(|(known, _)| *known != api);
        self.with.push((api, fields));
        Ok(())
    }

    fn request(
        &self,
        connection: &str,
        rest: &str,
        waits: bool,
        line: &str,
    ) -> Result<Request, String> {
        let mut words = rest.splitn(3, ' ');
        let api = api(words.next().unwrap_or_default())?;
        let version = words.next().and_then(|word| word.strip_prefix('v'));
        let version = version
            .and_then(|number| number.parse().ok())
            .ok_or("API vN {..}")?;
        let body = Value::parse(words.next().unwrap_or("{}"))?;
        let usual = self.with.iter().find(|(known, _)| *known == api);
        Ok(Request {
            connection: connection.to_owned(),
            api,
            version,
            body,
            usual: usual.map_or(Vec::new(), |(_, fields)| fields.clone()),
            text: line.to_owned(),
            waits,
            until: None,
            keeps: Vec::new(),
        })
    }

    /// What stands behind an answer.
    fn behind(&mut self, word: &str, rest: &str) -> Result<(), String> {
        let (left, right) = rest.split_once(" = ").ok_or("an equals sign is missing")?;
        match (self.script.steps.last_mut(), word) {
            (Some(Step::Ask(request)), "until") if request.waits => {
                request.until = Some((left.to_owned(), Value::parse(right)?));
            }
            (Some(Step::Ask(request)), "keep") if request.waits => {
                request.keeps.push((left.to_owned(), right.to_owned()));
            }
            (Some(Step::Receive(_, keeps)), "keep") => {
                keeps.push((left.to_owned(), right.to_owned()));
            }
            _ => return Err(format!("there is no answer to {word} anything of")),
        }
        Ok(())
    }
}

fn api(name: &str) -> Result<ApiKey, String> {
    let found = ApiKey::ALL.iter().find(|api| api.name() == name);
    found.copied().ok_or(format!("there is no API {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(text: &str) -> Vec<Request> {
        let steps = Script::parse(text).unwrap().steps.into_iter();
        let request = |step| match step {
            Step::Ask(request) => Some(request),
            _ => None,
        };
        steps.filter_map(request).collect()
    }

    #[test]
    fn lines_go_on_while_a_bracket_is_open() {
        let text = "# why\nbroker a.b=c=d\nA: Heartbeat v4 {GroupId: \"}\",\n    MemberId: \"m\"}\n  until ErrorCode = 27\n  keep e = ErrorCode\n";
        let script = Script::parse(text).unwrap();
        assert_eq!(script.settings, [("a.b".to_owned(), "c=d".to_owned())]);
        let [request] = requests(text).try_into().unwrap();
        assert_eq!(
            request.text,
            r#"A: Heartbeat v4 {GroupId: "}", MemberId: "m"}"#
        );
        assert_eq!(
            (request.api, request.version, request.waits),
            (ApiKey::Heartbeat, 4, true)
        );
        assert_eq!(request.until, Some(("ErrorCode".into(), Value::Number(27))));
        assert_eq!(request.keeps, [("e".to_owned(), "ErrorCode".to_owned())]);
    }

    #[test]
    fn what_is_repeated_is_written_out() {
        let text = "repeat v 0-2\nA> Heartbeat v$v {GroupId: \"g-$v\"}\nA<\nend\n";
        let texts: Vec<String> = requests(text).into_iter().map(|r| r.text).collect();
        let line = |v| format!("A> Heartbeat v{v} {{GroupId: \"g-{v}\"}}");
        assert_eq!(texts, [line(0), line(1), line(2)]);
    }

    #[test]
    fn the_last_with_is_the_usual() {
        let text = "with Heartbeat {GroupId: \"a\"}\nwith LeaveGroup {GroupId: \"c\"}\nwith Heartbeat {GroupId: \"b\"}\nA: Heartbeat v0 {}\n";
        let [request] = requests(text).try_into().unwrap();
        assert_eq!(
            request.usual,
            [("GroupId".to_owned(), Value::Text("b".into()))]
        );
    }

    #[test]
    fn what_is_no_line_is_told_with_its_number() {
        for wrong in [
            "A: Nothing v1 {}",
            "A: Heartbeat {}",
            "A: Heartbeat v1 {",
            "A heartbeat",
            "  keep a = B",
            "A> Heartbeat v1 {}\n  until A = 1",
            "repeat v 1",
            "broker x",
            "topic t many",
        ] {
            let why = Script::parse(&format!("\n{wrong}\n")).unwrap_err();
            assert!(
                why.starts_with("line 2:") || why.starts_with("line 3:"),
                "{wrong}: {why}"
            );
        }
    }
}
