//! What differs from run to run becomes the same words: ids are numbered as they appear under a heading, where the broker listens is `<host>` and `<port>`.
//!
//! In: an answer. Out: the same, to be shown. An id that comes again has its number again, so what is equal stays visible.
//! Where Kafka's order is that of a hash map of such ids, or of names, the elements are put in order; [`ANY_ORDER`] says where.
//!
//! Invariants
//! - K1: a mask is only put over what is really there: another host than the one we speak to is shown.

use crate::value::Value;
use ottla_protocol::{ApiKey, ErrorCode};
use std::collections::BTreeMap;

/// The arrays whose order means nothing; some only where the question named no order of its own, but asked for all there is.
const ANY_ORDER: &[(ApiKey, &str, Of)] = &[
    (ApiKey::JoinGroup, "Members", Of::Any),
    (ApiKey::DescribeGroups, "Members", Of::Any),
    (ApiKey::ListGroups, "Groups", Of::Any),
    (ApiKey::DeleteGroups, "Results", Of::Any),
    (ApiKey::OffsetDelete, "Topics", Of::Any),
    (ApiKey::OffsetDelete, "Partitions", Of::Any),
    (ApiKey::OffsetFetch, "Topics", Of::All),
    (ApiKey::OffsetFetch, "Partitions", Of::All),
];

/// What a question asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// What it names, or what there is by its nature.
    Any,
    /// All topics, by a null.
    All,
}

/// The ids that have been seen, and where the broker is.
#[derive(Debug)]
pub struct Mask {
    host: String,
    port: i64,
    ids: Vec<String>,
    topics: BTreeMap<String, String>,
}

impl Mask {
    /// For a broker at `host:port`.
    pub fn new(host: &str, port: u16) -> Mask {
        Mask {
            host: host.to_owned(),
            port: port.into(),
            ids: Vec::new(),
            topics: BTreeMap::new(),
        }
    }

    /// From now on the id of a topic is shown as its name.
    pub fn topic(&mut self, name: &str, id: &str) {
        self.topics.insert(id.to_owned(), name.to_owned());
    }

    /// Numbers ids anew, so that one more in one place is not a difference in all that follow.
    pub fn forget(&mut self) {
        self.ids.clear();
    }

    /// The answer to a question as it is shown.
    pub fn shown(&mut self, api: ApiKey, of: Of, answer: &Value) -> Value {
        self.field("", &ordered(api, of, answer))
    }

    fn field(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::Fields(fields) => Value::Fields(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), self.field(name, value)))
                    .collect(),
            ),
            Value::List(list) => Value::List(list.iter().map(|v| self.field(name, v)).collect()),
            Value::Number(code) if name == "ErrorCode" => {
                let known = i16::try_from(*code).ok().and_then(ErrorCode::from_code);
                Value::Shown(format!("{code} {}", known.map_or("?", ErrorCode::name)))
            }
            Value::Number(port) if name == "Port" && *port == self.port => {
                Value::Shown("<port>".into())
            }
            Value::Text(host) if name == "Host" && *host == self.host => {
                Value::Shown("<host>".into())
            }
            Value::Text(id) if name == "TopicId" && self.topics.contains_key(id) => {
                Value::Shown(format!("<id of {}>", self.topics[id]))
            }
            Value::Text(text) => Value::Text(self.text(text)),
            other => other.clone(),
        }
    }

    /// The id's number, a new one if it was never seen.
    fn numbered(&mut self, id: &str) -> String {
        let at = self.ids.iter().position(|known| known == id);
        let at = at.unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        });
        format!("<id {}>", at + 1)
    }

    fn text(&mut self, text: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some(at) = uuid_in(rest) {
            out.push_str(&rest[..at]);
            out.push_str(&self.numbered(&rest[at..at + UUID]));
            rest = &rest[at + UUID..];
        }
        out + rest
    }
}

/// The letters of a UUID: 8-4-4-4-12.
const UUID: usize = 36;

/// Where the first UUID begins in a text.
fn uuid_in(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    bytes.windows(UUID).position(|window| {
        window.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
        })
    })
}

/// The text without the ids in it: what elements are put in order by.
fn without_ids(value: &Value) -> String {
    let (line, mut out) = (value.line(), String::new());
    let mut rest = line.as_str();
    while let Some(at) = uuid_in(rest) {
        out.push_str(&rest[..at]);
        rest = &rest[at + UUID..];
    }
    out + rest
}

