//! The `Filters` parameter of Describe calls: AND between names, OR between values, wildcards.
//!
//! Each resource has a table of [`FilterRow`]s, one line per filter name. Semantics follow EC2's
//! "Filter your resources" page: `*` any run, `?` one character, `\` escapes, case-sensitive.

use crate::{Snapshot, Tags};
use smol_str::SmolStr;

/// One filter name and the values by which a row matches it: `emit` each of them.
pub struct FilterRow<R: 'static> {
    /// As AWS spells it, such as `instance-state-name`.
    pub name: &'static str,
    /// Emits the row's values.
    pub values: fn(&R, &Snapshot, &mut dyn FnMut(&str)),
}

/// Parsed filters of one request.
pub struct Filters<R: 'static> {
    clauses: Vec<Clause<R>>,
    tags: fn(&R) -> &Tags,
}

struct Clause<R: 'static> {
    field: Field<R>,
    values: Vec<SmolStr>,
}

enum Field<R: 'static> {
    Row(&'static FilterRow<R>),
    Tag(SmolStr),
    TagKey,
    TagValue,
}

impl<R> Filters<R> {
    /// Looks each filter's name up in the table (`tag:<key>`, `tag-key` and `tag-value` are known
    /// for all); the unknown name comes back as the error.
    pub fn new<'a>(
        table: &'static [FilterRow<R>],
        tags: fn(&R) -> &Tags,
        given: impl IntoIterator<Item = (&'a str, &'a [SmolStr])>,
    ) -> Result<Self, SmolStr> {
        let mut clauses = Vec::new();
        for (name, values) in given {
            let field = match name {
                "tag-key" => Field::TagKey,
                "tag-value" => Field::TagValue,
                _ => match name.strip_prefix("tag:") {
                    Some(key) => Field::Tag(key.into()),
                    None => match table.iter().find(|row| row.name == name) {
                        Some(row) => Field::Row(row),
                        None => return Err(name.into()),
                    },
                },
            };
            clauses.push(Clause { field, values: values.to_vec() });
        }
        Ok(Self { clauses, tags })
    }

    /// Whether the row passes every filter.
    pub fn matches(&self, row: &R, snapshot: &Snapshot) -> bool {
        self.clauses.iter().all(|clause| {
            let mut hit = false;
            let mut test = |value: &str| {
                hit = hit || clause.values.iter().any(|pattern| glob_matches(pattern, value));
            };
            let tags = || (self.tags)(row);
            match &clause.field {
                Field::Row(filter) => (filter.values)(row, snapshot, &mut test),
                Field::Tag(key) => tags().get(key).into_iter().for_each(|v| test(v)),
                Field::TagKey => tags().iter().for_each(|(k, _)| test(k)),
                Field::TagValue => tags().iter().for_each(|(_, v)| test(v)),
            }
            hit
        })
    }

    /// Whether no filter was given.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// The only value asked for under this name, if it has no wildcard: a chance to use an index.
    /// `name` may be `tag:<key>`.
    pub fn exact(&self, name: &str) -> Option<&SmolStr> {
        let clause = self.clauses.iter().find(|clause| match &clause.field {
            Field::Row(row) => row.name == name,
            Field::Tag(key) => name.strip_prefix("tag:") == Some(key),
            Field::TagKey | Field::TagValue => false,
        })?;
        match clause.values.as_slice() {
            [value] if !value.contains(['*', '?', '\\']) => Some(value),
            _ => None,
        }
    }

    /// The first `tag:<key>` filter with one value without wildcard, as the `tag` index has it:
    /// `key=value`.
    pub fn exact_tag(&self) -> Option<SmolStr> {
        self.clauses.iter().find_map(|clause| match (&clause.field, clause.values.as_slice()) {
            (Field::Tag(key), [value]) if !value.contains(['*', '?', '\\']) => {
                Some(smol_str::format_smolstr!("{key}={value}"))
            }
            _ => None,
        })
    }
}

/// Whether `text` matches a filter value with `*`, `?` and `\` escapes. Linear in practice: on a
/// mismatch it goes back to the last star only.
pub fn glob_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            // `?` stands for one character, not one byte.
            Some(b'?') => Some((1, char_len(text[t]))),
            Some(b'\\') if pattern.get(p + 1) == Some(&text[t]) => Some((2, 1)),
            Some(byte) if *byte == text[t] && *byte != b'\\' => Some((1, 1)),
            _ => None,
        };
        match (step, star) {
            (Some((dp, dt)), _) => (p, t) = (p + dp, t + dt),
            (None, Some((after, from))) => {
                (p, t) = (after, from + 1);
                star = Some((after, t));
            }
            (None, None) => return false,
        }
    }
    pattern[p.min(pattern.len())..].iter().all(|b| *b == b'*')
}

fn char_len(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_ec2_documents() {
        for (pattern, text, want) in [
            ("scaling*", "scaling-demo", true),
            ("SCALING*", "scaling-demo", false),
            ("*demo", "scaling-demo", true),
            ("s?aling", "scaling", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbx", false),
            ("\\*lit", "*lit", true),
            ("\\*lit", "xlit", false),
            ("", "", true),
            ("*", "", true),
            ("?", "é", true),
            ("a\\", "a\\", false),
        ] {
            assert_eq!(glob_matches(pattern, text), want, "{pattern} {text}");
        }
    }
}
