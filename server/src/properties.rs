//! The text of a `server.properties`: Java's properties format, as Kafka reads it. In: the file's bytes. Out: its pairs, in order, each
//! with the line where it begins.
//!
//! P1: every byte sequence is a properties file, as in Java, except for a broken `\u` escape.

use std::iter::Peekable;
use std::str::Chars;

/// One pair of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// Its value, blanks at both ends taken off as Kafka does.
    pub value: String,
    /// The line on which it begins, from 1.
    pub line: usize,
}

/// Reads a file; the error is a line number and what is wrong there.
pub fn parse(bytes: &[u8]) -> Result<Vec<Pair>, (usize, String)> {
    // Java reads Latin-1. What people write today is UTF-8; what is not valid as that is an old file.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    let mut pairs = Vec::new();
    for (line, text) in logical_lines(&text) {
        let mut rest = text.chars().peekable();
        let key = unescape(&mut rest, is_separator).map_err(|why| (line, why))?;
        skip_blanks(&mut rest);
        if rest.next_if(|c| matches!(c, '=' | ':')).is_some() {
            skip_blanks(&mut rest);
        }
        let value = unescape(&mut rest, |_| false).map_err(|why| (line, why))?;
        let value = value.trim().to_owned();
        pairs.push(Pair { key, value, line });
    }
    Ok(pairs)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\x0c')
}

fn is_separator(c: char) -> bool {
    is_blank(c) || matches!(c, '=' | ':')
}

fn skip_blanks(rest: &mut Peekable<Chars>) {
    while rest.next_if(|&c| is_blank(c)).is_some() {}
}

/// Lines without comments and empty ones, continuations joined, each with the number of its first line.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut continues = false;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for (at, line) in text.split('\n').enumerate() {
        let line = line.trim_start_matches(is_blank);
        if !continues && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let backslashes = line.len() - line.trim_end_matches('\\').len();
        let more = backslashes % 2 == 1;
        let kept = if more { &line[..line.len() - 1] } else { line };
        match found.last_mut() {
            Some((_, before)) if continues => before.push_str(kept),
            _ => found.push((at + 1, kept.to_owned())),
        }
        continues = more;
    }
    found
}

/// Characters up to an unescaped one that ends the part.
fn unescape(rest: &mut Peekable<Chars>, ends: impl Fn(char) -> bool) -> Result<String, String> {
    // UTF-16 units, because a `\u` escape is one.
    let mut units: Vec<u16> = Vec::new();
    while let Some(c) = rest.next_if(|&c| !ends(c)) {
        let c = match c {
            '\\' => match rest.next() {
                None => break,
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\x0c',
                Some('u') => {
                    units.push(unicode_escape(rest)?);
                    continue;
                }
                Some(other) => other,
            },
            c => c,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    Ok(String::from_utf16_lossy(&units))
}

fn unicode_escape(rest: &mut Peekable<Chars>) -> Result<u16, String> {
    let digits: String = rest.take(4).collect();
    let hex = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    u16::from_str_radix(&digits, 16)
        .ok()
        .filter(|_| hex)
        .ok_or_else(|| format!("\\u{digits} is not \\u and four hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String, usize)> {
        let parsed = parse(text.as_bytes()).unwrap();
        parsed
            .into_iter()
            .map(|p| (p.key, p.value, p.line))
            .collect()
    }

    fn one(text: &str) -> (String, String) {
        let parsed = pairs(text);
        assert_eq!(parsed.len(), 1, "{parsed:?}");
        (parsed[0].0.clone(), parsed[0].1.clone())
    }

    #[test]
    fn separators_are_equals_colon_and_blanks() {
        for text in [
            "a=b",
            "a = b",
            "a:b",
            "a b",
            "  a\t=  b  ",
            "a=b\r\n",
            "a  :b",
        ] {
            assert_eq!(one(text), ("a".into(), "b".into()), "{text:?}");
        }
        assert_eq!(one("a"), ("a".into(), String::new()));
        assert_eq!(one("a="), ("a".into(), String::new()));
        assert_eq!(
            one("listeners=PLAINTEXT://:9092"),
            ("listeners".into(), "PLAINTEXT://:9092".into())
        );
        assert_eq!(one("a==b"), ("a".into(), "=b".into()));
    }

    #[test]
    fn comments_and_empty_lines_are_skipped() {
        let text = "# one\n\n  ! two\n\ta=1 # no comment\n#b=2\\\nc=3\n";
        assert_eq!(
            pairs(text),
            [
                ("a".into(), "1 # no comment".into(), 4),
                ("c".into(), "3".into(), 6)
            ]
        );
    }

    #[test]
    fn an_odd_backslash_continues_the_line() {
        assert_eq!(
            pairs("a=x,\\\n   y,\\\n\tz\nb=2"),
            [("a".into(), "x,y,z".into(), 1), ("b".into(), "2".into(), 4)]
        );
        assert_eq!(
            pairs("a=x\\\\\nb=2"),
            [("a".into(), "x\\".into(), 1), ("b".into(), "2".into(), 2)]
        );
        // The line after a continuation is never a comment, and nothing may follow the last one.
        assert_eq!(one("a=1\\\n#2"), ("a".into(), "1#2".into()));
        assert_eq!(one("a=1\\"), ("a".into(), "1".into()));
    }

    #[test]
    fn escapes_are_javas() {
        assert_eq!(one(r"a\=b\:c\ d=v"), ("a=b:c d".into(), "v".into()));
        assert_eq!(one(r"a=C:\\logs\d"), ("a".into(), r"C:\logsd".into()));
        assert_eq!(
            one(r"a=x\ty\u00e4\uD83D\uDE00"),
            ("a".into(), "x\tyä😀".into())
        );
        let (line, why) = parse(b"a=1\nb=\\u00g1").unwrap_err();
        assert!(line == 2 && why.contains("\\u00g1"), "{why}");
        assert!(parse(b"b=\\u+123").is_err() && parse(b"b=\\u12").is_err());
    }

    #[test]
    fn an_old_file_is_latin_1() {
        assert_eq!(parse(b"a=\xe4").unwrap()[0].value, "ä");
        assert_eq!(parse("a=ä".as_bytes()).unwrap()[0].value, "ä");
    }
}
