//! The text of a TOML configuration file. In: the file's bytes. Out: its pairs, nested tables joined with dots to Kafka's keys, each with the
//! line on which its value begins. A list is what Kafka writes with commas.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::properties::Pair;

/// Reads a file; the error is a line number and what is wrong there.
pub fn parse(bytes: &[u8]) -> Result<Vec<Pair>, (usize, String)> {
    let text = std::str::from_utf8(bytes).map_err(|at| {
        let line = 1 + bytes[..at.valid_up_to()]
            .iter()
            .filter(|&&b| b == b'\n')
            .count();
        (line, "not UTF-8, as TOML must be".to_owned())
    })?;
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (line_of(text, at), error.message().replace('\n', " "))
    })?;
    let mut pairs = Vec::new();
    add(text, "", table.get_ref(), &mut pairs)?;
    Ok(pairs)
}

fn add(
    text: &str,
    prefix: &str,
    table: &DeTable,
    pairs: &mut Vec<Pair>,
) -> Result<(), (usize, String)> {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        if let DeValue::Table(inner) = value.get_ref() {
            add(text, &format!("{key}."), inner, pairs)?;
            continue;
        }
        let line = line_of(text, value.span().start);
        match scalar_or_list(value) {
            Some(value) => pairs.push(Pair { key, value, line }),
            None => {
                return Err((
                    line,
                    format!("{key}: expected a text, a number, true or false, or a list of these"),
                ));
            }
        }
    }
    Ok(())
}

fn scalar_or_list(value: &Spanned<DeValue>) -> Option<String> {
    let DeValue::Array(items) = value.get_ref() else {
        return scalar(value.get_ref());
    };
    let items: Option<Vec<String>> = items.iter().map(|item| scalar(item.get_ref())).collect();
    Some(items?.join(","))
}

fn scalar(value: &DeValue) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.trim().to_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|number| number.to_string()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|&&b| b == b'\n')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_join_to_kafkas_keys() {
        let text = "listen = [\"a:1\", \"b:2\"]\nnum.partitions = 0x10\n\n[log.retention]\nms = 1_000\n\
                    [\"log.cleaner\"]\nenable = true\nmin.cleanable.ratio = 0.25\n";
        let mut pairs: Vec<(String, String, usize)> = parse(text.as_bytes())
            .unwrap()
            .into_iter()
            .map(|p| (p.key, p.value, p.line))
            .collect();
        pairs.sort();
        let expected = [
            ("listen", "a:1,b:2", 1),
            ("log.cleaner.enable", "true", 7),
            ("log.cleaner.min.cleanable.ratio", "0.25", 8),
            ("log.retention.ms", "1000", 5),
            ("num.partitions", "16", 2),
        ];
        assert_eq!(
            pairs,
            expected.map(|(k, v, line)| (k.to_owned(), v.to_owned(), line))
        );
    }

    #[test]
    fn what_is_no_value_is_named_with_its_line() {
        let (line, why) = parse(b"a = 1\nb.c = 2020-01-01\n").unwrap_err();
        assert!(line == 2 && why.starts_with("b.c: expected"), "{why}");
        let (line, why) = parse(b"a = 1\n\nb = [[1]]\n").unwrap_err();
        assert!(line == 3 && why.starts_with("b: expected"), "{why}");
        assert_eq!(parse(b"a = 1\nb = \n").unwrap_err().0, 2);
        assert_eq!(parse(b"a = 1\na = 2\n").unwrap_err().0, 2);
        assert_eq!(parse(b"a = 1\nb = \"\xff\"").unwrap_err().0, 2);
        assert!(parse(b"a = 99999999999999999999").is_err());
    }
}
