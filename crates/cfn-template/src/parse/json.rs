//! JSON with positions. `serde_json` gives no place for a value, so this is a small reader of
//! its own: strict RFC 8259, bounded depth, duplicate keys refused.

use super::{MAX_DEPTH, not_well_formed};
use crate::node::{Entry, Node, NodeValue, Scalar};
use crate::problem::{Position, Problem};
use std::collections::BTreeMap;

/// Reads one JSON value and nothing after it.
pub(super) fn read(text: &str) -> Result<Node, Problem> {
    let mut reader = Reader { rest: text, line: 1, column: 1 };
    reader.skip_space();
    let node = reader.value(0)?;
    reader.skip_space();
    if reader.rest.is_empty() { Ok(node) } else { Err(reader.fail("")) }
}

struct Reader<'a> {
    rest: &'a str,
    line: u32,
    column: u32,
}

impl Reader<'_> {
    fn position(&self) -> Position {
        Position { line: self.line, column: self.column }
    }

    fn fail(&self, detail: &str) -> Problem {
        not_well_formed("JSON", self.position(), detail)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), Problem> {
        if self.peek() == Some(wanted) {
            self.next();
            Ok(())
        } else {
            Err(self.fail(""))
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Problem> {
        if depth > MAX_DEPTH {
            return Err(self.fail("The nesting is too deep."));
        }
        let position = self.position();
        let value = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => NodeValue::Scalar(Scalar { text: self.string()?, plain: false }),
            Some(c) if c == '-' || c.is_ascii_alphanumeric() => self.word()?,
            _ => return Err(self.fail("")),
        };
        Ok(Node { value, position })
    }

    fn object(&mut self, depth: usize) -> Result<NodeValue, Problem> {
        self.expect('{')?;
        self.skip_space();
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: BTreeMap<String, Position> = BTreeMap::new();
        if self.peek() == Some('}') {
            self.next();
            return Ok(NodeValue::Map(entries));
        }
        loop {
            let key_position = self.position();
            let key = self.string()?;
            if let Some(first) = seen.insert(key.clone(), key_position) {
                return Err(duplicate("JSON", &key, first, key_position));
            }
            self.skip_space();
            self.expect(':')?;
            self.skip_space();
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, key_position, value });
            if !self.more('}')? {
                return Ok(NodeValue::Map(entries));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<NodeValue, Problem> {
        self.expect('[')?;
        self.skip_space();
        let mut items = Vec::new();
        if self.peek() == Some(']') {
            self.next();
            return Ok(NodeValue::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if !self.more(']')? {
                return Ok(NodeValue::List(items));
            }
        }
    }

    /// After an element: true when a comma announces another, false at the closing bracket.
    fn more(&mut self, close: char) -> Result<bool, Problem> {
        self.skip_space();
        match self.peek() {
            Some(',') => {
                self.next();
                self.skip_space();
                Ok(true)
            }
            Some(c) if c == close => {
                self.next();
                Ok(false)
            }
            _ => Err(self.fail("")),
        }
    }

    /// `true`, `false`, `null` or a number; the number keeps its text.
    fn word(&mut self) -> Result<NodeValue, Problem> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')))
            .unwrap_or(self.rest.len());
        let text = self.rest[..end].to_owned();
        match text.as_str() {
            "null" => {}
            "true" | "false" => {}
            number if serde_json::from_str::<serde_json::Number>(number).is_ok() => {}
            _ => return Err(self.fail("")),
        }
        self.rest = &self.rest[end..];
        self.column += u32::try_from(end).unwrap_or(u32::MAX);
        Ok(if text == "null" {
            NodeValue::Null
        } else {
            NodeValue::Scalar(Scalar { text, plain: true })
        })
    }

    fn string(&mut self) -> Result<String, Problem> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            let before = self.position();
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                // Templates in the wild hold raw tabs and line breaks in strings (user data).
                Some(c) if c < ' ' && !matches!(c, '\t' | '\n' | '\r') => {
                    return Err(not_well_formed("JSON", before, ""));
                }
                Some(c) => text.push(c),
                None => return Err(self.fail("")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Problem> {
        let start = self.position();
        let bad = || not_well_formed("JSON", start, "");
        Ok(match self.next().ok_or_else(bad)? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.hex4().ok_or_else(bad)?;
                if (0xd800..0xdc00).contains(&high) {
                    let low = (self.next() == Some('\\') && self.next() == Some('u'))
                        .then(|| self.hex4())
                        .flatten()
                        .filter(|low| (0xdc00..0xe000).contains(low))
                        .ok_or_else(bad)?;
                    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                        .ok_or_else(bad)?
                } else {
                    char::from_u32(high).ok_or_else(bad)?
                }
            }
            _ => return Err(bad()),
        })
    }

    fn hex4(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |value, _| Some(value * 16 + self.next()?.to_digit(16)?))
    }
}

/// A key that stands twice in one mapping.
pub(super) fn duplicate(language: &str, key: &str, first: Position, second: Position) -> Problem {
    not_well_formed(
        language,
        second,
        &format!("Duplicate key '{key}', first at line {}, column {}.", first.line, first.column),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_unescaped_and_places_kept() {
        let node = read("{\n  \"k\": \"a\\ud83d\\ude00\\/\\t\"\n}").expect("well-formed");
        let entry = &node.as_map().expect("object")[0];
        assert_eq!(entry.value.as_text(), Some("a😀/\t"));
        assert_eq!(entry.key_position, Position { line: 2, column: 3 });
        assert_eq!(entry.value.position, Position { line: 2, column: 8 });
    }

    #[test]
    fn a_duplicate_key_names_both_places() {
        let problem = read("{\"a\": 1,\n \"a\": 2}").expect_err("duplicate");
        assert_eq!(
            problem.message,
            "Template format error: JSON not well-formed. (line 2, column 2) Duplicate key 'a', \
             first at line 1, column 2."
        );
    }

    #[test]
    fn what_only_yaml_allows_is_not_json() {
        for text in [
            "{a: 1}",
            "{'a': 1}",
            "{\"a\": 01}",
            "{\"a\": nope}",
            "{\"a\": 1} x",
            "{",
            "{\"a\\ud800\": 1}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(read(&"[".repeat(100_000)).expect_err("deep").message.ends_with("too deep."));
    }
}
