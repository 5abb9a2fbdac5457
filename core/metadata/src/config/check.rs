//! Whether a text is a value of a key, by Kafka's rules of parsing: surrounding blanks do not count, letters of
//! `true` and `false` may be of any case, a list is cut at its commas.

use std::fmt;

use super::{Definition, Kind, Valid};

/// A text that is not a value of its key: one sentence, without saying where it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadValue {
    /// The key.
    pub name: &'static str,
    /// What was given.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cannot be {:?}: allowed is {}",
            self.name, self.value, self.allowed
        )
    }
}

impl std::error::Error for BadValue {}

/// The entries of a list.
pub(super) fn entries(value: &str) -> impl Iterator<Item = &str> {
    let value = value.trim();
    // A text without a comma is one entry, except that nothing at all is no entry.
    value
        .split(',')
        .map(str::trim)
        .filter(move |_| !value.is_empty())
}

impl Definition {
    /// Whether `value` may be set.
    pub fn check(&self, value: &str) -> Result<(), BadValue> {
        if self.is_valid(value.trim()) {
            return Ok(());
        }
        let value = if self.is_sensitive() {
            "[hidden]"
        } else {
            value
        };
        Err(BadValue {
            name: self.name,
            value: value.to_owned(),
            allowed: self.allowed(),
        })
    }

    /// What may be set, for a sentence.
    pub fn allowed(&self) -> String {
        let kind = match self.kind {
            Kind::Boolean => "true or false",
            Kind::String | Kind::Password => "a text",
            Kind::Class => "the name of a class",
            Kind::List => "a list with commas",
            Kind::Double => "a number",
            Kind::Int | Kind::Long | Kind::Short => "a whole number",
        };
        match self.valid {
            Valid::Any if matches!(self.kind, Kind::Int | Kind::Long | Kind::Short) => {
                let (low, high) = bounds(self.kind);
                format!("a whole number between {low} and {high}")
            }
            Valid::Any => kind.to_owned(),
            Valid::Filled => format!("{kind}, not empty"),
            Valid::AtLeast(low) => format!("{kind} from {low} to {}", bounds(self.kind).1),
            Valid::Between(low, high) => format!("{kind} from {low} to {high}"),
            Valid::BetweenOr(low, high, also) => format!("{kind} from {low} to {high}, or {also}"),
            Valid::Fraction(low, high) => format!("{kind} from {low} to {high}"),
            Valid::OneOf(names) | Valid::AnyCase(names) if self.kind == Kind::List => {
                format!("a list with commas of {}, none twice", names.join(", "))
            }
            Valid::OneOf(names) | Valid::AnyCase(names) => format!("one of {}", names.join(", ")),
            Valid::Throttled => "* or a list with commas of partition:broker".to_owned(),
            Valid::Reset => "latest, earliest or by_duration: and a duration like PT1H".to_owned(),
        }
    }

    fn is_valid(&self, value: &str) -> bool {
        match self.kind {
            Kind::Boolean => parse_boolean(value).is_some(),
            Kind::Int | Kind::Long | Kind::Short => {
                let (low, high) = bounds(self.kind);
                parse_whole(value).is_some_and(|n| n >= low && n <= high && self.in_range(n))
            }
            Kind::Double => value
                .parse::<f64>()
                .is_ok_and(|n| n.is_finite() && self.is_fraction(n)),
            Kind::List => self.is_list(value),
            Kind::String | Kind::Class | Kind::Password => self.is_text(value),
        }
    }

    fn in_range(&self, n: i64) -> bool {
        match self.valid {
            Valid::AtLeast(low) => n >= low,
            Valid::Between(low, high) => n >= low && n <= high,
            Valid::BetweenOr(low, high, also) => n == also || (n >= low && n <= high),
            _ => true,
        }
    }

    fn is_fraction(&self, n: f64) -> bool {
        match self.valid {
            Valid::Fraction(low, high) => n >= low && n <= high,
            _ => true,
        }
    }

    fn is_text(&self, value: &str) -> bool {
        match self.valid {
            Valid::Filled => !value.is_empty(),
            Valid::OneOf(names) => names.contains(&value),
            Valid::AnyCase(names) => names.iter().any(|name| name.eq_ignore_ascii_case(value)),
            Valid::Reset => {
                value == "latest"
                    || value == "earliest"
                    || value.strip_prefix("by_duration:").is_some_and(is_duration)
            }
            _ => true,
        }
    }

    fn is_list(&self, value: &str) -> bool {
        match self.valid {
            Valid::Filled => entries(value).all(|entry| !entry.is_empty()),
            Valid::OneOf(names) => {
                let given: Vec<&str> = entries(value).collect();
                let known = given.iter().all(|entry| names.contains(entry));
                known && (1..given.len()).all(|at| !given[..at].contains(&given[at]))
            }
            Valid::Throttled => value == "*" || entries(value).all(is_pair),
            _ => true,
        }
    }
}

pub(super) fn parse_boolean(value: &str) -> Option<bool> {
    if value.eq_ignore_ascii_case("true") {
        Some(true)
    } else if value.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

pub(super) fn parse_whole(value: &str) -> Option<i64> {
    value.parse().ok()
}

fn bounds(kind: Kind) -> (i64, i64) {
    match kind {
        Kind::Short => (i16::MIN.into(), i16::MAX.into()),
        Kind::Int => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

fn is_pair(entry: &str) -> bool {
    let Some((partition, broker)) = entry.split_once(':') else {
        return false;
    };
    let number = |text: &str| text.parse::<i32>().is_ok_and(|n| n >= 0);
    number(partition) && number(broker)
}

/// `PnDTnHnMn.nS`, not negative; each part once and in this order.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    let days_fit = days.is_empty() || in_units(days, "D");
    let time_fits = time.is_none_or(|time| !time.is_empty() && in_units(time, "HMS"));
    days_fit && time_fits && !(days.is_empty() && time.is_none())
}

fn in_units(mut text: &str, units: &str) -> bool {
    let mut left = units;
    while !text.is_empty() {
        let Some(at) = text.find(|c: char| c.is_ascii_uppercase()) else {
            return false;
        };
        let (number, unit) = (&text[..at], &text[at..at + 1]);
        let fraction_allowed = unit == "S";
        let digits = number.replacen('.', "", usize::from(fraction_allowed));
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        let Some(place) = left.find(unit) else {
            return false;
        };
        left = &left[place + 1..];
        text = &text[at + 1..];
    }
    true
}