fn ordered(api: ApiKey, of: Of, value: &Value) -> Value {
    match value {
        Value::Fields(fields) => Value::Fields(
            fields
                .iter()
                .map(|(name, value)| {
                    let mut value = ordered(api, of, value);
                    if let Value::List(list) = &mut value
                        && (ANY_ORDER.contains(&(api, name, Of::Any))
                            || ANY_ORDER.contains(&(api, name, of)))
                    {
                        list.sort_by_cached_key(without_ids);
                    }
                    (name.clone(), value)
                })
                .collect(),
        ),
        Value::List(list) => Value::List(list.iter().map(|v| ordered(api, of, v)).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "01234567-89ab-cdef-0123-456789abcdef";
    const TWO: &str = "11234567-89ab-cdef-0123-456789abcdef";

    fn shown(mask: &mut Mask, api: ApiKey, text: &str) -> String {
        mask.shown(api, Of::Any, &Value::parse(text).unwrap())
            .line()
    }

    #[test]
    fn what_is_equal_stays_equal() {
        let mut mask = Mask::new("h", 9);
        let text = format!(r#"{{MemberId: "A-{TWO}", Leader: "A-{ONE}-{TWO}"}}"#);
        assert_eq!(
            shown(&mut mask, ApiKey::JoinGroup, &text),
            r#"{MemberId: "A-<id 1>", Leader: "A-<id 2>-<id 1>"}"#
        );
        let again = format!("\"{ONE}\"");
        assert_eq!(shown(&mut mask, ApiKey::JoinGroup, &again), "\"<id 2>\"");
        mask.forget();
        assert_eq!(shown(&mut mask, ApiKey::JoinGroup, &again), "\"<id 1>\"");
    }

    #[test]
    fn only_what_is_there_is_masked() {
        let mut mask = Mask::new("h", 9);
        let api = ApiKey::FindCoordinator;
        let text = r#"[{Host: "h", Port: 9, ErrorCode: 15}, {Host: "", Port: -1, ErrorCode: 999}]"#;
        assert_eq!(
            shown(&mut mask, api, text),
            r#"[{Host: <host>, Port: <port>, ErrorCode: 15 COORDINATOR_NOT_AVAILABLE}, {Host: "", Port: -1, ErrorCode: 999 ?}]"#
        );
        mask.topic("t", "xyz");
        assert_eq!(
            shown(&mut mask, api, r#"[{TopicId: "xyz"}, {TopicId: "abc"}]"#),
            r#"[{TopicId: <id of t>}, {TopicId: "abc"}]"#
        );
        let upper = ONE.to_uppercase();
        let text = format!("\"{upper}\"");
        assert_eq!(
            shown(&mut mask, api, &text),
            text,
            "Kafka writes small letters"
        );
    }

    #[test]
    fn order_is_that_of_what_is_shown() {
        let text = |first: &str, second: &str| {
            format!(r#"{{Members: [{{MemberId: "{first}"}}, {{MemberId: "{second}"}}]}}"#)
        };
        let (a, b) = (format!("A-{TWO}"), format!("B-{ONE}"));
        for text in [text(&a, &b), text(&b, &a)] {
            assert_eq!(
                shown(&mut Mask::new("h", 9), ApiKey::JoinGroup, &text),
                r#"{Members: [{MemberId: "A-<id 1>"}, {MemberId: "B-<id 2>"}]}"#
            );
        }
        let (two, one) = (
            r#"{Topics: [{Name: "b"}, {Name: "a"}]}"#,
            r#"{Topics: [{Name: "a"}, {Name: "b"}]}"#,
        );
        let value = Value::parse(two).unwrap();
        for (of, wanted) in [(Of::Any, two), (Of::All, one)] {
            let shown = Mask::new("h", 9).shown(ApiKey::OffsetFetch, of, &value);
            assert_eq!(shown.line(), wanted);
        }
        let kept = shown(&mut Mask::new("h", 9), ApiKey::LeaveGroup, &text(&b, &a));
        assert!(kept.starts_with(r#"{Members: [{MemberId: "B-"#), "{kept}");
    }
}
